package main

var cacheFaults = []fault{
	{
		name: "the cache keeps an error that it was not asked to keep",
		edits: []edit{
			{"cache/errors.go", `	if s.keepErrors == 0 || c.class == ofContext {`, `	if s.keepErrors == 0 {`},
		},
		tests: []string{"./cache TestKeepErrors"},
	},
	{
		name: "the cache keeps errors for longer than it was asked to",
		edits: []edit{
			{"cache/errors.go", `until: after(s.times.now(), s.keepErrors)}`, `until: after(s.times.now(), 2*s.keepErrors)}`},
		},
		tests: []string{"./cache TestKeepErrors"},
	},
	{
		name: "kept errors are not released when nobody asks",
		edits: []edit{
			{"cache/times.go", `			again = s.tendFailure(e, now) || again`, `			again = false`},
		},
		tests: []string{"./cache TestKeptErrorsAreReleased"},
	},
	{
		name: "the cache returns a value that has expired",
		edits: []edit{
			{"cache/cache.go", `	if v == nil || s.expired(e) {`, `	if v == nil {`},
		},
		tests: []string{"./cache TestExpire"},
	},
	{
		name: "a sum of durations overflows",
		edits: []edit{
			{"cache/times.go", `	if d > never-max(at, 0) {`, `	if false {`},
		},
		tests: []string{"./cache TestLongestDurations"},
	},
	{
		name: "the cache loads a second copy of a value that it has evicted and somebody uses",
		edits: []edit{
			{"cache/find.go", `	if ref := at.Ref(); ref != nil &&`, `	if ref := at.Ref(); false && ref != nil &&`},
			{"cache/find.go", `	v := handle.Strong[V](at.Ref())
	if v == nil {`, `	var v *V
	if v == nil {`},
		},
		tests: []string{"./cache TestIdentity"},
	},
	{
		name: "a loaded value replaces one that was put meanwhile",
		edits: []edit{
			{"cache/load.go", `	case c.put != nil: // meanwhile; it wins
		c.v, c.err = c.put, nil
`, ``},
		},
		tests: []string{"./cache TestPutWhileLoading"},
	},
	{
		name: "a value that was put while the key was loaded dies before the load ends, and loses",
		edits: []edit{
			{"cache/core.go", `			callOf(at).put = v
`, `			_ = callOf(at)
`},
		},
		tests: []string{"./cache TestPutDiesWhileLoading"},
	},
	{
		name: "a loaded value is stored although the key was invalidated meanwhile",
		edits: []edit{
			{"cache/load.go", `	at, _ := s.slotOf(l, c.hash, c.entry)
	switch {
	case c.put`, `	at, _ := s.slotOf(l, c.hash, c.entry)
	if at == nil && c.err == nil && c.renews == nil && c.put == nil {
		out = s.place(l, nil, c.entry, c.v, ref, out)
	}
	switch {
	case c.put`},
		},
		tests: []string{"./cache TestInvalidateWhileLoading|TestSpice12673"},
	},
	{
		name: "every Get loads for itself",
		edits: []edit{
			{"cache/load.go", `		if c := callOf(at); c.batch.enter() {`, `		if c := callOf(at); false && c.batch.enter() {`},
		},
		tests: []string{"./cache TestLoadOnceForAll"},
		args:  []string{"-timeout=60s"},
	},
	{
		name: "a Get begins to load what has been stored since it looked",
		edits: []edit{
			{"cache/load.go", `	if v != nil && !s.expired(at.Side) {
		e := at.Side
		l.Unlock()`, `	if v != nil && s.expired(at.Side) {
		e := at.Side
		l.Unlock()`},
		},
		tests: []string{"./cache TestLoadOnceRace"},
	},
	{
		name: "one Get that gives up cancels the load of the others",
		edits: []edit{
			{"cache/load.go", `	if !s.leave(c.batch) {
		return
	}
`, `	s.leave(c.batch)
`},
		},
		tests: []string{"./cache TestWaiterLeaves"},
	},
	{
		name: "a value that was removed while it was found weak is kept",
		edits: []edit{
			{"cache/keep.go", `	at, _ := s.slotOf(l, hash, e)
	if at == nil {
		l.Unlock()
		return // it has left meanwhile
	}
`, ``},
		},
		tests: []string{"./cache TestLateKeeping"},
	},
	{
		name: "a value that was invalidated is kept",
		edits: []edit{
			{"cache/core.go", `		s.release(e)
`, ``},
		},
		tests: []string{"./cache TestKeysAndValues|TestBasics|TestRefreshNotFound|TestLateKeeping|TestWeightIsExact"},
	},
	{
		name: "removing an entry removes the one that has taken its place",
		edits: []edit{
			{"cache/core.go", `	if at, v := s.slotOf(l, hash, e); v != nil {
		c := s.refreshes`, `	if at, v := s.current(l, hash, e.key); v != nil {
		c := s.refreshes`},
		},
		tests: []string{"./cache TestLateRemoval"},
	},
	{
		name: "the value of an entry goes before there is a weak handle of it",
		edits: []edit{
			{"cache/keep.go", `	if at, _ := s.slotOf(l, hash, e); at != nil && !e.is(handled) {
		l.Set(at, ref)`, `	if at, _ := s.slotOf(l, hash, e); at != nil && !e.is(handled) {
		_ = ref`},
		},
		tests: []string{"./cache TestIdentity"},
	},
	{
		name: "what has left the policy stays strong",
		edits: []edit{
			{"cache/keep.go", `	e.strong.Store(nil)
`, ``},
		},
		tests: []string{"./cache TestKeepIsExact|TestKeepsNoMore"},
	},
	{
		name: "values without weight are kept without end",
		edits: []edit{
			{"cache/entry.go", `max(1, s.weigh(e.key, v))`, `s.weigh(e.key, v)`},
		},
		tests: []string{"./cache TestWeightlessValues"},
	},
	{
		name: "a value for a NaN is stored",
		edits: []edit{
			{"cache/core.go", `	if key != key {
		return // a NaN: nobody could find it
	}
`, ``},
		},
		tests: []string{"./cache TestNothingIsStoredForNaN"},
	},
	{
		name: "an extra of LoadMany is stored although it was invalidated meanwhile",
		edits: []edit{
			{"cache/call.go", `	return v.cells[hash>>58].Load() <= begun && v.noneOfAll(begun)`, `	return v.noneOfAll(begun)`},
		},
		tests: []string{"./cache TestExtrasAndInvalidation"},
	},
	{
		name: "an extra of LoadMany is stored although all was invalidated meanwhile",
		edits: []edit{
			{"cache/call.go", `	return v.cells[hash>>58].Load() <= begun && v.noneOfAll(begun)`, `	return v.cells[hash>>58].Load() <= begun`},
		},
		tests: []string{"./cache TestExtrasAndInvalidation"},
	},
	{
		name: "an extra of LoadMany is stored after those who wait have been woken",
		edits: []edit{
			{"cache/load.go", `		for _, x := range extras {
			s.storeExtra(b, x)
		}
`, `		defer func() {
			for _, x := range extras {
				s.storeExtra(b, x)
			}
		}()
`},
		},
		tests: []string{"./cache TestExtrasAreThere"},
	},
	{
		name: "the methods of an error are called where a panic ends the process",
		edits: []edit{
			{"cache/load.go", `			c.class = classify(c.err)
`, ``},
			{"cache/load.go", `				c.class = ofKey
			}
`, `				c.class = ofKey
			}
			if c.err != nil {
				c.class = classify(c.err)
			}
`},
		},
		tests: []string{"./cache TestMethodsOfErrors"},
	},
	{
		name: "Invalidate reports an expired entry as removed",
		edits: []edit{
			{"cache/core.go", `	d := departure[K, V]{at.Side, v, s.cause(at.Side, cause)}`, `	d := departure[K, V]{at.Side, v, cause}`},
		},
		tests: []string{"./cache TestExpiredIsReportedSo"},
	},
	{
		name: "a refresh that says not found leaves the value",
		edits: []edit{
			{"cache/refresh.go", `	case c.class == notFound:
		left`, `	case false:
		left`},
		},
		tests: []string{"./cache TestRefreshNotFound"},
	},
	{
		name: "a refresh that was given up is stored",
		edits: []edit{
			{"cache/refresh.go", `	if !s.refreshes.remove(c) {
		return left, out // it took too long, and has been given up
	}
`, `	s.refreshes.remove(c)
`},
		},
		tests: []string{"./cache TestLateRefresh"},
	},
	{
		name: "a refresh of a value that has expired does not serve those who ask",
		edits: []edit{
			{"cache/core.go", `		if left.cause == Expired {
			s.serve(l, c)
		}
`, `		_ = c
`},
		},
		tests: []string{"./cache TestRefreshIsLoadedOnce"},
	},
	{
		name: "values that are due are refreshed one by one",
		edits: []edit{
			{"cache/refresh.go", `		most, n = bulkRuns, len(r.pending)`, `		most, n = together, 1`},
		},
		tests: []string{"./cache TestRefreshesTogether"},
	},
	{
		name: "GetMany runs all loads at once",
		edits: []edit{
			{"cache/many.go", `	for range min(most, len(g.each)) {`, `	for range max(most, len(g.each)) {`},
		},
		tests: []string{"./cache TestGetManyIsBounded"},
	},
	{
		name: "a load that another waits for waits for its turn",
		edits: []edit{
			{"cache/turns.go", `	r.exempt = true
`, ``},
		},
		tests: []string{"./cache TestMaxLoadsIsNoDeadlock"},
		args:  []string{"-timeout=60s"},
	},
	{
		name: "KeepFor goes by the time of storing",
		edits: []edit{
			{"cache/times.go", `	if e.is(policy.Fresh) {
		e.unset(policy.Fresh)
		a.seen.Store(now)
	}
`, ``},
		},
		tests: []string{"./cache TestKeepFor"},
	},
	{
		name: "KeepFor keeps for ever",
		edits: []edit{
			{"cache/times.go", `			} else if !e.node.Inside() {`, `			} else if e.node.Inside() {`},
		},
		tests: []string{"./cache TestKeepFor"},
	},
	{
		name: "what KeepFor keeps goes when the policy lets go of it",
		edits: []edit{
			{"cache/keep.go", `	if s.usedLately(e) {`, `	if false {`},
		},
		tests: []string{"./cache TestKeepFor"},
	},
	{
		name: "InvalidateFunc removes a newer value than it has asked about",
		edits: []edit{
			{"cache/core.go", `		if v != nil && !s.expired(e) && del(e.key, v) {
			s.remove(hash, e, Removed)
		}`, `		if v != nil && !s.expired(e) && del(e.key, v) {
			s.invalidate(e.key)
		}`},
		},
		tests: []string{"./cache TestInvalidateFunc"},
	},
	{
		name: "the cache's timer keeps the cache alive",
		edits: []edit{
			{"cache/times.go", `		if s := w.Value(); s != nil {
			latest`, `		_ = w
		{
			latest`},
		},
		tests: []string{"./cache TestTimerDoesNotKeepTheCache"},
	},
	{
		name: "a look-up does not wait for one who is replacing the entry",
		edits: []edit{
			{"cache/find.go", `	l := s.tier.Lock(hash)
	defer l.Unlock()
	at, v := s.current(l, hash, key)
	if v == nil {
		return nil, nil
	}
	return v, at.Side
`, `	return nil, nil
`},
		},
		tests: []string{"./cache TestReplacingIsOneStep"},
	},
	{
		name: "a panic of a loader ends the process",
		edits: []edit{
			{"cache/load.go", `usercode.Outcome(returned, recover(), err)`, `usercode.Outcome(returned, nil, err)`},
		},
		tests: []string{"./cache TestFailuresReachAll"},
	},
	{
		name: "a load that can be used again keeps its value",
		edits: []edit{
			{"cache/call.go", `	c.entry, c.put, c.v, c.age, c.err, c.class = nil, nil, nil, 0, nil, ofKey
`, ``},
		},
		tests: []string{"./cache TestLoadContextKeepsNothing"},
	},
	{
		name: "who waits for a load that is used again does not wait",
		edits: []edit{
			{"cache/call.go", `	c.done = bubble.Latch{}
`, ``},
		},
		tests: []string{"./cache TestLoadIsUsedAgain"},
	},
	{
		name: "a load that is used again has what was put during the one before",
		edits: []edit{
			{"cache/call.go", `	c.entry, c.put, c.v, c.age, c.err, c.class = nil, nil, nil, 0, nil, ofKey`, `	c.entry, c.v, c.age, c.err, c.class = nil, nil, 0, nil, ofKey`},
		},
		tests: []string{"./cache TestLoadIsUsedAgain"},
	},
	{
		name: "a load is used again although somebody still waits for it",
		edits: []edit{
			{"cache/run.go", `return state&(over|abandoned) == over && state < waiter`, `return state&(over|abandoned) == over`},
		},
		tests: []string{"./cache TestRunThatIsOver"},
	},
	{
		name: "a use of an entry is not seen by the policy",
		edits: []edit{
			{"internal/policy/node.go", `	if n.State.Load()&(useMask|afterUse) != useMask|afterUse {`, `	if false {`},
		},
		tests: []string{"./internal/policy"},
	},
	{
		name: "the policy keeps one more than its limit",
		edits: []edit{
			{"internal/policy/clock.go", `func (c *clock) over() bool { return c.held() > c.limit }`, `func (c *clock) over() bool { return c.held() > c.limit+1 }`},
		},
		tests: []string{"./internal/policy"},
	},
	{
		name: "limbo is not counted",
		edits: []edit{
			{"internal/policy/policy.go", `return p.whole - int64(p.limboMost)`, `return p.whole`},
		},
		tests: []string{"./internal/policy"},
	},
	{
		name: "the sketch forgets what it has counted when it grows",
		edits: []edit{
			{"internal/policy/sketch.go", `		copy(words[2*i+blockWords:], block)
`, ``},
		},
		tests: []string{"./internal/policy"},
	},
	{
		name: "the shadows never change the mode",
		edits: []edit{
			{"internal/policy/policy.go", `	p.now = best
	p.change(modes[best])
`, ``},
		},
		tests: []string{"./internal/policy"},
	},
	{
		name: "nodes that were removed stay in the rings",
		edits: []edit{
			{"internal/policy/clock.go", `	if c.window.size+c.main.size > 2*c.n+16 {`, `	if false {`},
		},
		tests: []string{"./internal/policy"},
	},
	{
		name: "who looks at a slot that has moved takes the call for the value",
		edits: []edit{
			{"cache/find.go", ` && !handle.IsMark(ref)`, ``},
		},
		tests: []string{"./cache TestLookWhileTheSlotMoves"},
	},
	{
		name: "who waits for a load goes on before it has let go of anything",
		edits: []edit{{"cache/load.go", `	s.weaken(out)
	s.reportLeft(left)
	c.done.Open()`, `	c.done.Open()
	s.weaken(out)
	s.reportLeft(left)`}},
		tests: []string{"./cache TestCallsAreComplete"},
	},
	{
		name: "a load takes more than it did",
		edits: []edit{{"cache/run.go", `	state  atomic.Uint32`, `	_      [2]uint64
	state  atomic.Uint32`}},
		tests: []string{"./cache TestSizes"},
	},
	{
		name: "a load whose results are final is given up",
		edits: []edit{{"cache/run.go", `		if old&over != 0 {
			return false`, `		if false {
			return false`}},
		tests: []string{"./cache TestRunThatIsOver"},
	},
	{
		name:  "a load that has ended is abandoned by the last who leaves",
		edits: []edit{{"cache/run.go", `old&(ended|abandoned) == 0`, `old&abandoned == 0`}},
		tests: []string{"./cache TestRunThatIsOver"},
	},
	{
		name: "what lets go of values does not count them",
		edits: []edit{{"cache/keep.go", `	s.counts.strong.Add(-int64(evicted))
`, ``}},
		tests: []string{"./cache TestKeepIsExact|TestKeepsNoMore"},
	},
	{
		name: "a loop over a table passes over a key whose entry is replaced",
		edits: []edit{{"internal/table/iterate.go", `		if !retired {
			sides = t.appendSides(sides[:0], s, from)
		}
		s.mu.Unlock()
`, `		s.mu.Unlock()
		if !retired {
			sides = t.appendSides(sides[:0], s, from)
		}
`}},
		tests: []string{"./internal/table TestSides"},
	},
	{
		name: "a loop over a cache yields no value but that of the entry it has noted",
		edits: []edit{{"cache/core.go", `		if v == nil || s.expired(now) {
`, `		if v == nil || now != e || s.expired(now) {
`}},
		tests: []string{"./cache TestAllWhileReplaced"},
	},
	{
		name: "who invalidates everything does not say so",
		edits: []edit{{"cache/core.go", `	s.voids.noteAll()
`, ``}},
		tests: []string{"./cache TestRefreshEndsWhileInvalidating"},
	},
	{
		name:  "a load takes the time that it waits for its turn",
		edits: []edit{{"cache/load.go", `if b.queued || s.turns.limit != 0 {`, `if b.queued {`}},
		tests: []string{"./cache TestLoadTime"},
	},
	{
		name:  "a load takes the time that it is queued",
		edits: []edit{{"cache/load.go", `if b.queued || s.turns.limit != 0 {`, `if s.turns.limit != 0 {`}},
		tests: []string{"./cache TestLoadTime"},
	},
	{
		name: "a context that is made after the load does not end",
		edits: []edit{{"cache/run.go", `	if r.isDone() {
		r.cancel()`, `	if r.isAbandoned() {
		r.cancel()`}},
		tests: []string{"./cache TestRunThatIsOver"},
	},
	{
		name: "a cache that shall keep everything looks for a rate of its sample for ever",
		edits: []edit{
			{"internal/policy/policy.go", `p.rate < mostRate && `, ``},
		},
		tests: []string{"./cache TestArguments"},
	},
}
