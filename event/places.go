package event

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/internal/goid"
)

// places tells which handlers of a bus are running, so that Close can wait for
// them. A goroutine that calls handlers takes a place and writes there, before each
// handler, whose it is; then it looks whether that subscription has ended. Close
// first ends the subscription and then looks at the places. Whatever the order,
// either the goroutine sees the end, or Close sees the handler: both sides write
// before they read, and atomic operations are ordered. That one ordered write is most
// of what a publish costs beyond the bare loop; see docs/decisions/0052.
type places struct {
	// closing is how many goroutines wait for a handler of this bus.
	closing atomic.Int32
	few     [8]place
	more    atomic.Pointer[place] // if so many publish at once; never removed
}

// place is a goroutine that calls handlers. Its counters are those of all who have
// had it.
type place struct {
	goroutine atomic.Uintptr // 0: free
	current   atomic.Uintptr // address of the subscription whose handler may be running
	published atomic.Uint64
	delivered atomic.Uint64
	next      *place
	_         [64 - 2*unsafe.Sizeof(uintptr(0)) - 16 - unsafe.Sizeof(uintptr(0))]byte // a cache line each
}

// take gives the goroutine a place of its own, until it calls leave.
func (p *places) take() *place {
	me := goid.Current()
	start := uint32(me) * 0x9E3779B1 >> 16
	for i := range uint32(len(p.few)) {
		if at := &p.few[(start+i)%uint32(len(p.few))]; at.goroutine.CompareAndSwap(0, me) {
			return at
		}
	}
	for at := p.more.Load(); at != nil; at = at.next {
		if at.goroutine.CompareAndSwap(0, me) {
			return at
		}
	}
	at := new(place)
	at.goroutine.Store(me)
	for {
		at.next = p.more.Load()
		if p.more.CompareAndSwap(at.next, at) {
			return at
		}
	}
}

// leave gives a place back.
func (p *places) leave(at *place) {
	at.goroutine.Store(0)
	p.moved()
}

// moved is called when a goroutine has done with a handler.
func (p *places) moved() {
	if p.closing.Load() != 0 {
		closers.wake()
	}
}

// all yields the places that are taken.
func (p *places) all(yield func(*place) bool) {
	for i := range p.few {
		if p.few[i].goroutine.Load() != 0 && !yield(&p.few[i]) {
			return
		}
	}
	for at := p.more.Load(); at != nil; at = at.next {
		if at.goroutine.Load() != 0 && !yield(at) {
			return
		}
	}
}

func (p *places) counts() (published, delivered uint64) {
	add := func(at *place) {
		published += at.published.Load()
		delivered += at.delivered.Load()
	}
	for i := range p.few {
		add(&p.few[i])
	}
	for at := p.more.Load(); at != nil; at = at.next {
		add(at)
	}
	return published, delivered
}

// address is what a place says of a subscription. The collector does not move it, and
// whoever compares addresses holds it.
func address(s *Subscription) uintptr { return uintptr(unsafe.Pointer(s)) }

// closers is all goroutines of the process that wait in Close. They are few and
// rare; one lock for all lets them see whether they wait for each other.
var closers = waiters{on: make(map[uintptr]*Subscription)}

type waiters struct {
	mu    sync.Mutex
	moved sync.Cond // some handler has returned; L is mu
	on    map[uintptr]*Subscription
}

func init() { closers.moved.L = &closers.mu }

func (w *waiters) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moved.Broadcast()
}

// await returns when no handler of a subscription that has ended is running, or
// when waiting for it would not end.
func (c *core) await(s *Subscription) {
	me := goid.Current()
	if !mustAwait(s, me, nil) {
		return
	}
	closers.mu.Lock()
	defer closers.mu.Unlock()
	c.running.closing.Add(1) // before looking, so that whoever moves on after that wakes us
	defer c.running.closing.Add(-1)
	closers.on[me] = s
	defer delete(closers.on, me)
	for mustAwait(s, me, closers.on) {
		closers.moved.Wait()
	}
}

// mustAwait reports whether a handler of s runs elsewhere, and can end before the
// goroutine me goes on. on says who waits for what.
func mustAwait(s *Subscription, me uintptr, on map[uintptr]*Subscription) bool {
	running := false
	for at := range s.core.running.all {
		if at.current.Load() != address(s) {
			continue
		}
		g := at.goroutine.Load()
		if g == me || leadsTo(g, me, on, len(on)) {
			return false
		}
		running = running || g != 0
	}
	return running
}

// leadsTo reports whether goroutine g waits for me, directly or through others.
func leadsTo(g, me uintptr, on map[uintptr]*Subscription, depth int) bool {
	s := on[g]
	if s == nil || depth == 0 {
		return false
	}
	for at := range s.core.running.all {
		if at.current.Load() != address(s) {
			continue
		}
		if next := at.goroutine.Load(); next == me || leadsTo(next, me, on, depth-1) {
			return true
		}
	}
	return false
}
