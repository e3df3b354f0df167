package suite

// cases returns the operations of a fixture. Those that use it up come last.
func (f *fixture[K, V]) cases(name Name) []Case {
	var list []Case
	add := func(op string, threads, batch int, loop func(Timer, int), probe func() []Metric) {
		c := Case{Name: name, Batch: batch, Loop: loop, Probe: probe}
		c.Op, c.Threads = op, threads
		list = append(list, c)
	}
	batch := min(f.n, 1<<14)
	add("store", 1, 0, nil, f.store)
	for _, threads := range Threads() {
		add("hit", threads, batch, f.look(threads, true), nil)
		add("miss", threads, batch, f.look(threads, false), nil)
	}
	add("collect", 1, 0, nil, f.collections)
	add("iterate", 1, f.n, f.each, nil)
	add("replace", 1, batch, f.replace, nil)
	for _, threads := range Threads() {
		add("mixed-90-10", threads, batch, f.mixed(threads, 1), nil)
		add("mixed-50-50", threads, batch, f.mixed(threads, 5), nil)
	}
	add("delete", 1, 0, nil, f.remove)
	if len(Threads()) > 1 && !f.global {
		add("store", 2, 0, nil, f.storeParallel(2))
	}
	return list
}

// store measures the making of the fixture.
func (f *fixture[K, V]) store() []Metric {
	f.release()
	return f.build()
}

// keep returns the cases with one of the operations.
func keep(list []Case, ops ...string) []Case {
	var kept []Case
	for _, c := range list {
		for _, op := range ops {
			if c.Op == op {
				kept = append(kept, c)
			}
		}
	}
	return kept
}
