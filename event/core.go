package event

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/usercode"
)

// core is a bus in use. It is apart from the Bus, for listeners and queues refer to it.
//
//	list ──► n │ s │ s │   │ s │ s │ s │░░░│░░░│
//	             ▲       ▲               └ not used yet: n grows when s is there
//	             │       └ a hole: closed or dead
//	index: owner, handler ──► place
//
// A publish walks the first n places of the list that it found and takes no lock.
// A place is written once and emptied once; where there are too many holes, or no
// place is left, the list is replaced, and the index with it.
type core[E any] struct {
	name     string
	onPanic  func(Listener, *weakref.PanicError)
	onActive func(bool)
	notices  *callback.Queue[Listener] // nil without OnCollect; apart, for it outlives the bus

	grace  grace
	list   atomic.Pointer[list[E]] // replaced under mu
	live   atomic.Int64            // listeners in the list; written under mu
	queues atomic.Bool             // there has been a listener with a queue
	closed atomic.Bool             // no listener may be added; written under mu

	mu      sync.Mutex
	holes   int  // in the list
	active  bool // what onActive was told last
	telling bool // somebody is calling onActive

	handled   atomic.Uint64 // events from queues
	dropped   atomic.Uint64
	panics    atomic.Uint64
	collected atomic.Uint64
	unreached atomic.Uint64
}

// fewHoles is how many holes are not worth replacing a list for.
const fewHoles = 32

// snapshot returns the listeners of now, in order. Some may be nil.
func (c *core[E]) snapshot() []atomic.Pointer[listener[E]] {
	l := c.list.Load()
	n := l.n.Load()
	if l.unsorted.Load() { // after n: whoever adds out of order says so first
		return c.sort()
	}
	return l.subs[:n]
}

func (c *core[E]) sort() []atomic.Pointer[listener[E]] {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.list.Load()
	if l.unsorted.Load() {
		l = c.rebuildLocked()
	}
	return l.subs[:l.n.Load()]
}

// add adds a listener whose owner the caller holds, and returns it or the one that was
// there before.
func (c *core[E]) add(s *listener[E]) *listener[E] {
	c.mu.Lock()
	l := c.list.Load()
	was := l.find(s.key)
	switch {
	case c.closed.Load():
		s.state.Or(ended)
	case was == nil:
		if l.n.Load() == int64(len(l.subs)) {
			l = c.rebuildLocked()
		}
		l.add(s)
		c.live.Add(1)
	}
	c.mu.Unlock()
	if was != nil {
		return was
	}
	c.tell()
	return s
}

// remove removes a listener that the caller has ended, and what it had queued.
func (c *core[E]) remove(s *listener[E]) {
	s.endQueues()
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.list.Load()
	if int(s.index) >= len(l.subs) || !l.subs[s.index].CompareAndSwap(s, nil) {
		return // all have been removed
	}
	c.live.Add(-1)
	if c.holes++; c.holes > int(l.n.Load())/2+fewHoles {
		c.rebuildLocked()
	}
}

// removeAll removes all listeners and returns them. None can be added if the bus is to be
// closed.
func (c *core[E]) removeAll(closed bool) (all []*listener[E]) {
	c.mu.Lock()
	all = slices.Collect(c.all)
	if closed {
		c.closed.Store(true) // before the list: who reaches nobody for that reason must see why
	}
	c.list.Store(newList[E](4))
	c.live.Store(0)
	c.holes = 0
	c.mu.Unlock()
	c.tell()
	return all
}

// rebuildLocked replaces the list by one in order, without holes and with room for as
// many again.
func (c *core[E]) rebuildLocked() *list[E] {
	all := slices.AppendSeq(make([]*listener[E], 0, c.live.Load()), c.all)
	if c.list.Load().unsorted.Load() {
		slices.SortFunc(all, func(a, b *listener[E]) int {
			return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.index, b.index))
		})
	}
	now := newList[E](2*len(all) + 4)
	for _, s := range all {
		now.add(s)
	}
	c.list.Store(now)
	c.holes = 0
	return now
}

// all yields the listeners that are not holes.
func (c *core[E]) all(yield func(*listener[E]) bool) {
	l := c.list.Load()
	for i := range l.n.Load() {
		if s := l.subs[i].Load(); s != nil && !yield(s) {
			return
		}
	}
}

// sweep removes the listeners that are dead, one at a time so that nobody waits long for
// the lock, and keeps nobody alive.
func (c *core[E]) sweep() (removed int) {
	var notices []Listener
	for s := range c.all {
		if handle.Addr[byte](s.owner) != 0 || !s.end() {
			continue
		}
		removed++
		c.collected.Add(1)
		if s.state.Load()&silent != 0 {
			c.unreached.Add(1)
		}
		if c.notices != nil {
			notices = append(notices, s.describe())
		}
		c.remove(s)
	}
	if len(notices) > 0 {
		c.notices.Push(notices)
	}
	if removed > 0 && c.onActive != nil {
		go c.tell() // the caller has other buses to search
	}
	return removed
}

// tell calls OnActive if it has not been told what is true now. One goroutine at a time
// does, so that the calls come in order.
func (c *core[E]) tell() {
	if c.onActive == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.telling && c.active != (c.live.Load() > 0) {
		c.active = !c.active
		c.tellLocked(c.active)
	}
}

// tellLocked calls OnActive without the lock.
func (c *core[E]) tellLocked(active bool) {
	c.telling = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.telling = false
	}()
	usercode.Log("OnActive", usercode.Do(func() error { c.onActive(active); return nil }), "bus", c.name)
}

// failed reports how a handler ended that did not return, and whether it ends its
// goroutine, which is its right. It is called by the deferred function that recovers.
func (c *core[E]) failed(s *listener[E], err error) (exits bool) {
	s.heard()
	p, panicked := err.(*usercode.Panic)
	if !panicked {
		return true
	}
	c.panics.Add(1)
	l := s.describe()
	usercode.Log("a handler", err, "bus", c.name, "listener", l.String())
	if c.onPanic != nil {
		usercode.Log("OnPanic", usercode.Do(func() error { c.onPanic(l, (*weakref.PanicError)(p)); return nil }), "bus", c.name)
	}
	return false
}

// flush returns when the publishes under way have ended and the queues of some listeners
// have handled what they had taken by then, or with the error of ctx.
func (c *core[E]) flush(ctx context.Context, all iter.Seq[*listener[E]]) error {
	_ = ctx.Err() // panics if ctx is nil, before it matters
	err := c.grace.wait(ctx)
	for s := range all {
		if err == nil {
			err = s.flush(ctx)
		}
	}
	return err
}
