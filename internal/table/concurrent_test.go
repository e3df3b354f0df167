package table

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref/internal/handle"
)

// TestConcurrentWriters has every goroutine keep a model of keys of its own, while
// all of them split and merge the segments they share, and others sweep and
// iterate.
func TestConcurrentWriters(t *testing.T) {
	under(t, func(t *testing.T, hash func(int) uint64) {
		tab := newIntTable(hash)
		const writers = 4
		rounds, space := 20_000, 4_000
		if isSlow(hash) {
			rounds, space = 2_000, 500
		}
		canKill := handle.Kill(new(target))

		// Keys below zero are there all the time, and every iteration must see them.
		const constant = 300
		held := make([]*target, constant)
		for i := range held {
			held[i] = &target{n: i}
			tab.store(-1-i, held[i])
		}

		var stop atomic.Bool
		var others, wg sync.WaitGroup
		others.Go(func() {
			for !stop.Load() {
				tab.Sweep()
				tab.takeDead()
				runtime.Gosched()
			}
		})
		others.Go(func() {
			for !stop.Load() {
				seen := make(map[int]int)
				for s := range tab.Slots {
					if s.Side < 0 {
						seen[s.Side]++
					}
				}
				for i := range constant {
					if seen[-1-i] != 1 {
						t.Errorf("key %d was seen %d times", -1-i, seen[-1-i])
						return
					}
				}
			}
		})
		for w := range writers {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(w), 7))
				model := make(map[int]*target)
				for i := range rounds {
					// Grow and shrink in turn.
					k := (rnd.IntN(space)*writers + w)
					if i/(rounds/4)%2 == 1 && rnd.IntN(4) > 0 {
						tab.delete(k)
						delete(model, k)
						continue
					}
					switch op := rnd.IntN(10); {
					case op < 5:
						p := &target{n: k}
						tab.store(k, p)
						model[k] = p
					case op < 7:
						if p := model[k]; p != nil && canKill {
							handle.Kill(p)
							delete(model, k)
						}
					default:
						if got := tab.load(k); got != model[k] {
							t.Errorf("load %d = %v, want %v", k, got, model[k])
							return
						}
					}
				}
				for k, p := range model {
					if tab.load(k) != p {
						t.Errorf("%d lost", k)
						return
					}
				}
				runtime.KeepAlive(model)
			})
		}
		wg.Wait()
		stop.Store(true)
		others.Wait()
		tab.Sweep()
		if err := tab.Validate(); err != nil {
			t.Error(err)
		}
		runtime.KeepAlive(held)
	})
}

// TestConcurrentClear checks that what is stored after a Clear has returned stays,
// and that the count is right afterwards, while writers fill the table as fast as
// they can.
func TestConcurrentClear(t *testing.T) {
	tab := newIntTable(goodHash)
	var stop atomic.Bool
	var wg sync.WaitGroup
	p := new(target)
	for w := range 3 {
		wg.Go(func() {
			for i := w; !stop.Load(); i += 3 {
				tab.store(i, p)
			}
		})
	}
	for i := range 200 {
		tab.Clear()
		tab.store(-1-i, p)
		if i%10 == 0 {
			tab.Sweep()
		}
	}
	stop.Store(true)
	wg.Wait()
	if err := tab.Validate(); err != nil {
		t.Fatal(err)
	}
	if tab.load(-200) == nil {
		t.Error("an entry stored after the last Clear is lost")
	}
	tab.Clear()
	if tab.Len() != 0 || tab.Cap() != 0 {
		t.Errorf("after Clear: Len %d, Cap %d", tab.Len(), tab.Cap())
	}
	runtime.KeepAlive(p)
}

// TestClearRetires checks that no writer goes on with a segment that was cleared.
func TestClearRetires(t *testing.T) {
	tab := newIntTable(goodHash)
	p := new(target)
	tab.store(1, p)
	s := tab.segmentAt(0)
	tab.Clear()
	if !s.retired.Load() {
		t.Error("the segment is still in use")
	}
	runtime.KeepAlive(p)
}

// TestGrowWhileClearing guards against an entry that was added, and not found by the
// next writer: it was for a segment without room, in a table that was just being
// cleared, and got lost although the segment was still in use.
func TestGrowWhileClearing(t *testing.T) {
	tab := newIntTable(goodHash)
	p := new(target)
	for i := range slotsPerGroup { // as many as fit
		tab.store(i, p)
	}
	l := tab.Lock(goodHash(100))
	d := tab.dir.Swap(nil) // as Clear does first
	l.Insert(handle.Of(p), 100)
	l.Unlock()
	if s := l.s; !s.retired.Load() && FindKey(s.view(), goodHash(100), 100) == nil {
		t.Error("the segment is still in use and lacks the entry that was added")
	}
	tab.dir.Store(d)
	tab.Clear()
	if tab.Len() != 0 {
		t.Errorf("Len = %d after Clear", tab.Len())
	}
	runtime.KeepAlive(p)
}

// TestIterateWhileMerging checks that entries are seen once although the segment that
// the loop is in is merged with those that it has not come to.
func TestIterateWhileMerging(t *testing.T) {
	tab := newIntTable(goodHash)
	p := new(target)
	const constant, others = 200, 20_000
	for i := range constant {
		tab.store(-1-i, p)
	}
	for i := range others {
		tab.store(i, p)
	}
	seen := make(map[int]int)
	merged := false
	for s := range tab.Slots {
		if s.Side < 0 {
			seen[s.Side]++
		}
		if !merged {
			merged = true
			for i := range others {
				tab.delete(i)
			}
			tab.Sweep()
			if d := tab.dir.Load(); d.depth != 0 {
				t.Fatalf("the directory has depth %d", d.depth)
			}
		}
	}
	for i := range constant {
		if seen[-1-i] != 1 {
			t.Fatalf("key %d was seen %d times", -1-i, seen[-1-i])
		}
	}
	runtime.KeepAlive(p)
}

// TestIterateWhileSplittingAndMerging checks that entries present all the while
// are seen once although the segments change under the loop.
func TestIterateWhileSplittingAndMerging(t *testing.T) {
	tab := newIntTable(goodHash)
	p := new(target)
	const constant = 3_000
	for i := range constant {
		tab.store(-1-i, p)
	}
	seen := make(map[int]int)
	next := 0
	for s := range tab.Slots {
		if s.Side < 0 {
			seen[s.Side]++
		}
		switch n := len(seen); {
		case n < constant/3: // grow
			for range 10 {
				tab.store(next, p)
				next++
			}
		case n%100 == 0: // shrink
			for range min(next, 5000) {
				next--
				tab.delete(next)
			}
			tab.Sweep()
		}
	}
	for i := range constant {
		if seen[-1-i] != 1 {
			t.Fatalf("key %d was seen %d times", -1-i, seen[-1-i])
		}
	}
	runtime.KeepAlive(p)
}

// TestSweepOfReplacedSegment: a sweep that has found dead entries in a segment which
// is replaced before it has the lock looks at what has taken its place.
func TestSweepOfReplacedSegment(t *testing.T) {
	tab := newIntTable(goodHash)
	p, q := &target{n: 1}, &target{n: 2}
	const dead = 20
	for i := range dead {
		tab.store(i, p)
	}
	old := tab.segmentAt(0)
	for i := range 10 * maxGroups * slotsPerGroup {
		tab.store(-1-i, q)
	}
	if !old.retired.Load() {
		t.Fatal("the segment is still in use")
	}
	if !handle.Kill(p) {
		t.Skip("deaths cannot be chosen on this runtime")
	}
	for i := range dead {
		if FindKey(old.view(), goodHash(i), i) == nil {
			t.Skip("the segment was replaced before all were stored")
		}
	}
	if n := tab.sweep(old); n != dead || len(tab.takeDead()) != dead {
		t.Errorf("%d were swept, want %d", n, dead)
	}
	runtime.KeepAlive(q)
}

// TestTryBury checks that a reader removes what it has found dead, once, and
// nothing else.
func TestTryBury(t *testing.T) {
	tab := newIntTable(goodHash)
	p, q := &target{n: 1}, &target{n: 2}
	tab.store(1, p)
	tab.store(2, q)
	v, h := tab.Read(goodHash(1)), goodHash(1)
	s := FindKey(v, h, 1)
	tab.TryBury(v, h, s)
	if tab.Len() != 2 {
		t.Fatal("a live entry was buried")
	}
	if !handle.Kill(p) {
		t.Skip("deaths cannot be chosen on this runtime")
	}
	tab.TryBury(v, h, s)
	tab.TryBury(v, h, s)
	if dead := tab.takeDead(); tab.Len() != 1 || len(dead) != 1 || dead[0] != 1 {
		t.Fatalf("Len %d, dead %v", tab.Len(), dead)
	}
	// The reader's view may be out of date.
	tab.store(1, p)
	v = tab.Read(h)
	s = FindKey(v, h, 1)
	for i := range 100 {
		tab.store(10+i, q)
	}
	tab.TryBury(v, h, s)
	if err := tab.Validate(); err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(q)
}
