package main

var eventFaults = []fault{
	{
		name: "a bus that is closed reaches nobody before it says so",
		edits: []edit{{"event/core.go", `	if closed {
		c.closed.Store(true) // before the list: who reaches nobody for that reason must see why
	}
	c.list.Store(newList[E](4))
`, `	c.list.Store(newList[E](4))
	if closed {
		c.closed.Store(true)
	}
`}},
		tests: []string{"./event TestClosingIsNoticed"},
	},
	{
		name:  "CloseWait takes one phase for all publishes",
		edits: []edit{{"event/grace.go", `until := g.flips.Load() + 2`, `until := g.flips.Load() + 1`}},
		tests: []string{"./event TestCloseWait|TestPhases"},
	},
	{
		name:  "CloseWait does not look whether a phase has drained",
		edits: []edit{{"event/grace.go", `if !g.drained(now&1 ^ 1) {`, `if g.drained(now&1^1) && false {`}},
		tests: []string{"./event TestCloseWait|TestPhases"},
	},
	{
		name: "a publish that leaves wakes nobody",
		edits: []edit{{"event/grace.go", `	if g.waiting.Load() != 0 {
		g.ring()
	}`, `	if g.waiting.Load() < 0 {
		g.ring()
	}`}},
		tests: []string{"./event TestCloseWait$"},
	},
	{
		name: "a publish is not counted out when a handler ends its goroutine",
		edits: []edit{{"event/deliver.go", `	defer d.leave(at, phase) // also if a handler ends the goroutine
	d.subs = d.core.snapshot()
	d.rest(e)
`, `	d.subs = d.core.snapshot()
	d.rest(e)
	d.leave(at, phase)
`}},
		tests: []string{"./event TestGoexit"},
	},
	{
		name:  "a publish calls a listener that has ended, in an old list",
		edits: []edit{{"event/deliver.go", `if s.state.Load() != 0 || !plain {`, `if s.state.Load()&^ended != 0 || !plain {`}},
		tests: []string{"./event TestClosedInReplacedList"},
	},
	{
		name: "a handler that ends its goroutine keeps the event from the others",
		edits: []edit{{"event/deliver.go", `	exits := true
	defer func() {`, `	exits := false
	defer func() {`}, {"event/deliver.go", `	exits = d.core.failed(s, err)
`, `	d.core.failed(s, err)
`}},
		tests: []string{"./event TestGoexitGoesOn"},
	},
	{
		name: "a queue whose handler ends its goroutine stands still",
		edits: []edit{{"event/queue.go", `			defer callback.Go(q, q.run)
`, ``}},
		tests: []string{"./event TestQueuedPanicAndGoexit"},
	},
	{
		name: "queues that wait for each other are not found",
		edits: []edit{{"event/queue.go", `	q.work.Here()
`, ``}},
		tests: []string{"./event TestPublishToOwnFullQueue"},
	},
	{
		name: "who waits for room is not told of it",
		edits: []edit{{"event/queue.go", `	q.room.Signal()
`, ``}},
		tests: []string{"./event TestQueueKeepsOrder"},
	},
	{
		name: "who waits for room is not told of the end",
		edits: []edit{{"event/queue.go", `	q.room.Broadcast()
`, ``}},
		tests: []string{"./event TestWaitForRoom"},
	},
	{
		name:  "Flush does not wait for the handler that is running",
		edits: []edit{{"event/queue.go", ` >= last && (q.running == 0 || q.running > last)`, ` >= last`}},
		tests: []string{"./event TestFlushAndClose|TestWaitForRoom"},
	},
	{
		name: "what is published in a bubble goes to the queue of the process",
		edits: []edit{{"event/queue.go", `	if id == 0 {
		return q
	}`, `	if id >= 0 {
		return q
	}`}},
		tests: []string{"./event TestBubbleHasAQueue"},
	},
	{
		name: "a closed bus takes listeners",
		edits: []edit{{"event/core.go", `	case c.closed.Load():
		s.state.Or(ended)
`, ``}},
		tests: []string{"./event TestFlushAndClose"},
	},
	{
		name: "Bus.Close does not wait for the queues",
		edits: []edit{{"event/bus.go", `	err := c.flush(ctx, slices.Values(all))
`, `	err := c.flush(ctx, slices.Values(all[:0]))
`}},
		tests: []string{"./event TestFlushAndClose"},
	},
	{
		name: "a listener of a higher priority comes last",
		edits: []edit{{"event/list.go", `		l.unsorted.Store(true)
`, ``}},
		tests: []string{"./event TestPriority"},
	},
	{
		name:  "listeners of one priority are not in order",
		edits: []edit{{"event/core.go", `cmp.Compare(a.index, b.index)`, `cmp.Compare(b.index, a.index)`}},
		tests: []string{"./event TestPriority"},
	},
	{
		name:  "two goroutines call OnActive at once",
		edits: []edit{{"event/core.go", `for !c.telling && c.active`, `for c.active`}},
		tests: []string{"./event TestOnActive"},
		args:  []string{"-race"},
	},
	{
		name:  "the death of the last listener is not told",
		edits: []edit{{"event/core.go", `		go c.tell() // the caller`, `		c.grace.ring() // the caller`}},
		tests: []string{"./event TestOnActive"},
	},
	{
		name:  "a death is noticed, and OnCollect not called",
		edits: []edit{{"event/core.go", `	if len(notices) > 0 {`, `	if len(notices) > 1000 {`}},
		tests: []string{"./event TestOnCollect"},
	},
	{
		name: "every listener is said to have received nothing",
		edits: []edit{{"event/subscription.go", `		s.state.And(^uint32(silent))
`, `		s.state.And(^uint32(0))
`}},
		tests: []string{"./event TestOnCollect"},
	},
	{
		name:  "a new listener is taken for a dead one that was at its address",
		edits: []edit{{"event/list.go", ` && handle.Addr[byte](s.owner) == k.owner`, ` && handle.Addr[byte](s.owner) != 1`}},
		tests: []string{"./event TestNewOwnerAtOldAddress"},
	},
	{
		name: "the bus keeps its listeners",
		edits: []edit{{"event/subscription.go", `	w := handle.Weak[O](h)
	return func(e E) bool {
		owner := w.Value()`, `	owner := handle.Strong[O](h)
	return func(e E) bool {`}},
		tests: []string{"./event TestSubscriptionDoesNotKeep"},
	},
	{
		name: "a hub forgets a bus that has listeners",
		edits: []edit{{"event/hub.go", `				h.busy.Store(route, t)
`, ``}},
		tests: []string{"./event TestHub"},
	},
	{
		name: "a hub keeps a bus that has no listeners",
		edits: []edit{{"event/hub.go", `				h.busy.Delete(route)
`, ``}},
		tests: []string{"./event TestHub"},
	},
	{
		name:  "what has ended is subscribed again",
		edits: []edit{{"event/list.go", ` && s.state.Load()&ended == 0`, ``}},
		tests: []string{"./event TestEnding"},
	},
	{
		name: "a worker does not look whether the subscription has ended",
		edits: []edit{{"event/queue.go", `	if q.sub.state.Load()&ended != 0 {
		q.endLocked()
	}
`, ``}},
		tests: []string{"./event TestTakenThenEnded"},
	},
}
