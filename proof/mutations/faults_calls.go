package main

func init() { faults = append(faults, callsFaults...) }

// callsFaults is what was found when other people's tests were tried, in what calls user code
// and waits for it.
var callsFaults = []fault{
	{
		name: "who opens a latch does not know that somebody waits",
		edits: []edit{{"internal/bubble/latch.go", `	l.awaited.Store(true)
`, ``}},
		tests: []string{"./internal/bubble TestLatchWithin"},
		args:  []string{"-timeout=20s"},
	},
	{
		name: "who waits for a latch looks before he says so",
		edits: []edit{{"internal/bubble/latch.go", `	l.awaited.Store(true)
	switch {`, `	open := l.IsOpen()
	l.awaited.Store(true)
	switch {`}, {"internal/bubble/latch.go", `	case l.IsOpen():`, `	case open:`}},
		tests: []string{"./internal/bubble TestLatchAtOnce"},
	},
	{
		name:  "those of a bubble wait as if for the network, and its clock stands still",
		edits: []edit{{"internal/bubble/latch.go", `	case here == l.Owner:`, `	case here == l.Owner && here == 0:`}},
		tests: []string{"./internal/bubble TestLatchWithin"},
		args:  []string{"-timeout=20s"},
	},
	{
		name:  "those of another bubble wait on the owner's channel",
		edits: []edit{{"internal/bubble/latch.go", `	case here == l.Owner:`, `	case here == here:`}},
		tests: []string{"./internal/bubble TestLatchAcross"},
		args:  []string{"-timeout=20s"},
	},
	{
		name:  "a bubble's waiter does not look for what is done outside",
		edits: []edit{{"internal/bubble/cond.go", `	if l.in == 0 {`, `	if l.in >= 0 {`}},
		tests: []string{"./internal/bubble TestCondFromOutside"},
	},
	{
		name:  "somebody wakes a waiter of another bubble",
		edits: []edit{{"internal/bubble/cond.go", `w.bubble == 0 || w.bubble == from`, `w.bubble >= 0 || w.bubble == from`}},
		tests: []string{"./internal/bubble TestCondFromOutside"},
	},
	{
		name: "the callbacks of a bubble are called by whoever comes first",
		edits: []edit{{"internal/callback/callback.go", `	if id == 0 {
`, `	if id >= 0 {
`}},
		tests: []string{"./internal/callback TestInBubbles"},
		args:  []string{"-timeout=30s"},
	},
	{
		name:  "each callback that blocks takes the whole patience of those behind",
		edits: []edit{{"internal/callback/callback.go", `patience/time.Duration(late+1)`, `patience/time.Duration(late-late+1)`}},
		tests: []string{"./internal/callback TestManyBlockedCalls"},
	},
	{
		name: "nobody counts down the calls that were late",
		edits: []edit{{"internal/callback/lane.go", `		l.late-- // its call took long, and another goroutine took over
`, ``}},
		tests: []string{"./internal/callback TestTurn"},
	},
	{
		name:  "upkeep of a bubble's containers runs outside",
		edits: []edit{{"internal/gcclock/bubble.go", `	if here != b.id && b.alive.Value() != nil {`, `	if false {`}},
		tests: []string{"./internal/gcclock TestUpkeepStaysInItsBubble"},
	},
	{
		name:  "upkeep of a bubble's containers ends with the bubble",
		edits: []edit{{"internal/gcclock/bubble.go", `	if here != b.id && b.alive.Value() != nil {`, `	if here != b.id {`}},
		tests: []string{"./internal/gcclock TestUpkeepStaysInItsBubble"},
		args:  []string{"-timeout=60s"},
	},
	{
		name:  "upkeep keeps a bubble's clock going for ever",
		edits: []edit{{"internal/gcclock/bubble.go", `			b.runAfter(2*d, t)`, `			b.runAfter(d, t)`}},
		tests: []string{"./internal/gcclock TestBubbleMayDeadlock"},
		args:  []string{"-timeout=20s"},
	},
	{
		name:  "the clock trusts a signal that came early",
		edits: []edit{{"internal/gcclock/signals.go", ` || queued-s.queued >= fewCleanups`, ``}},
		tests: []string{"./internal/gcclock TestSignals"},
	},
	{
		name:  "the clock takes the signal of a cycle before for that of the last",
		edits: []edit{{"internal/gcclock/signals.go", `	if armed+1 >= s.cycle {`, `	if armed <= s.cycle {`}},
		tests: []string{"./internal/gcclock TestSignals"},
	},
	{
		name: "what goroutines wait for with a context does not count",
		edits: []edit{{"internal/waits/waits.go", `	w.behalf.add(works, 1)
`, `	w.behalf = nil
`}},
		tests: []string{"./internal/waits"},
	},
	{
		name:  "a wait for what is done counts",
		edits: []edit{{"internal/waits/waits.go", `func (w *Work) Done() { w.owner.Store(done) }`, `func (w *Work) Done() {}`}},
		tests: []string{"./internal/waits TestNoCircle"},
	},
	{
		name:  "a goroutine forgets what it waits for as an inner wait ends",
		edits: []edit{{"internal/waits/waits.go", `	if w.outer != nil {`, `	if false {`}},
		tests: []string{"./internal/waits TestNoCircle"},
	},
	{
		name: "the error of a finalizer that outlives Shutdown's context is lost",
		edits: []edit{{"finalizer.go", `	if got {
		r.of.log(err)
	}`, `	_ = got`}},
		tests: []string{". TestErrorAfterShutdownGaveUp"},
	},
	{
		name:  "Shutdown does not wait for callbacks",
		edits: []edit{{"finalizer.go", `why = callback.Drain(ctx); why`, `why = ctx.Err(); why`}},
		tests: []string{". TestShutdownDrainsCallbacks", ". TestShutdown"},
	},
	{
		name:  "a callback that shuts down waits for itself",
		edits: []edit{{"finalizer.go", `	if callback.Inside(ctx) {`, `	if false {`}},
		tests: []string{". TestShutdownFromACallback"},
		args:  []string{"-timeout=20s"},
	},
	{
		name:  "finalizers that are to run again at Shutdown are called first",
		edits: []edit{{"pending.go", `	for older != nil && older.number > f.number {`, `	for false {`}},
		tests: []string{". TestAtShutdownAgain"},
	},
	{
		name:  "a finalizer that was stopped after its object's death takes others with it",
		edits: []edit{{"pending.go", `		f.previous.next = f.next`, `		f.previous.next = nil`}},
		tests: []string{". TestStoppingInAnyOrder"},
	},
	{
		name:  "a queue of no length drops everything",
		edits: []edit{{"queue.go", `	case q.Limit < 0:`, `	case false:`}},
		tests: []string{". TestQueueLimit"},
	},
	{
		name:  "a queue's limit may change",
		edits: []edit{{"queue.go", `	case q.Limit != q.given:`, `	case false:`}},
		tests: []string{". TestQueueLimit"},
	},
	{
		name:  "Clone sees the bytes of InternBytes' caller",
		edits: []edit{{"interner.go", `in.Clone(owned())`, `in.Clone(v)`}},
		tests: []string{". TestInternBytesGivesCloneItsOwn"},
	},
	{
		name:  "Clone may change the value",
		edits: []edit{{"interner.go", `		if clone != v && v == v {`, `		if false {`}},
		tests: []string{". TestCloneMustNotChangeTheValue"},
	},
	{
		name: "who waits for deaths alone is taken for a deadlock",
		edits: []edit{{"queue.go", `		defer stayAwake()()
`, ``}},
		tests: []string{". TestWaitingForDeathsIsNoDeadlock"},
	},
}
