package main

var callbackFaults = []fault{
	{
		name: "deaths are reported under the lock of the table, by the one who notices",
		edits: []edit{
			{"internal/table/table.go", `	s.dead = nil
	s.mu.Unlock()
	if len(dead) > 0 {
		t.Policy.Dead(dead)
	}`, `	s.dead = nil
	if len(dead) > 0 {
		t.Policy.Dead(dead)
	}
	s.mu.Unlock()`},
			{"valuestate.go", `		s.table.Policy.Dead = s.collect.Push
`, `		s.table.Policy.Dead = func(keys []K) {
			for _, k := range keys {
				m.OnCollect(k)
			}
		}
`},
		},
		tests: []string{". TestValueMapOnCollect"},
	},
	{
		name: "a callback runs twice",
		edits: []edit{{"internal/callback/lane.go", `		turn = next
		l.queue.call(item)`, `		turn = next
		l.queue.call(item)
		l.queue.call(item)`}},
		tests: []string{"./internal/callback"},
	},
	{
		name:  "the panic of a callback is not recovered",
		edits: []edit{{"internal/callback/callback.go", `Outcome(returned, recover(), nil)`, `Outcome(returned, nil, nil)`}},
		tests: []string{"./internal/callback"},
	},
	{
		name: "the panic of a callback is not counted",
		edits: []edit{{"internal/callback/callback.go", `			q.panics.Add(1)
`, ``}},
		tests: []string{"./internal/callback"},
	},
	{
		name: "a blocked callback holds up all others",
		edits: []edit{{"internal/callback/lane.go", `		l.startLocked()
	}
	l.watchLocked()
}
`, `		l.startLocked()
	}
}
`}},
		tests: []string{"./internal/callback"},
		args:  []string{"-timeout=20s"},
	},
	{
		name:  "callbacks go on in two goroutines when one has been slow",
		edits: []edit{{"internal/callback/lane.go", `	if turn != l.taken {`, `	if turn != l.taken && false {`}},
		tests: []string{"./internal/callback"},
	},
}

var clockFaults = []fault{
	{
		name: "the clock's finalizer does not arm itself again",
		edits: []edit{{"internal/gcclock/gcclock.go", `	armMarked()
	queued`, `	queued`}},
		tests: []string{"./internal/gcclock"},
	},
	{
		name: "the clock's cleanup does not arm itself again",
		edits: []edit{{"internal/gcclock/gcclock.go", `	armSwept(c.signals.cycle)
`, ``}},
		tests: []string{"./internal/gcclock"},
	},
	{
		name:  "the clock does not run after a cycle whose cleanup is late",
		edits: []edit{{"internal/gcclock/signals.go", `	run = !s.inTime || `, `	run = `}},
		tests: []string{"./internal/gcclock"},
	},
	{
		name: "the clock forgets a request that comes while it runs",
		edits: []edit{{"internal/gcclock/gcclock.go", `		c.again = true
`, ``}},
		tests: []string{"./internal/gcclock"},
	},
	{
		name: "the clock keeps what it watches alive",
		edits: []edit{
			{"internal/gcclock/gcclock.go", `	w := &watch[T]{weak.Make(p), f}`, `	w := &watch[T]{weak.Make(p), func(*T) { f(p) }}`},
		},
		tests: []string{"./internal/gcclock"},
	},
	{
		name:  "the clock keeps its records of what has died",
		edits: []edit{{"internal/gcclock/gcclock.go", `alive := w.run(here); {`, `alive := w.run(here) || true; {`}},
		tests: []string{"./internal/gcclock", "./proof/leaks"},
	},
	{
		name:  "the clock drops a watcher that is added during a pass",
		edits: []edit{{"internal/gcclock/gcclock.go", `	c.watchers = append(live, c.watchers[len(all):]...)`, `	c.watchers = live`}},
		tests: []string{"./internal/gcclock"},
	},
}

var flightFaults = []fault{
	{
		name: "those who wait for a creator are not woken if it panics",
		edits: []edit{{"internal/flight/flight.go", `		c.done.Open()
		if panicked`, `		if panicked == nil {
			c.done.Open()
		}
		if panicked`}},
		tests: []string{"./internal/flight"},
		args:  []string{"-timeout=20s"},
	},
	{
		name: "a creator that failed is not forgotten",
		edits: []edit{{"internal/flight/flight.go", `	delete(g.calls, key)
`, `	if c.err == nil {
		delete(g.calls, key)
	}
`}},
		tests: []string{"./internal/flight"},
		args:  []string{"-timeout=20s"},
	},
	{
		name: "who asks after a result was stored and deleted gets it all the same",
		edits: []edit{{"internal/flight/flight.go", `	g.mu.Lock()
	defer g.mu.Unlock()
	if c.err == nil {
		c.v = store(c.v)
	}
	delete`, `	if c.err == nil {
		c.v = store(c.v)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete`}},
		tests: []string{"./internal/flight"},
	},
	{
		name: "a creator begins although the value has been stored since",
		edits: []edit{{"internal/flight/flight.go", `	if v, ok := present(); ok {
		g.mu.Unlock()
		return v, nil
	}
`, ``}},
		tests: []string{"./internal/flight", ". TestLoadOrCreate"},
	},
	{
		name:  "a creator that waits for itself waits for ever",
		edits: []edit{{"internal/waits/waits.go", `	if search.finds(works) {`, `	if search.finds(works) && false {`}},
		tests: []string{"./internal/waits", "./internal/flight"},
		args:  []string{"-timeout=20s"},
	},
	{
		name: "creators run once each, however many ask",
		edits: []edit{{"internal/flight/flight.go", `	g.calls[key] = c
	g.mu.Unlock()`, `	g.mu.Unlock()`}},
		tests: []string{"./internal/flight"},
		args:  []string{"-timeout=20s"},
	},
}

var rcFaults = []fault{
	{
		name:  "a weak handle is upgraded after the last strong one was closed",
		edits: []edit{{"rc/shares.go", `	return w-1 < most-1 && s.word.cas(w, w+1)`, `	return w < most-1 && s.word.cas(w, w+1)`}},
		tests: []string{"./rc"},
	},
	{
		name: "a handle that is closed twice gives two shares back",
		edits: []edit{{"rc/strong.go", `	state := s.state.swap(handleClosed)
`, `	state := s.state.load()
`}},
		tests: []string{"./rc TestCloseRace"},
		args:  []string{"-race"},
	},
	{
		name: "a value is dropped while one handle is left, and again",
		edits: []edit{{"rc/shares.go", `				if w == 1 {
					return last
				}`, `				if w <= 2 {
					return last
				}`}, {"rc/shares.go", `	return w-2 < most-1 &&`, `	return w-3 < most-1 &&`}},
		tests: []string{"./rc"},
	},
	{
		name:  "the last Close does not drop the value",
		edits: []edit{{"rc/shares.go", `	return w-2 < most-1 &&`, `	return w-1 < most-1 &&`}},
		tests: []string{"./rc"},
	},
	{
		name: "the number of handles overflows",
		edits: []edit{{"rc/shares.go", `		case w == most:
			panic`, `		case w == most && false:
			panic`}},
		tests: []string{"./rc"},
		args:  []string{"-timeout=60s"},
	},
	{
		name:  "values are dropped in the wrong order",
		edits: []edit{{"rc/cascade.go", `slices.Reverse(c.todo[n:])`, `slices.Reverse(c.todo[n:n])`}},
		tests: []string{"./rc"},
	},
	{
		name: "the cycle collector drops values although the decision was called off",
		edits: []edit{{"rc/freeze.go", `	return verdict.cas(epoch<<2|undecided, epoch<<2|committed)`, `	verdict.store(epoch<<2 | committed)
	return true`}},
		tests: []string{"./rc"},
	},
	{
		name:  "a count changes although its value is frozen",
		edits: []edit{{"rc/freeze.go", `		if s.word.cas(w, w|epoch<<epochShift) {`, `		if s.word.cas(w, w) {`}},
		tests: []string{"./rc"},
	},
	{
		name: "what a held value leads to is dropped as part of a cycle",
		edits: []edit{{"rc/collect.go", `	for _, to := range p.edges[n.edges.first:n.edges.end] {
		p.mark(to)
	}`, ``}},
		tests: []string{"./rc"},
	},
	{
		name:  "a leaked handle is never noticed",
		edits: []edit{{"rc/anchor.go", `s.lessee.lost(s)`, ``}},
		tests: []string{"./rc"},
	},
	{
		name: "an anchor goes back without being emptied",
		edits: []edit{{"rc/anchor.go", `	*a.slot = slot{}
`, ``}},
		tests: []string{"./rc"},
	},
	{
		name: "Move leaves two handles with one share",
		edits: []edit{{"rc/strong.go", `	b, a := s.take()
	// The handle is closed`, `	b, a := s.opened(), s.anchor
	// The handle is closed`}},
		tests: []string{"./rc"},
	},
	{
		name:  "a panic in a drop function is not recovered",
		edits: []edit{{"rc/block.go", `			callFailed(&err, reflect.TypeFor[T](), recover())`, `			callFailed(&err, reflect.TypeFor[T](), nil)`}},
		tests: []string{"./rc"},
	},
}
