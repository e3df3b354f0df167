// Package soft divides the memory that a process may use among caches that keep more than
// they must while there is some.
//
// # The law
//
// After each collection the live heap is compared with a target, which leaves room for
// garbage below the limit of the process (see memory.go):
//
//	                          hold
//	0 ────────────────────┬──────────┬───────────────────┬──────► live heap
//	         grow         │          │      shrink       │
//	                 0.97 target   target               room
//
// Below the band, half of what is missing is granted. A cache never gets more than what would
// lead to the target if all that is alive were its own, so an estimate of sizes that is too low
// by any factor does no harm. Above it, all caches lose the same part of what they hold
// above their floors: as much as is too much, but half at most, and seven eighths when there
// is next to no room. Between, a few per cent move to the caches that miss something.
//
// Two corrections make it settle. What has been let go of is alive until the next
// collection that begins after that, so it counts as gone before; without that, all
// would be let go of twice. And half of what the rest of the heap has grown by since the last
// collection is expected to come again.
//
// The live heap as of the last collection is the only signal without garbage in it. The
// time that collections take swings with what else the machine does, and free memory with
// what the collector has not done yet.
package soft

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	band     = 0.97            // of the target: from here on nothing grows
	most     = 0.5             // of what is above the floors goes in one collection
	mostSoon = 0.875           // if more than danger of the room is in use
	danger   = 0.95            //
	moved    = 0.03            // of what is above the floors goes to those who miss something
	factor   = 4               // by which a cache grows at most
	idle     = 5 * time.Minute // without a request, and a cache is on its way to its floor
)

// Memory is what the process has, in bytes.
type Memory struct {
	Cycle  uint64 // collections so far
	Live   int64  // heap alive after the last
	Goal   int64  // of the heap, at which the next one begins
	Room   int64  // that the heap may take, garbage included
	Target int64  // of the live heap
	At     time.Time
}

// source is where the figures come from.
type source interface {
	newest() uint64 // collection, as in read, which takes a thousand times as long
	read() Memory
	// token is called when something has been let go of. gone reports whether a collection
	// that began afterwards is over.
	token() (gone func() bool)
	collect()
}

// Use is what a cache does.
type Use struct {
	Held             int64   // the weight of what it holds
	Unit             float64 // bytes of a weight of 1
	Requests, Misses uint64  // so far
}

// Member is a cache.
type Member struct {
	of                 *Controller
	floor, most, start int64
	look               func() (Use, bool)
	limit              atomic.Int64

	Use           // at the last collection
	missed uint64 // between the last two
	usedAt time.Time
	idle   bool
}

// Controller is what caches share.
type Controller struct {
	source source

	mu      sync.Mutex
	members []*Member
	cycle   uint64
	rest    int64 // of the live heap, beside what members hold, at the last collection
	late    bool  // the next collection would come when there is no room any more
	cuts    []cut // that may not have had an effect
}

type cut struct {
	bytes int64
	gone  func() bool
}

// Process is the controller of the process.
var Process = &Controller{source: system{}}

// Join adds a cache that holds a weight of floor always, and of most if there is memory.
// From nothing it grows to start. look reports false if the cache is gone; it is called under
// a lock, and must not call the controller.
func (c *Controller) Join(floor, most, start int64, look func() (Use, bool)) *Member {
	m := &Member{of: c, floor: floor, most: most, start: start, look: look}
	m.limit.Store(floor)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = append(c.members, m)
	return m
}

// Limit returns what the cache may hold now.
func (m *Member) Limit() int64 { return m.limit.Load() }

// Cut notes that the cache has let go of a weight. Without a limit of the runtime's, the next
// collection comes when the heap is twice what was alive before, although less is now; if there
// is no room for that, one is made.
func (m *Member) Cut(weight int64) {
	c := m.of
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cuts = append(c.cuts, cut{int64(float64(weight) * m.Unit), c.source.token()})
	if c.late {
		c.late = false
		c.source.collect()
	}
}

// Pass sets the limits anew, if there was a collection since the last time. Each cache calls
// it after each collection, and one call has something to do.
func (c *Controller) Pass() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.source.newest() == c.cycle {
		return
	}
	c.cuts = slices.DeleteFunc(c.cuts, func(k cut) bool { return k.gone() }) // before live is read
	m := c.source.read()
	held, above := c.lookAtAll(m.At)
	live := m.Live
	for _, k := range c.cuts {
		live -= k.bytes
	}
	rest := live - int64(held)
	if c.cycle != 0 {
		live += max(0, rest-c.rest) / 2
	}
	c.cycle, c.rest, c.late = m.Cycle, rest, m.Goal > m.Room
	if live <= m.Target {
		c.spread(float64(live), float64(m.Target), above)
		return
	}
	part := most
	if float64(m.Live) > danger*float64(m.Room) {
		part = mostSoon
	}
	part = min(part, float64(live-m.Target)/max(1, above))
	for _, m := range c.members {
		m.set(m.floor + int64((1-part)*m.above()))
	}
}

// lookAtAll asks all members what they do, and forgets those that are gone. It returns how
// many bytes they hold, and how many of these above their floors.
func (c *Controller) lookAtAll(now time.Time) (held, above float64) {
	c.members = slices.DeleteFunc(c.members, func(m *Member) bool {
		last, alive := m.Use, false
		m.Use, alive = m.look()
		m.missed = m.Misses - last.Misses
		if m.Requests != last.Requests || m.usedAt.IsZero() {
			m.usedAt = now
		}
		m.idle = now.Sub(m.usedAt) >= idle
		held += float64(m.Held) * m.Unit
		above += m.above() * m.Unit
		return !alive
	})
	return held, above
}

// above is what a member holds above its floor.
func (m *Member) above() float64 { return float64(max(0, m.Held-m.floor)) }

func (m *Member) set(limit int64) {
	if m.idle {
		limit = min(limit, m.floor+int64(m.above()/2))
	}
	m.limit.Store(max(m.floor, min(limit, m.most)))
}

// spread divides half of what is free among the members by the bytes that they have missed
// of late, or, if that is little, a small part of what they hold above their floors.
func (c *Controller) spread(live, target, above float64) {
	pool, taken := (target-live)/2, 0.0
	if live >= band*target {
		pool, taken = moved*above, moved
	}
	shares := 0.0
	for _, m := range c.members {
		shares += float64(m.missed+1) * m.Unit
	}
	growth := min(factor-1, (target-live)/max(1, live))
	for _, m := range c.members {
		back := taken * m.above()
		grant := min(pool*float64(m.missed+1)/shares, growth*float64(m.Held)+back+float64(m.start))
		m.set(m.Held + int64(math.Round(grant-back)))
	}
}
