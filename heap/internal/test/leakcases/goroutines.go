//lint:file-ignore U1000 what only holds something is not used otherwise

package main

import (
	"context"
	"iter"
	"runtime"
	"strings"
	"sync"
	"time"
)

var (
	block    = make(chan struct{})
	never1   = make(chan int)
	never2   = make(chan *Target)
	unbuf    = make(chan *Target)
	starting sync.WaitGroup // goroutines that are not yet where they belong
	stop     bool
	next     func() (*Target, bool)
	cond     = sync.NewCond(new(sync.Mutex))
	locked   sync.Mutex
	group    sync.WaitGroup
)

// settled says whether all goroutines have come to where they wait.
func settled(stacks string) bool {
	for _, g := range strings.Split(stacks, "\n\n") {
		header, _, _ := strings.Cut(g, "\n")
		if strings.Contains(header, "[runnable") && !strings.Contains(g, ".spin(") {
			return false
		}
	}
	return true
}

//go:noinline
func goroutines() {
	t := held("captured by a goroutine", `goroutine N [chan receive] main.goroutines.func1 (goroutines.go:@capture) t`)
	go func() {
		<-block // @capture
		use(t)
	}()
	arg := held("argument of a goroutine", `goroutine N [chan receive] main.worker (goroutines.go:@worker) t`)
	go worker(arg)
	go localVar(1, 2)
	go stackObject()
	go outerFrame()
	go deferHolder()
	go openDefer()
	go closureInFrame()
	go mapInFrame()
	go structInFrame()
	go arrayInFrame()
	holdShaped()
	sent := held("value of a blocked send", `goroutine N [chan send] main.goroutines.func2 (goroutines.go:@send) sending captures sent`)
	go func() {
		unbuf <- sent // @send
	}()
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), ctxKey{}, held("context of a goroutine", `goroutine N [chan receive] main.goroutines.func3 (goroutines.go:@done) ctx.Value(main.ctxKey{}).(*main.Target)`)))
	_ = cancel
	go func() {
		<-ctx.Done() // @done
		use(ctx)
	}()
	go selecting(context.Background())
	go waiting()
	locked.Lock()
	go locking()
	group.Add(1)
	go joining()
	go sleeping()
	go ranging()
	go iterating()
	go inlinedHolder()
	go recursive(10, nil)
	pulling()
	tickers()
	go (&server{t: held("receiver of a goroutine's method", `goroutine N [chan receive] main.(*server).run (goroutines.go:@method) s.t`)}).run()
	starting.Add(1)
	go spin(held("goroutine that runs", `goroutine N [runnable] main.spin (goroutines.go:@spin1) t || goroutine N [runnable] main.spin (goroutines.go:@spin2) t`))
	go genericWorker(held("generic goroutine", `goroutine N [chan receive] main.genericWorker[...] (goroutines.go:@generic) v`))
}

type server struct{ t *Target }

//go:noinline
func (s *server) run() {
	<-block // @method
	use(s.t)
}

//go:noinline
func worker(t *Target) {
	<-block // @worker
	use(t)
}

//go:noinline
func genericWorker[T any](v *T) {
	<-block // @generic
	use(v)
}

//go:noinline
func localVar(a, b int) {
	t := held("local variable", `goroutine N [chan receive] main.localVar (goroutines.go:@local) t`)
	<-block // @local
	use(t)
	use(a + b)
}

type frameObj struct {
	n int
	t *Target
	q [3]*Target
}

//go:noinline
func stackObject() {
	var f frameObj
	f.set("struct on the stack", `goroutine N [chan receive] main.stackObject (goroutines.go:@stackobj) f.t`)
	<-block // @stackobj
	f.touch()
}

//go:noinline
func (f *frameObj) set(name, want string) { f.t = held(name, want) }

//go:noinline
func (f *frameObj) touch() { f.n++ }

// The struct is in outerFrame's frame, but only innerFrame's pointer keeps it in
// use.
//
//go:noinline
func outerFrame() {
	var f frameObj
	innerFrame(&f) // @outer
}

//go:noinline
func innerFrame(f *frameObj) {
	f.set("struct in the caller's frame", `goroutine N [chan receive] main.outerFrame (goroutines.go:@outer) f.t`)
	<-block
	f.touch()
	use(f.t)
}

//go:noinline
func deferHolder() {
	t := held("deferred call", `goroutine N [chan receive] main.deferHolder (goroutines.go:@deferred) deferred call → func main.deferHolder.func1 captures t`)
	for range 2 { // in a loop, so that it is on the heap
		defer func() { use(t) }()
	}
	<-block // @deferred
}

//go:noinline
func openDefer() {
	t := held("open-coded defer", `goroutine N [chan receive] main.openDefer (goroutines.go:@opendefer) deferred call (goroutines.go:@deferred2)?.(*main.Target)`)
	defer use(t) // @deferred2
	<-block      // @opendefer
}

//go:noinline
func closureInFrame() {
	t := held("captured by a deferred func", `goroutine N [chan receive] main.closureInFrame (goroutines.go:@closureframe) → func main.closureInFrame.func1 captures t`)
	defer func() { use(t) }()
	<-block // @closureframe
}

//go:noinline
func mapInFrame() {
	r := &struct{ m map[string]*Target }{map[string]*Target{}}
	t := held("entry of a map in a frame", `goroutine N [chan receive] main.mapInFrame (goroutines.go:@mapframe) local map[string]*main.Target["a"]`)
	r.m["a"] = t
	use(t.Label)
	<-block // @mapframe
	runtime.KeepAlive(r)
}

// shaped is held by generic code, which knows its shape only. What knows the types of its
// entries is further away.
type shaped[T any] struct {
	head *shapedEntry[T]
	name string
}

type shapedEntry[T any] struct {
	value T
	next  *shapedEntry[T]
	_     [3]int
}

type shapedItem struct {
	_    [9]int
	text *string
}

type far struct {
	next    *far
	entries []*shapedEntry[*shapedItem]
}

var shapedEntries = &far{}

func holdShaped() {
	r := &shaped[*shapedItem]{}
	for range 50 {
		r.head = &shapedEntry[*shapedItem]{value: &shapedItem{text: new(string)}, next: r.head}
		shapedEntries.entries = append(shapedEntries.entries, r.head)
	}
	for range 60 {
		shapedEntries = &far{next: shapedEntries}
	}
	go r.hold()
}

//go:noinline
func (r *shaped[T]) hold() {
	<-block
	runtime.KeepAlive(r)
}

type frameBox struct {
	n     [7]int
	inner struct{ t *Target }
}

//go:noinline
func structInFrame() {
	b := &frameBox{}
	func() {
		t := held("field of a struct in a frame", `goroutine N [chan receive] main.structInFrame (goroutines.go:@boxframe) local main.frameBox.inner.t?`)
		b.inner.t = t
	}()
	<-block // @boxframe
	runtime.KeepAlive(b)
}

//go:noinline
func arrayInFrame() {
	s := make([]*Target, 3)
	t := held("element of a slice in a frame", `goroutine N [chan receive] main.arrayInFrame (goroutines.go:@arrayframe) s[1]?`)
	s[1] = t
	<-block // @arrayframe
	runtime.KeepAlive(s)
}

//go:noinline
func selecting(ctx context.Context) {
	t := held("select on several channels", `goroutine N [select] main.selecting (goroutines.go:@select) t`)
	select { // @select
	case n := <-never1:
		use(n)
	case v := <-never2:
		use(v)
	case <-ctx.Done():
	case <-block:
	}
	use(t)
}

//go:noinline
func waiting() {
	t := held("sync.Cond", `goroutine N [sync.Cond.Wait] main.waiting (goroutines.go:@cond) t`)
	cond.L.Lock()
	for !stop {
		cond.Wait() // @cond
	}
	use(t)
}

//go:noinline
func locking() {
	t := held("sync.Mutex", `goroutine N [sync.Mutex.Lock] main.locking (goroutines.go:@mutex) t`)
	locked.Lock() // @mutex
	use(t)
}

//go:noinline
func joining() {
	t := held("sync.WaitGroup", `goroutine N [sync.WaitGroup.Wait] main.joining (goroutines.go:@group) t`)
	group.Wait() // @group
	use(t)
}

//go:noinline
func sleeping() {
	t := held("time.Sleep", `goroutine N [sleep] main.sleeping (goroutines.go:@sleep) t`)
	time.Sleep(time.Hour) // @sleep
	use(t)
}

//go:noinline
func ranging() {
	t := held("range over a channel", `goroutine N [chan receive] main.ranging (goroutines.go:@range) t`)
	for n := range never1 { // @range
		use(n)
	}
	use(t)
}

// The body of a range over a function is a function of its own.
//
//go:noinline
func iterating() {
	t := held("body of a range over a function", `goroutine N [chan receive] main.iterating (goroutines.go:@iterate) t`)
	for i := range numbers() { // @iterate
		<-block
		use(i)
	}
	use(t)
}

//go:noinline
func numbers() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}
}

// A pulled iterator is a coroutine with a stack of its own.
//
//go:noinline
func pulling() {
	next, _ = iter.Pull(produce)
	next()
}

//go:noinline
func produce(yield func(*Target) bool) {
	t := held("coroutine of iter.Pull", `goroutine N [coroutine] main.produce (goroutines.go:@pull) t`)
	for yield(nil) { // @pull
	}
	use(t)
}

//go:noinline
func tickers() {
	t := held("goroutine of a ticker", `goroutine N [chan receive] main.tickers.func1 (goroutines.go:@ticker) t`)
	tick := time.NewTicker(time.Hour)
	go func() {
		for range tick.C { // @ticker
			use(t)
		}
	}()
}

func wait(t *Target) {
	<-block
	use(t)
}

//go:noinline
func inlinedHolder() {
	t := held("argument of an inlined call", `goroutine N [chan receive] main.inlinedHolder (goroutines.go:@inlined) t`)
	wait(t) // @inlined
}

//go:noinline
func recursive(depth int, t *Target) {
	if depth == 5 {
		t = held("frame of a recursion", `goroutine N [chan receive] main.recursive (goroutines.go:@recursive) t`)
	}
	if depth == 0 {
		<-block
		return
	}
	recursive(depth-1, t) // @recursive
	use(t)
}

//go:noinline
func spin(t *Target) {
	starting.Done()
	n := 0
	for !stop { // @spin1
		n += int(t.pad[3]) + 1 // @spin2
	}
	use(n)
	use(t.Self)
}
