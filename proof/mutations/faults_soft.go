package main

var softFaults = []fault{
	{
		name: "memory: what has been let go of, and is not dead yet, is let go of twice",
		edits: []edit{
			{"internal/soft/soft.go", `		live -= k.bytes
`, `		_ = k
`},
		},
		tests: []string{"./internal/soft TestNoDoubleCut"},
	},
	{
		name: "memory: what has been let go of counts as gone after a collection that had begun before",
		edits: []edit{
			{"internal/soft/memory.go", `return w.Value() == nil }`, `return w != weak.Pointer[[3]*int]{} }`},
		},
		tests: []string{"./internal/soft TestToken"},
	},
	{
		name: "memory: a collection counts at each pass",
		edits: []edit{
			{"internal/soft/soft.go", `	if c.source.newest() == c.cycle {`, `	if false {`},
		},
		tests: []string{"./internal/soft TestSameCollection"},
	},
	{
		name: "memory: a cache grows as if its values were as small as they look",
		edits: []edit{
			{"internal/soft/soft.go", `growth*float64(m.Held)+back+float64(m.start))`, `1e18+0*growth)`},
		},
		tests: []string{"./internal/soft TestSteady"},
	},
	{
		name: "memory: one collection takes all that is above Keep",
		edits: []edit{
			{"internal/soft/soft.go", `	part = min(part, float64`, `	part = min(1, float64`},
		},
		tests: []string{"./internal/soft TestPart"},
	},
	{
		name: "memory: a cache goes below Keep",
		edits: []edit{
			{"internal/soft/soft.go", `		m.set(m.floor + int64((1-part)*m.above()))`, `		m.limit.Store(int64((1 - part) * float64(m.Held)))`},
		},
		tests: []string{"./internal/soft TestNoRoom"},
	},
	{
		name: "memory: a cache grows beyond KeepSoft",
		edits: []edit{
			{"internal/soft/soft.go", `max(m.floor, min(limit, m.most))`, `max(m.floor, limit)`},
		},
		tests: []string{"./internal/soft TestMost"},
	},
	{
		name: "memory: a cache that nobody asks anything gives nothing up",
		edits: []edit{
			{"internal/soft/soft.go", `	if m.idle {
		limit =`, `	if false {
		limit =`},
		},
		tests: []string{"./internal/soft TestIdle"},
	},
	{
		name: "memory: what nobody asks for goes although there is memory",
		edits: []edit{
			{"internal/soft/soft.go", `	pool, taken := (target-live)/2, 0.0`, `	pool, taken := (target-live)/2, moved`},
		},
		tests: []string{"./internal/soft TestIdle"},
	},
	{
		name: "memory: nothing moves to the caches that miss something",
		edits: []edit{
			{"internal/soft/soft.go", `pool*float64(m.missed+1)/shares`, `pool/shares`},
			{"internal/soft/soft.go", `		shares += float64(m.missed+1) * m.Unit`, `		shares += m.Unit`},
		},
		tests: []string{"./internal/soft TestMany"},
	},
	{
		name: "memory: no collection is made although the next one would come too late",
		edits: []edit{
			{"internal/soft/soft.go", `		c.source.collect()
`, ``},
		},
		tests: []string{"./internal/soft TestLate"},
	},
	{
		name: "memory: a control group with less than the runtime's limit is not noticed",
		edits: []edit{
			{"internal/soft/memory.go", `	if limit <= granted {`, `	if limit < 1e18 {`},
		},
		tests: []string{"./internal/soft TestTargets"},
	},
	{
		name: "memory: the limit of an outer control group is not seen",
		edits: []edit{
			{"internal/soft/memory.go", `			if dir == "/" {`, `			if dir == "/" || dir != "" {`},
		},
		tests: []string{"./internal/soft TestGranted"},
	},
	{
		name: "the policy leaves too many in limbo when it becomes smaller",
		edits: []edit{
			{"internal/policy/policy.go", `	for len(p.limbo) > 0 && len(p.limbo) >= p.limboMost { // or there was room for more
		out = p.emptyLimbo(out)
	}
`, ``},
		},
		tests: []string{"./internal/policy TestResize"},
	},
	{
		name: "the policy keeps the room of its window when it becomes smaller",
		edits: []edit{
			{"internal/policy/clock.go", `	c.limit, c.room = limit, 0
`, `	c.limit = limit
`},
		},
		tests: []string{"./internal/policy TestResizeKeepsWhatIsUsed"},
	},
	{
		name: "the cache holds what memory no longer allows",
		edits: []edit{
			{"cache/soft.go", `		s.weaken(out)
`, ``},
		},
		tests: []string{"./cache TestKeepSoft$"},
	},
	{
		name: "a cache that keeps what memory allows is kept for ever",
		edits: []edit{
			{"cache/soft.go", `		if s := w.Value(); s != nil {`, `		if _ = w.Value(); s != nil {`},
		},
		tests: []string{"./cache TestKeepSoftDies"},
	},
	{
		name: "the cache evicts at each hit what memory does not allow it to keep",
		edits: []edit{
			{"cache/core.go", `s.fits(e, s.keeper.now.Load())`, `s.keepable(e)`},
		},
		tests: []string{"./cache TestKeepSoftIdentity"},
	},
	{
		name: "a cache in a bubble depends on what happens outside",
		edits: []edit{
			{"cache/soft.go", `	if most <= floor || bubble.Current() != 0 {`, `	if most <= floor || bubble.Current() < 0 {`},
		},
		tests: []string{"./cache TestKeepSoftInABubble"},
	},
	{
		name: "the cache takes values for as small as what leads to them",
		edits: []edit{
			{"cache/soft.go", `		n = v.Cap() * int(v.Type().Elem().Size())
`, `		n = 0
`},
		},
		tests: []string{"./cache TestKeepSoftSizes"},
	},
}
