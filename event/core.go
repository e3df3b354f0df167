package event

import (
	"sync"
	"sync/atomic"

	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/handle"
)

// core is a bus in use. It does not depend on the type of the events.
//
//	list ──► n │ s │ s │   │ s │ s │ s │░░░│░░░│
//	             ▲       ▲               └ not used yet: n grows when s is there
//	             │       └ a hole: closed or dead
//	index: owner, handler ──► place
//
// A publish walks the first n places of the list that it found and takes no lock.
// A place is written once and emptied once; where there are too many holes, or no
// place is left, the list is replaced, and the index with it.
type core struct {
	name    string
	onPanic func(*PanicError)
	onEmpty func()                    // called under no lock when retired has been set
	unfired *callback.Queue[Listener] // nil without OnUnfired; apart, for it outlives the bus

	list atomic.Pointer[list] // replaced under mu
	live atomic.Int64         // listeners in the list; written under mu

	mu      sync.Mutex
	holes   int  // in the list
	retired bool // it was empty and onEmpty is set: no listener may be added

	running places // who is calling handlers

	dropped     atomic.Uint64
	panics      atomic.Uint64
	died        atomic.Uint64
	diedUnfired atomic.Uint64
}

// fewHoles is how many holes are not worth replacing a list for.
const fewHoles = 32

// burial is how many of the dead are removed in one go under the lock, some 30 µs.
const burial = 256

func newCore(name string, onPanic func(*PanicError), onUnfired func(Listener)) *core {
	c := &core{name: name, onPanic: onPanic}
	c.list.Store(newList(4))
	if onUnfired != nil {
		c.unfired = &callback.Queue[Listener]{Call: onUnfired, What: name + ".OnUnfired"}
	}
	return c
}

// snapshot returns the subscriptions of now. Some may be nil.
func (c *core) snapshot() []atomic.Pointer[Subscription] {
	l := c.list.Load()
	return l.subs[:l.n.Load()]
}

// add adds a subscription whose owner the caller holds, and returns it or the one
// that was there before; false if the core has been retired.
func (c *core) add(s *Subscription) (_ *Subscription, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retired {
		return nil, false
	}
	l := c.list.Load()
	if was := l.find(s.key); was != nil {
		return was, true
	}
	if l.isFull() {
		l = c.rebuildLocked()
	}
	s.core = c
	l.add(s)
	c.live.Add(1)
	return s, true
}

// remove removes a subscription that the caller has ended.
func (c *core) remove(s *Subscription) {
	c.mu.Lock()
	c.removeLocked(s)
	empty := c.settleLocked()
	c.mu.Unlock()
	if empty {
		c.onEmpty()
	}
}

func (c *core) removeLocked(s *Subscription) {
	c.list.Load().subs[s.index].Store(nil)
	c.holes++
	c.live.Add(-1)
}

// settleLocked replaces the list if most of it is holes. It reports whether onEmpty
// must be called.
func (c *core) settleLocked() (empty bool) {
	if l := c.list.Load(); c.holes > int(l.n.Load())/2+fewHoles {
		c.rebuildLocked()
	}
	if c.onEmpty == nil || c.live.Load() > 0 || c.retired {
		return false
	}
	c.retired = true
	return true
}

// rebuildLocked replaces the list by one without holes and with room for as many
// again.
func (c *core) rebuildLocked() *list {
	now := newList(2*int(c.live.Load()) + 4)
	for s := range c.all {
		now.add(s)
	}
	c.list.Store(now)
	c.holes = 0
	return now
}

// all yields the subscriptions that are not holes.
func (c *core) all(yield func(*Subscription) bool) {
	subs := c.snapshot()
	for i := range subs {
		if s := subs[i].Load(); s != nil && !yield(s) {
			return
		}
	}
}

func (c *core) sweep() { c.sweepDead() }

// sweepDead removes the listeners that are dead. It searches without the lock, so
// that nobody waits, and keeps nobody alive.
func (c *core) sweepDead() (removed int) {
	var dead []*Subscription
	for s := range c.all {
		if handle.Addr[byte](s.owner) != 0 {
			continue
		}
		if dead = append(dead, s); len(dead) == burial {
			removed += c.bury(dead)
			dead = dead[:0]
		}
	}
	return removed + c.bury(dead)
}

// bury removes dead subscriptions, unless others have removed them meanwhile.
func (c *core) bury(dead []*Subscription) (removed int) {
	if len(dead) == 0 {
		return 0
	}
	var unfired []Listener
	c.mu.Lock()
	for _, s := range dead {
		if !s.end() {
			continue
		}
		c.removeLocked(s)
		removed++
		if s.state.Load()&fired == 0 {
			c.diedUnfired.Add(1)
			if c.unfired != nil {
				unfired = append(unfired, s.listener())
			}
		}
	}
	empty := c.settleLocked()
	c.mu.Unlock()

	c.died.Add(uint64(removed))
	for _, s := range dead {
		if s.queue != nil {
			s.queue.end()
		}
	}
	if len(unfired) > 0 {
		c.unfired.Push(unfired)
	}
	if empty {
		c.onEmpty()
	}
	return removed
}

func (c *core) report(st *Stats) {
	st.Len = int(c.live.Load())
	st.Capacity = len(c.list.Load().subs)
	st.Published, st.Delivered = c.running.counts()
	st.Dropped = c.dropped.Load()
	st.Panics = c.panics.Load()
	st.Died = c.died.Load()
	st.Unfired = c.diedUnfired.Load()
}
