package soft

import (
	"fmt"
	"testing"
	"time"
)

// process is a simulated process: a heap, a collector, and caches that are asked for many
// keys. Its collections are made by hand.
type process struct {
	*Controller
	limit, rest float64 // bytes
	caches      []*simCache
	cycle       uint64
	now         time.Time
	live        float64 // after the last collection
	most        float64 // that was ever alive
	forced      int
}

// simCache fills itself up to its limit.
type simCache struct {
	*Member
	held       int64
	unit, says float64 // bytes of a value; what it says that they are
	dying      int64   // let go of since the last collection, and before
	dead       int64
	stuck      bool // others hold its values
	held2      int64
	requests   uint64
	misses     uint64
	gone, idle bool
	demand     int64 // values that it loads between two collections
}

const mb = 1 << 20

func newProcess(limit float64) *process {
	p := &process{limit: limit, now: time.Now()}
	p.Controller = &Controller{source: p}
	return p
}

func (p *process) add(floor, most int64, unit, says float64) *simCache {
	c := &simCache{unit: unit, says: says, demand: 1 << 40}
	c.Member = p.Join(floor, most, 1024, func() (Use, bool) {
		return Use{Held: c.held, Unit: c.says, Requests: c.requests, Misses: c.misses}, !c.gone
	})
	p.caches = append(p.caches, c)
	return c
}

func (p *process) read() Memory {
	room, target := targets(p.limit, 100, 1e18, 0)
	return Memory{Cycle: p.cycle, Live: int64(p.live), Room: room, Target: target, At: p.now}
}

func (p *process) token() func() bool {
	made := p.cycle
	return func() bool { return p.cycle > made+1 } // a collection was under way
}

func (p *process) newest() uint64 { return p.cycle }

func (p *process) collect() { p.forced++ }

// collection is one: what was let go of before the one before it began is dead; the caches
// follow their limits, and fill up.
func (p *process) collection() {
	p.cycle++
	p.now = p.now.Add(time.Second)
	p.live = p.rest
	for _, c := range p.caches {
		if c.gone {
			continue
		}
		c.dead, c.dying = c.dying, 0
		p.live += float64(c.held+c.dead) * c.unit
		if c.stuck {
			p.live += float64(c.held2) * c.unit
		}
	}
	p.most = max(p.most, p.live)
	p.Pass()
	for _, c := range p.caches {
		if limit := c.Limit(); limit < c.held && !c.gone {
			cut := c.held - limit
			c.held = limit
			if c.stuck {
				c.held2 += cut
			} else {
				c.dying += cut
			}
			c.Cut(cut)
		}
	}
	for _, c := range p.caches {
		if !c.idle && !c.gone {
			more := min(max(0, c.Limit()-c.held), c.demand)
			c.held += more
			c.requests += uint64(more) + 1
			c.misses += uint64(more + min(c.demand, 1000)) // when it is full, others take their place
		}
	}
}

func (p *process) collections(n int) {
	for range n {
		p.collection()
	}
}

// part returns the live heap as a part of the target.
func (p *process) part() float64 { return p.live / float64(p.read().Target) }

func (p *process) within(t *testing.T, what string, low, top float64) {
	t.Helper()
	if part := p.part(); part < low || part > top {
		t.Errorf("%s: the live heap is %.3f of the target, want %.2f to %.2f", what, part, low, top)
	}
}

// TestSteady: a cache fills the heap to the target, and no further, however it errs about
// the sizes of its values.
func TestSteady(t *testing.T) {
	for _, says := range []float64{1, 0.125, 8, 0.001} {
		t.Run(fmt.Sprint(says), func(t *testing.T) {
			p := newProcess(512 * mb)
			p.rest = 64 * mb
			c := p.add(1000, 1e9, 16<<10, says*16*1024)
			p.collections(40)
			low := 0.93
			if says < 0.5 {
				low = 0.4 // it lets go of too much, and grows again
			}
			for range 40 {
				p.collection()
				p.within(t, "steady", low, 1.05)
			}
			if c.held < 1000 {
				t.Errorf("%d are held, fewer than Keep", c.held)
			}
			if p.most > 0.97*p.limit {
				t.Errorf("%.0f MB were alive", p.most/mb)
			}
		})
	}
}

// TestSteps: the rest of the heap grows by a fifth of the limit at once, and shrinks again.
func TestSteps(t *testing.T) {
	p := newProcess(512 * mb)
	p.rest = 64 * mb
	p.add(1000, 1e9, 16<<10, 16<<10)
	p.collections(40)
	p.rest += p.limit / 5
	p.collections(3)
	p.within(t, "three collections after a step up", 0.9, 1.0)
	for range 20 {
		p.collection()
		p.within(t, "after the step", 0.9, 1.0)
	}
	p.rest -= p.limit / 5
	p.collections(4)
	p.within(t, "four collections after a step down", 0.9, 1.0)
	if p.most > 0.97*p.limit {
		t.Errorf("%.0f MB were alive", p.most/mb)
	}
}

// TestNoDoubleCut: what was let go of is alive at the next collection, and that is no reason
// to let go of more.
func TestNoDoubleCut(t *testing.T) {
	p := newProcess(512 * mb)
	c := p.add(1000, 1e9, 16<<10, 16<<10)
	p.collections(40)
	p.rest = 60 * mb
	p.collection()
	after := c.held
	for range 10 {
		p.collection()
		if c.held < after*95/100 {
			t.Fatalf("%d are held, and %d after the first cut", c.held, after)
		}
	}
}

// TestSameCollection: several passes after one collection are one.
func TestSameCollection(t *testing.T) {
	p := newProcess(512 * mb)
	c := p.add(1000, 1e9, 16<<10, 16<<10)
	p.collections(40)
	p.rest = 200 * mb
	p.collection()
	limit := c.Limit()
	c.held -= 100
	for range 5 {
		p.Pass()
	}
	if c.Limit() != limit {
		t.Errorf("the limit is %d, and was %d", c.Limit(), limit)
	}
}

// TestNoRoom: a limit below the rest of the heap leads to the floors, and not below.
func TestNoRoom(t *testing.T) {
	p := newProcess(512 * mb)
	c := p.add(1000, 1e9, 16<<10, 16<<10)
	p.collections(40)
	p.limit = 100 * mb // it changes while the program runs
	p.rest = 120 * mb
	p.collections(30)
	if c.held != 1000 {
		t.Errorf("%d are held, want 1000", c.held)
	}
	p.limit = 512 * mb
	p.collections(40)
	p.within(t, "after a time without room", 0.94, 1.01)
}

// TestPart: one collection never takes all that is above the floor.
func TestPart(t *testing.T) {
	p := newProcess(512 * mb)
	c := p.add(0, 1e9, 16<<10, 16<<10)
	p.collections(40)
	before := c.held
	p.rest = 150 * mb
	p.collection()
	if c.held < before/8 || c.held > before*3/4 {
		t.Errorf("%d of %d are left", c.held, before)
	}
	p.rest = 10_000 * mb
	p.collection()
	if c.held == 0 {
		t.Error("nothing is left after one collection")
	}
}

// TestHeldByOthers: to let go of values that others hold is of no use; it ends at the floor.
func TestHeldByOthers(t *testing.T) {
	p := newProcess(512 * mb)
	c := p.add(1000, 1e9, 16<<10, 16<<10)
	c.stuck = true
	p.collections(30)
	p.rest = 500 * mb
	p.collections(30)
	if c.held != 1000 {
		t.Errorf("%d are held, want 1000", c.held)
	}
}

// TestMany: many caches share, and who loads gets what others do not need.
func TestMany(t *testing.T) {
	p := newProcess(512 * mb)
	for i := range 50 {
		c := p.add(10, 1e9, float64(1+i)*1024, float64(1+i)*1024)
		c.demand = 200
	}
	p.collections(300)
	p.within(t, "50 caches", 0.9, 1.02)
	quiet, busy := p.caches[20], p.caches[21]
	for _, c := range p.caches {
		c.demand = 0
	}
	busy.demand = 1 << 40
	before := quiet.held
	p.collections(60)
	p.within(t, "one of 50 loads", 0.9, 1.02)
	if quiet.held > before/2 || float64(busy.held)*busy.unit < 0.5*p.live {
		t.Errorf("the quiet cache holds %d of %d, the busy one %.0f of %.0f MB", quiet.held, before, float64(busy.held)*busy.unit/mb, p.live/mb)
	}
	for _, c := range p.caches {
		if c.held < 10 {
			t.Errorf("%d are held, fewer than Keep", c.held)
		}
	}
}

// TestGone: a cache that is collected is forgotten, and what it had is for the others.
func TestGone(t *testing.T) {
	p := newProcess(512 * mb)
	a, b := p.add(0, 1e9, 1024, 1024), p.add(0, 1e9, 1024, 1024)
	p.collections(40)
	a.gone = true
	before := b.held
	p.collections(40)
	if len(p.members) != 1 || b.held < before*3/2 {
		t.Errorf("%d members, %d held after %d", len(p.members), b.held, before)
	}
}

// TestMost: KeepSoft is never exceeded.
func TestMost(t *testing.T) {
	p := newProcess(512 * mb)
	c := p.add(10, 5000, 1024, 1024)
	for range 40 {
		p.collection()
		if c.Limit() > 5000 {
			t.Fatalf("limit %d", c.Limit())
		}
	}
	if c.held != 5000 {
		t.Errorf("%d are held, want 5000", c.held)
	}
}

// TestIdle: a cache that nobody asks anything gives up what it holds above its floor, and one
// that is used does not.
func TestIdle(t *testing.T) {
	p := newProcess(512 * mb)
	c, used := p.add(100, 50_000, 1024, 1024), p.add(100, 50_000, 1024, 1024)
	p.collections(40)
	c.idle = true
	p.collections(int(idle/time.Second) - 2)
	if c.held < 40_000 {
		t.Errorf("%d are held after four minutes, though there is memory", c.held)
	}
	p.collections(40)
	if c.held != 100 || used.held < 40_000 {
		t.Errorf("%d and %d are held in the end", c.held, used.held)
	}
	c.idle = false
	p.collections(40)
	if c.held < 40_000 {
		t.Errorf("%d are held after it has been used again", c.held)
	}
}

// TestLate: a collection is made if the next one would come when there is no room.
func TestLate(t *testing.T) {
	p := newProcess(512 * mb)
	c := p.add(0, 1e9, 1024, 1024)
	p.collections(40)
	if p.forced != 0 {
		t.Errorf("%d collections have been made", p.forced)
	}
	p.late = true
	c.Cut(1)
	c.Cut(1)
	if p.forced != 1 {
		t.Errorf("%d collections have been made, want 1", p.forced)
	}
}
