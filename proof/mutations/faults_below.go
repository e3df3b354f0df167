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
		edits: []edit{{"internal/callback/callback.go", `		turn = next
		q.call(item)`, `		turn = next
		q.call(item)
		q.call(item)`}},
		tests: []string{"./internal/callback"},
	},
	{
		name:  "the panic of a callback is not recovered",
		edits: []edit{{"internal/callback/callback.go", `		if v := recover(); v != nil {`, `		if v := any(nil); v != nil {`}},
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
		edits: []edit{{"internal/callback/callback.go", `		go q.work()
	}
	q.watchLocked()
}

// Pending`, `		go q.work()
	}
}

// Pending`}},
		tests: []string{"./internal/callback"},
		args:  []string{"-timeout=20s"},
	},
	{
		name:  "callbacks go on in two goroutines when one has been slow",
		edits: []edit{{"internal/callback/callback.go", `	if turn != 0 && turn != q.taken {`, `	if turn != 0 && turn != q.taken && false {`}},
		tests: []string{"./internal/callback"},
	},
}

var clockFaults = []fault{
	{
		name: "the clock's finalizer does not arm itself again",
		edits: []edit{{"internal/gcclock/gcclock.go", `	armMarked()
	c.mu.Lock()`, `	c.mu.Lock()`}},
		tests: []string{"./internal/gcclock"},
	},
	{
		name: "the clock's cleanup does not arm itself again",
		edits: []edit{{"internal/gcclock/gcclock.go", `	armSwept()
	c.mu.Lock()`, `	c.mu.Lock()`}},
		tests: []string{"./internal/gcclock"},
	},
	{
		name: "the clock does not run after a cycle whose cleanup is late",
		edits: []edit{{"internal/gcclock/gcclock.go", `	if !c.passed {
		c.startLocked()`, `	if false {
		c.startLocked()`}},
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
			{"internal/gcclock/gcclock.go", `	clock.add(&watch[T]{weak.Make(p), f})`, `	clock.add(&watch[T]{weak.Make(p), func(*T) { f(p) }})`},
		},
		tests: []string{"./internal/gcclock"},
	},
	{
		name:  "the clock keeps its records of what has died",
		edits: []edit{{"internal/gcclock/gcclock.go", `return !w.run() })`, `w.run(); return false })`}},
		tests: []string{"./internal/gcclock", "./proof/leaks"},
	},
	{
		name:  "the clock drops a watcher that is added during a pass",
		edits: []edit{{"internal/gcclock/gcclock.go", `	c.watchers = append(live, c.watchers...)`, `	c.watchers = live`}},
		tests: []string{"./internal/gcclock"},
	},
}

var flightFaults = []fault{
	{
		name: "those who wait for a creator are not woken if it panics",
		edits: []edit{{"internal/flight/flight.go", `		close(c.done)
		if v`, `		if v == nil {
			close(c.done)
		}
		if v`}},
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
		name: "a creator that waits for itself waits for ever",
		edits: []edit{{"internal/flight/wait.go", `		if next.owner == me {
			return ErrDeadlock
		}`, `		_ = next`}},
		tests: []string{"./internal/flight"},
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

var cacheFaults = []fault{
	{
		name: "the cache keeps an error that it was not asked to keep",
		edits: []edit{
			{"cache/errors.go", `	if l.keep == 0 || key != key`, `	if key != key`},
			{"cache/errors.go", `now.Add(l.keep)}`, `now.Add(l.keep + time.Minute)}`},
		},
		tests: []string{"./cache"},
	},
	{
		name:  "the cache returns a value that has expired",
		edits: []edit{{"cache/core.go", `	if v != nil && s.times.expired(&e.age) {`, `	if v != nil && s.times.expired(&e.age) && false {`}},
		tests: []string{"./cache"},
	},
	{
		name: "the cache loads a second copy of a value that it has evicted and somebody uses",
		edits: []edit{{"cache/core.go", `	if v != nil && s.times.expired(&e.age) {`, `	if v != nil && s.keeper != nil && !s.keeper.has(key, v) {
		return nil, nil
	}
	if v != nil && s.times.expired(&e.age) {`}, {"cache/core.go", `		return old == renew || s.times.expired(&old.age)`, `		return true`}},
		tests: []string{"./cache"},
	},
	{
		name:  "a loaded value replaces one that was put meanwhile",
		edits: []edit{{"cache/core.go", `		return old == renew || s.times.expired(&old.age)`, `		return true`}},
		tests: []string{"./cache"},
	},
	{
		name: "a loaded value is stored although the key was invalidated meanwhile",
		edits: []edit{{"cache/load.go", `	listed := s.loads.calls[c.key] == c
`, `	listed := true
`}},
		tests: []string{"./cache"},
	},
	{
		name: "every Get loads for itself",
		edits: []edit{{"cache/load.go", `	if c := s.loads.calls[key]; c != nil {
		if err := c.batch.enter`, `	if c := s.loads.calls[key]; c != nil && false {
		if err := c.batch.enter`}},
		tests: []string{"./cache"},
	},
	{
		name: "a Get begins to load what has been stored since it looked",
		edits: []edit{{"cache/load.go", `	if v, _ := s.lookup(hash, key); v != nil {
		return nil, v, nil // somebody has just stored it
	}
`, ``}},
		tests: []string{"./cache"},
	},
	{
		name: "one Get that gives up cancels the load of the others",
		edits: []edit{{"cache/load.go", `	if !c.batch.leave(from) {
		return
	}
	c.batch.cancel()`, `	c.batch.leave(from)
	c.batch.cancel()`}},
		tests: []string{"./cache"},
	},
	{
		name: "the strong tier keeps a value that was removed while it was put there",
		edits: []edit{{"cache/core.go", `	if _, current := s.find(hash, e.key); current != e {
		s.keeper.remove(e.key, v)
	}
`, ``}},
		tests: []string{"./cache"},
	},
	{
		name: "the strong tier keeps a value that was invalidated",
		edits: []edit{{"cache/core.go", `	s.unkeep(e.key, v)
	s.report`, `	s.report`}},
		tests: []string{"./cache"},
	},
	{
		name: "removing an entry removes the one that has taken its place",
		edits: []edit{
			{"cache/core.go", `	if current == e {
		l.Remove`, `	if current != nil {
		l.Remove`},
			{"cache/core.go", `	if current != e {
		return
	}
	s.unkeep`, `	if current == nil {
		return
	}
	s.unkeep`},
		},
		tests: []string{"./cache"},
	},
	{
		name: "the strong tier goes on holding evicted values whose uses it has not yet considered",
		edits: []edit{{"cache/core.go", `	if s.keeper != nil {
		s.keeper.settle()
	}
`, ``}},
		tests: []string{"./cache"},
	},
	{
		name: "Invalidate acts at two moments",
		edits: []edit{{"cache/core.go", `	s.loads.mu.Lock()
	_, e := s.find(hash, key)
	s.loads.detach(key)
	s.loads.mu.Unlock()
`, `	s.loads.mu.Lock()
	s.loads.detach(key)
	s.loads.mu.Unlock()
	_, e := s.find(hash, key)
`}},
		tests: []string{"./cache TestInvalidateOnce"},
		args:  []string{"-race", "-count=20"},
	},
	{
		name: "the cache's timer keeps the cache alive",
		edits: []edit{{"cache/entry.go", `		if s := w.Value(); s != nil {
			s.expireNow()
		}`, `		_ = w
		s.expireNow()`}},
		tests: []string{"./cache"},
	},
	{
		name: "a look-up does not wait for one who is replacing the entry",
		edits: []edit{{"cache/core.go", `	l := s.tier.Lock(hash)
	defer l.Unlock()
	return s.current(l, hash, key)`, `	return nil, nil`}},
		tests: []string{"./cache"},
	},
	{
		name: "a panic of a loader ends the process",
		edits: []edit{{"cache/load.go", `	defer capturePanic(&err)
`, ``}},
		tests: []string{"./cache"},
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
		name: "values are dropped in the wrong order",
		edits: []edit{{"rc/cascade.go", `	slices.Reverse(c.todo[n:])
`, `	slices.Reverse(c.todo[n:n])
`}},
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
		name: "a leaked handle is never noticed",
		edits: []edit{{"rc/anchor.go", `		go s.lessee.lost(s)
`, ``}},
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
		edits: []edit{{"rc/block.go", `			err = callFailed(reflect.TypeFor[T](), recover())`, `			err = callFailed(reflect.TypeFor[T](), nil)`}},
		tests: []string{"./rc"},
	},
}
