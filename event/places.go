package event

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/internal/goid"
)

// places tells which handlers of a bus are running, so that Close can wait for them.
//
// A goroutine that calls handlers takes a place and writes there, before each handler,
// whose it is; then it looks whether that subscription has ended. Close first ends the
// subscription and then looks at the places. For either the goroutine to see the end or
// Close to see the handler, both must write before they read, in the eyes of the other:
// Dekker's algorithm, which needs an expensive instruction on either side, between the
// write and the read. Close is rare and publishing is not, so the publisher does without,
// and Close pays for both:
//
//   - It counts itself in closing. A publisher that sees that is careful from its next
//     handler to the end of the publish: it writes with the expensive instruction, and
//     says so in careful.
//   - It waits for each publisher to be careful, or to have left. A publish that begins
//     after closing was raised sees it at once.
//   - A publisher whose handler takes its time will not be careful soon. Then Close
//     stops the world for an instant: what every goroutine wrote before is seen
//     afterwards, and what each reads afterwards is what was written before, closing
//     included.
//
// After that, what the places say is true. See docs/decisions/0052.
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
	current   uintptr        // address of the subscription whose handler may be running; see announce
	careful   atomic.Bool    // current is written atomically
	published atomic.Uint64
	delivered atomic.Uint64
	next      *place
	_         [16]byte // a cache line each
}

// patience is how often Close yields to a publisher before it stops the world, which
// takes some 20 µs and holds up all others.
const patience = 100

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
	if at.careful.Load() {
		at.careful.Store(false)
	}
	at.goroutine.Store(0)
	p.moved()
}

// set says what a careful goroutine is about to do.
func (at *place) set(s *Subscription) {
	if !at.careful.Load() {
		at.careful.Store(true)
	}
	atomic.StoreUintptr(&at.current, address(s))
}

// is reports whether the place says that a handler of s may be running.
func (at *place) is(s *Subscription) bool { return atomic.LoadUintptr(&at.current) == address(s) }

// settle returns when all places tell the truth, now and until closing is lowered. The
// caller has raised it.
func (p *places) settle(me uintptr) {
	for at := range p.all {
		g := at.goroutine.Load()
		for n := 0; g != me && at.goroutine.Load() == g && g != 0 && !at.careful.Load(); n++ {
			if n == patience {
				var m runtime.MemStats
				runtime.ReadMemStats(&m) // stops the world
				return
			}
			runtime.Gosched()
		}
	}
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
	c.running.closing.Add(1) // before looking, so that whoever moves on after that wakes us
	defer c.running.closing.Add(-1)
	c.running.settle(me)
	closers.mu.Lock()
	defer closers.mu.Unlock()
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
		if !at.is(s) {
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
		if !at.is(s) {
			continue
		}
		if next := at.goroutine.Load(); next == me || leadsTo(next, me, on, depth-1) {
			return true
		}
	}
	return false
}
