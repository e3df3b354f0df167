package main

var inspectFaults = []fault{
	{
		name: "a listing holds the containers that it lists",
		edits: []edit{
			{"internal/live/live.go", `		n++
`, `		n++
		kept = append(kept, p)
`},
			{"internal/live/live.go", `// Find returns`, `var kept []any

// Find returns`},
		},
		tests: []string{"./inspect TestListed|TestEveryKind"},
	},
	{
		name:  "what is known of a dead container is not forgotten",
		edits: []edit{{"internal/live/live.go", `if w.Alive() {`, `if w.Alive() || true {`}},
		tests: []string{"./internal/live"},
	},
	{
		name: "a listing during a pass of the clock misses what is being looked after",
		edits: []edit{{"internal/gcclock/gcclock.go", `	all := c.watchers
	c.mu.Unlock()
`, `	all := c.watchers
	c.watchers = nil
	c.mu.Unlock()
	defer func() { c.watchers = append(all, c.watchers...) }()
`}},
		tests: []string{"./internal/gcclock TestEach"},
	},
	{
		name:  "a Sampler keeps one sample too many",
		edits: []edit{{"inspect/sampler.go", `cmp.Or(s.Keep, 60); n > 0`, `cmp.Or(s.Keep, 60) - 1; n > 0`}},
		tests: []string{"./inspect TestSampler"},
	},
	{
		name:  "the handler does what is not allowed",
		edits: []edit{{"debug/actions.go", `h.o.Actions&d.needs == 0`, `h.o.Actions&d.needs != h.o.Actions&d.needs`}},
		tests: []string{"./debug TestActionsAreOff"},
	},
	{
		name:  "the handler does what another site has a browser send",
		edits: []edit{{"debug/handler.go", `h.cross.Check(r); err != nil`, `h.cross.Check(r); err != nil && false`}},
		tests: []string{"./debug TestOtherSites"},
	},
	{
		name:  "actions run at the same time",
		edits: []edit{{"debug/actions.go", `if a.running || time`, `if time`}, {"debug/actions.go", `time.Now().Add(pause)`, `time.Time{}`}},
		tests: []string{"./debug TestWhy|TestOneAction"},
	},
	{
		name:  "debug's page of leaks shows keys",
		edits: []edit{{"internal/drawn/drawn.go", `return s.Signature, s.Object.Type`, `return s.Text, s.Object.Type`}},
		tests: []string{"./internal/drawn TestAlike"},
	},
	{
		name:  "the middle of a long path is drawn, and not its end",
		edits: []edit{{"internal/drawn/drawn.go", `d.Steps[maxSteps/2+left:])`, `d.Steps[maxSteps/2:maxSteps])`}},
		tests: []string{"./internal/drawn TestLongPaths"},
	},
	{
		name:  "debug refuses, and does not say what would allow it",
		edits: []edit{{"debug/actions.go", `It would with " + d.name + " in debug.Options.Actions."`, `" + d.name[:0]`}},
		tests: []string{"./debug TestActionsAreOff"},
	},
	{
		name:  "debug answers a failure with JSON where that is not wanted",
		edits: []edit{{"debug/handler.go", `f.write(w, q.json)`, `f.write(w, true)`}},
		tests: []string{"./debug TestMethods"},
	},
	{
		name:  "a young container's line does not begin at nothing",
		edits: []edit{{"debug/pages.go", `n > 0 && points[n-1].Len-growth != points[0].Len`, `n > 1<<40`}},
		tests: []string{"./debug TestYoung"},
	},
	{
		name:  "a failure to explain a leak takes away what was explained before",
		edits: []edit{{"leak/report.go", `if err != nil && known[s.kind] {`, `if err != nil && known[s.kind] && false {`}},
		tests: []string{"./leak TestLaterFailure"},
	},
	{
		name: "a node is listed after its session",
		edits: []edit{{"remote/node.go", `	n.listing.Store(nil)
`, ``}},
		tests: []string{"./remote TestListed"},
	},
	{
		name:  "the holder with the youngest holds comes first",
		edits: []edit{{"remote/described.go", `return oldest(a[0], b[0])`, `return oldest(b[0], a[0])`}},
		tests: []string{"./remote TestHoldsTable"},
	},
	{
		name:  "top looks twice as often after a pause",
		edits: []edit{{"cmd/weakref/internal/top/screen.go", `if s.paused || !s.idle {`, `if s.paused {`}},
		tests: []string{"./cmd/weakref/internal/top TestPause"},
	},
	{
		name:  "top leaves a gap when its terminal grows",
		edits: []edit{{"cmd/weakref/internal/top/screen.go", `s.table.text(s.width, s.first(), s.shown())`, `s.table.text(s.width, s.from, s.shown())`}},
		tests: []string{"./cmd/weakref/internal/top TestGrows"},
	},
}
