package main

func init() { faults = append(faults, concat(poolFaults, lostFaults, treeFaults)...) }

var poolFaults = []fault{
	{
		name: "a walk does not keep the node whose tree it walks",
		edits: []edit{{"tree/walk.go", `					runtime.KeepAlive(n)
					return
`, `					_ = runtime.KeepAlive
					return
`}},
		tests: []string{"./tree TestWalksKeepTheRoot"},
	},
	{
		name: "the handles of a pool own what the resource owns",
		edits: []edit{{"rc/strong.go", `	b := &block[T]{shares: shares{word: word{v: 1}}, drop: drop, v: v}
	return newStrong(b, lease(b))`, `	return New(v, drop)`}},
		tests: []string{"./rc TestPoolOwner"},
	},
	{
		name:  "a pool does not close what its resource owned",
		edits: []edit{{"rc/pool.go", `		c.drop(ownerOf(&e.value), func`, `		c.drop(nil, func`}},
		tests: []string{"./rc TestPoolOwner"},
	},
	{
		name: "a handle of a pool is told of by the stack of Open's goroutine",
		edits: []edit{{"rc/pool.go", `			w.s.madeHere()
`, ``}},
		tests: []string{"./rc TestPoolHandles"},
	},
	{
		name: "a handle left open fails all later tests",
		edits: []edit{{"rc/track.go", `			r.told = true
`, ``}},
		tests: []string{"./rc TestVerifyNone"},
	},
	{
		name:  "a handle that was told of is told of again once it is collected",
		edits: []edit{{"rc/track.go", `	if !r.told {`, `	if true {`}},
		tests: []string{"./rc TestVerifyNone"},
	},
	{
		name:  "the baseline of VerifyNone is ignored",
		edits: []edit{{"rc/track.go", `!r.told && !known[r.id]`, `!r.told`}},
		tests: []string{"./rc TestVerifyNone"},
	},
	{
		name: "the records of a block fall off its list",
		edits: []edit{{"rc/track.go", `		t.blocks[r.of] = r.next
`, `		delete(t.blocks, r.of)
`}},
		tests: []string{"./rc TestRecordsOfABlock"},
	},
	{
		name: "the context of a resource ends before Close",
		edits: []edit{{"rc/pool.go", `	defer p.closed(key, e)
`, `	defer p.closed(key, e)
	e.life.end()
`}},
		tests: []string{"./rc TestPoolLifetime"},
	},
	{
		name: "the context of a resource never ends",
		edits: []edit{{"rc/pool.go", `	defer e.life.end()
`, ``}},
		tests: []string{"./rc TestPoolLifetime"},
	},
	{
		name: "a Get that waits for itself waits for ever",
		edits: []edit{{"rc/pool.go", `	if !ok {
		return weakref.ErrDeadlock
	}
	defer w.Leave()
`, `	if ok {
		defer w.Leave()
	}
`}},
		tests: []string{"./rc TestPoolDeadlocks"},
		args:  []string{"-timeout=30s"},
	},
	{
		name:  "a timer of a bubble is stopped outside of it",
		edits: []edit{{"rc/pool.go", `	if e.timer != nil && reaches(e.where) {`, `	if e.timer != nil {`}},
		tests: []string{"./rc TestPoolAcrossBubbles"},
	},
	{
		name:  "the context of an Open in a bubble is cancelled outside of it",
		edits: []edit{{"rc/pool.go", `	if last && reaches(where) {`, `	if last && (reaches(where) || true) {`}},
		tests: []string{"./rc TestPoolAcrossBubbles"},
	},
	{
		name:  "the context of a resource of a bubble is cancelled outside of it",
		edits: []edit{{"rc/lifetime.go", `	if cancel != nil && reaches(made) {`, `	if cancel != nil && (reaches(made) || true) {`}},
		tests: []string{"./rc TestPoolAcrossBubbles"},
	},
	{
		name: "a hook that ends the goroutine of Open leaves those who wait waiting",
		edits: []edit{{"rc/pool.go", `		defer func() { p.opened(key, e, v, err) }()
		e.cancel()
		if !returned {
			callFailed(&err, reflect.TypeFor[V](), r)
		}
`, `		e.cancel()
		if !returned {
			callFailed(&err, reflect.TypeFor[V](), r)
		}
		p.opened(key, e, v, err)
`}},
		tests: []string{"./rc TestPoolUserCode"},
		args:  []string{"-timeout=30s"},
	},
	{
		name: "a drop function that ends the goroutine leaves what the value owns",
		edits: []edit{{"rc/cascade.go", `	defer c.finish()
	begin(c)`, `	begin(c)`}},
		tests: []string{"./rc TestEndsOfUserCode"},
	},
	{
		name: "Handles that ends the goroutine keeps the value from being dropped",
		edits: []edit{{"rc/cascade.go", `	defer func() { c.fail(drop()) }()
	if o == nil {
		return
	}`, `	if o == nil {
		c.fail(drop())
		return
	}`}, {"rc/cascade.go", `		return true
	}))
}`, `		return true
	}))
	c.fail(drop())
}`}},
		tests: []string{"./rc TestEndsOfUserCode"},
	},
}

var lostFaults = []fault{
	{
		name: "Shutdown does not wait for what is dropped because its handles were lost",
		edits: []edit{{"rc/anchor.go", `callback.Go(lostHandles{}, func() { s.lessee.lost(s) })`, `go s.lessee.lost(s)`}, {"rc/anchor.go", `
	"github.com/weakref-go/weakref/internal/callback"
`, ``}},
		tests: []string{"./rc TestShutdown"},
	},
}

var treeFaults = []fault{
	{
		name: "the children of a decoded tree are moved one by one",
		edits: []edit{{"tree/json.go", `	n.adopt(root)
`, `	for _, c := range n.Path()[n.Depth()].children() {
		n.kids.remove(n.kids.index(c))
		c.parent = nil
	}
	for f := root.take(); ; {
		c := f.next()
		if c == nil {
			break
		}
		root.take()
		n.Append(c)
	}
`}},
		tests: []string{"./tree TestWide"},
		args:  []string{"-timeout=60s"},
	},
	{
		name:  "the parent of decoded children is a node that nobody has",
		edits: []edit{{"tree/change.go", `n.kids.anchor.node = unsafe.Pointer(n)`, `_ = unsafe.Pointer(n)`}},
		tests: []string{"./tree TestJSON"},
	},
	{
		name:  "children that leave at the front move all others",
		edits: []edit{{"tree/kids.go", `	case i >= len(list)/2 || k.first == math.MaxInt32:`, `	case true:`}},
		tests: []string{"./tree TestEndsMoveNothing"},
	},
	{
		name: "room at the front is never used again",
		edits: []edit{{"tree/kids.go", `		k.spread() // children leave at the front and come at the end
`, `		k.slots = slices.Grow(k.slots, 1)
`}},
		tests: []string{"./tree TestQueueOfChildren"},
	},
	{
		name:  "a list that an iterator has taken is changed",
		edits: []edit{{"tree/kids.go", `	if k.shared.Load() {`, `	if false {`}},
		tests: []string{"./tree"},
	},
	{
		name: "before nil is before the first",
		edits: []edit{{"tree/change.go", `	if mark == nil || n.kids == nil || mark.parent != n.kids.self {
		return ErrNotChild
	}`, `	if mark == nil {
		return n.Insert(places, child)
	}
	if n.kids == nil || mark.parent != n.kids.self {
		return ErrNotChild
	}`}},
		tests: []string{"./tree TestEdges"},
	},
	{
		name:  "a function given to SortFunc that changes the children loses some",
		edits: []edit{{"tree/change.go", `	if !slices.Equal(was, n.children()) {`, `	if false {`}},
		tests: []string{"./tree TestUserCode"},
	},
	{
		name: "a label that changes the tree finds a list half changed",
		edits: []edit{{"tree/print.go", `		list := c.take().list
`, `		list := c.children()
`}},
		tests: []string{"./tree TestUserCode"},
	},
	{
		name: "after a value that cannot be encoded the others are tried",
		edits: []edit{{"tree/json.go", `		return err
	}, func`, `		_ = err
		return nil
	}, func`}},
		tests: []string{"./tree TestWriteErrors"},
	},
}
