package main

var remoteFaults = []fault{
	{
		name: "a node whose renewal is overdue is valid",
		edits: []edit{
			{"remote/lease.go", `	case !g.good(time.Now(), n.config.TTL-n.config.margin()):`, `	case false:`},
		},
		tests: []string{"./remote TestOverdue"},
	},
	{
		name: "an owner that is not sure of its session says what it has",
		edits: []edit{
			{"remote/owner.go", "	case !sure:\n		return Unknown", "	case false:\n		return Unknown"},
		},
		tests: []string{"./remote TestUnknown"},
	},
	{
		name: "an owner that is not connected is gone, though its session lasts",
		edits: []edit{
			{"remote/link.go", `	case r.end == "":`, `	case false:`},
		},
		tests: []string{"./remote TestAbsent"},
	},
	{
		name: "a session lasts from the attempt that found the one which was written",
		edits: []edit{
			{"remote/lease.go", `				n.granted(a, r.rev)`, `				n.granted(attempt{a.count, grant{time.Now(), n.connection()}}, r.rev)`},
		},
		tests: []string{"./remote TestLateAcknowledgement"},
	},
	{
		name: "a renewal whose acknowledgement was lost is not known again",
		edits: []edit{
			{"remote/lease.go", `			if a.count == count {`, `			if a.count == count+1<<40 {`},
		},
		tests: []string{"./remote TestLostAcknowledgement"},
	},
	{
		name: "a link that differs is not repaired",
		edits: []edit{
			{"remote/link.go", `	if err == nil && len(reply) == 1 && reply[0] == 0 {`, `	if err == nil && len(reply) == 1 && reply[0] == 2 {`},
		},
		tests: []string{"./remote TestResync"},
	},
	{
		name: "an owner keeps what its holder does not list",
		edits: []edit{
			{"remote/owner.go", `		if _, ok := items[id]; !ok {`, `		if _, ok := items[id]; false && !ok {`},
		},
		tests: []string{"./remote TestResync"},
	},
	{
		name: "a deaf node does not notice that its renewals do not come back",
		edits: []edit{
			{"remote/view.go", `	return lost || v.self < v.renewed && time.Since(v.written) > v.node.config.TTL/6`, `	return lost`},
		},
		tests: []string{"./remote TestDeaf"},
	},
	{
		name: "a node does not make up for messages that it was too slow for",
		edits: []edit{
			{"remote/view.go", `	lost := dropped != v.dropped`, `	lost := false`},
		},
		tests: []string{"./remote TestSlowConsumer"},
	},
	{
		name: "a session that nobody renews lasts as long as the broker's clock says",
		edits: []edit{
			{"remote/view.go", `		v.expire(ctx, id)`, ``},
		},
		tests: []string{"./remote TestExpiredLate"},
	},
	{
		name: "a session that nobody renews is not looked at while the broker lists it",
		edits: []edit{
			{"remote/view.go", ` || p.overdue()) {`, `) {`},
		},
		tests: []string{"./remote TestExpiredLate"},
	},
	{
		name: "a session is ended by the TTL of another",
		edits: []edit{
			{"remote/view.go", `p.rev, p.ttl, p.heard, p.listed = r.rev, r.ttl,`, `p.rev, p.ttl, p.heard, p.listed = r.rev, v.node.config.TTL,`},
		},
		tests: []string{"./remote TestTheirTTL"},
	},
	{
		name: "a session that was renewed is ended for not having been renewed before",
		edits: []edit{
			{"remote/view.go", `	if r.rev != p.rev {`, `	if p.rev == 0 {`},
		},
		tests: []string{"./remote TestTheirTTL"},
	},
	{
		name: "a watcher that stops takes those with it that came before",
		edits: []edit{
			{"remote/owner.go", `			at.next = at.next.next`, `			at.next = nil`},
		},
		tests: []string{"./remote TestOneOfManyStops"},
	},
	{
		name: "holds outlive the session of their holder",
		edits: []edit{
			{"remote/view.go", `	v.node.owner.holderEnded(id)`, ``},
		},
		tests: []string{"./remote TestHoldEndsWithTheHolder"},
	},
	{
		name: "the end of an owner's session is not told",
		edits: []edit{
			{"remote/view.go", `	v.node.links.ownerEnded(id, why)`, `	_ = why`},
		},
		tests: []string{"./remote TestVerdict"},
	},
	{
		name: "the removal of a name that another has taken frees it",
		edits: []edit{
			{"remote/name.go", `filter: key + ".*", end: endClosed, expect: a.rev}`, `end: endClosed, expect: a.rev}`},
		},
		tests: []string{"./remote TestLateRemoval"},
	},
	{
		name: "a watch of a name believes an old record",
		edits: []edit{
			{"remote/watchname.go", `	if r.rev < w.rev {`, `	if false {`},
		},
		tests: []string{"./remote TestStaleRecord"},
	},
	{
		name: "a replica does not notice that it has missed an invalidation",
		edits: []edit{
			{"remote/shared/log.go", `	if l.heard != 0 && previous != l.heard {`, `	if l.heard != 0 && previous == l.heard+1<<40 {`},
		},
		tests: []string{"./remote/shared TestMissedEntry"},
	},
	{
		name: "a replica answers that has not heard what the asker has",
		edits: []edit{
			{"remote/shared/peers.go", `	err := t.reached(wait, q.heard)`, `	err := t.reached(wait, 0)`},
		},
		tests: []string{"./remote/shared TestDeafOwner"},
	},
	{
		name: "a batch answers with what it has loaded before an invalidation",
		edits: []edit{
			{"remote/shared/serve.go", `	case f != nil && f.heard >= g.q.heard:`, `	case f != nil:`},
		},
		tests: []string{"./remote/shared TestOldFlight"},
	},
	{
		name: "a deaf replica keeps its entries",
		edits: []edit{
			{"remote/shared/log.go", "	l.deaf, l.trusted = true, time.Now()\n	t.clear()", "	l.deaf, l.trusted = true, time.Now()"},
		},
		tests: []string{"./remote/shared TestDeaf$"},
	},
	{
		name: "Invalidate returns before this replica has heard",
		edits: []edit{
			{"remote/shared/log.go", "		err = t.reached(ctx, seq)", "		_ = seq"},
		},
		tests: []string{"./remote/shared TestDeaf$"},
	},
	{
		name: "a loader that has lost its lock stores its value",
		edits: []edit{
			{"remote/shared/bucket.go", `	options := []jetstream.PublishOpt{jetstream.WithExpectLastSequencePerSubject(over)}`, `	var options []jetstream.PublishOpt`},
		},
		tests: []string{"./remote/shared TestLockIsLost"},
	},
	{
		name: "an invalidation leaves what is stored",
		edits: []edit{
			{"remote/shared/shared.go", `		if err := t.bucket.clear(ctx, text, t.options.LoadTimeout); err != nil {`, `		if err := error(nil); err != nil {`},
		},
		tests: []string{"./remote/shared TestInvalidate"},
	},
	{
		name: "a key is taken for another that its Codec makes of it",
		edits: []edit{
			{"remote/shared/codec.go", `	if err != nil || *back != k {`, `	if _ = back; err != nil {`},
		},
		tests: []string{"./remote/shared TestKeys"},
	},
	{
		name: "a fetch from a tier keeps a turn",
		edits: []edit{
			{"cache/load.go", `	if s.loader.tier == nil { // which waits for a turn if it loads`, `	if true {`},
		},
		tests: []string{"./cache TestTierTurns"},
	},
	{
		name: "the age of what a tier has found does not count",
		edits: []edit{
			{"cache/tier.go", `		c.v, c.age = found.Value, max(0, int64(found.Age))`, `		c.v = found.Value`},
		},
		tests: []string{"./cache TestTierAge"},
	},
}
