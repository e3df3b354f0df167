package table

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
)

// addrSet is the smallest container that finds its entries by address, so that an
// object that is removed and added again gets another slot.
type addrSet struct {
	Table[struct{}]
	hash func(int) uint64
}

func newAddrSet(hash func(int) uint64) *addrSet {
	s := &addrSet{hash: hash}
	s.Policy.Hash = func(_ *Slot[struct{}], ref handle.H) (uint64, bool) {
		addr := handle.Addr[struct{}](ref)
		return s.hash(int(addr)), addr != 0
	}
	return s
}

func (s *addrSet) lock(p *target) (Locked[struct{}], *Slot[struct{}]) {
	addr := uintptr(unsafe.Pointer(p))
	hash := s.hash(int(addr))
	l := s.Lock(hash)
	return l, FindAddr(l.View(), hash, addr)
}

func (s *addrSet) add(p *target) {
	ref := handle.Of(p)
	l, slot := s.lock(p)
	defer l.Unlock()
	if slot == nil {
		l.Insert(ref, struct{}{})
	}
}

func (s *addrSet) remove(p *target) {
	l, slot := s.lock(p)
	defer l.Unlock()
	if slot != nil {
		l.Remove(slot)
	}
}

// elements counts how often each element is yielded, and calls meanwhile after the
// first and then after every hundred of them.
func (s *addrSet) elements(meanwhile func()) map[*target]int {
	seen := make(map[*target]int)
	n := 0
	for slot := range s.Slots {
		if ref := slot.Ref(); ref != nil {
			if p := handle.Strong[target](ref); p != nil {
				seen[p]++
			}
		}
		if n%100 == 0 {
			meanwhile()
		}
		n++
	}
	return seen
}

func targets(n int) []*target {
	ts := make([]*target, n)
	for i := range ts {
		ts[i] = &target{n: i}
	}
	return ts
}

func checkSeen(t *testing.T, seen map[*target]int, constant []*target) {
	t.Helper()
	for p, n := range seen {
		if n > 1 {
			t.Fatalf("element %d was seen %d times", p.n, n)
		}
	}
	for _, p := range constant {
		if seen[p] != 1 {
			t.Fatalf("element %d, there all the while, was seen %d times", p.n, seen[p])
		}
	}
}

// TestIterateRemovedAndAdded: what is removed and added again, which gives it a slot
// that the loop has not come to, is not yielded again.
func TestIterateRemovedAndAdded(t *testing.T) {
	under(t, func(t *testing.T, hash func(int) uint64) {
		n := 5_000
		if isSlow(hash) {
			n = 500
		}
		s := newAddrSet(hash)
		all := targets(n)
		for _, p := range all {
			s.add(p)
		}
		moving, constant := all[:n/2], all[n/2:]
		round := 0
		seen := s.elements(func() {
			for i, p := range moving {
				if i%3 == round%3 {
					s.remove(p)
					s.add(p)
				}
			}
			if round++; round%10 == 0 {
				s.Sweep()
			}
		})
		checkSeen(t, seen, constant)
		runtime.KeepAlive(all)
	})
}

// TestIterateOverflow is TestIterateRemovedAndAdded for what does not fit side by side.
func TestIterateOverflow(t *testing.T) {
	s := newAddrSet(func(int) uint64 { return 1 })
	const beyond = 10*slotsPerGroup + 1 // the last group has room
	all := targets(maxGroups*slotsPerGroup + beyond)
	for _, p := range all {
		s.add(p)
	}
	crowded := s.segmentAt(0)
	seen := make(map[*target]int)
	for slot := range s.Slots {
		p := handle.Strong[target](slot.Ref())
		if seen[p]++; len(seen) < slotsPerGroup {
			s.remove(p)
			s.add(p)
		}
	}
	if crowded.retired.Load() {
		t.Error("the segment has been replaced; this test tests nothing")
	}
	checkSeen(t, seen, all)
	runtime.KeepAlive(all)
}

// TestIterateSharedGroups: a segment that is merged with another, when both are empty,
// hands its groups over, and the loop that is in them does not see what they hold then.
func TestIterateSharedGroups(t *testing.T) {
	tab := newIntTable(goodHash)
	const n = 20_000
	keep := targets(n)
	for k, p := range keep {
		tab.store(k, p)
	}
	a := tab.segmentAt(0)
	b := tab.segmentAt(a.end())
	if a.depth != b.depth {
		t.Fatal("the first two segments are of different depths")
	}
	in := func(s *segment[int], k int) bool { return s.owns(goodHash(k)) }
	seen := make(map[int]int)
	for slot := range tab.Slots {
		if seen[slot.Side]++; len(seen) > 1 {
			continue
		}
		for k := range n {
			if in(a, k) || in(b, k) {
				tab.delete(k)
			}
		}
		tab.merge(a)
		if m := tab.segmentAt(0); m == a || &m.groups[0] != &a.groups[0] {
			t.Fatal("the groups have not been handed over; this test tests nothing")
		}
		for k, added := n, 0; added < 300; k++ {
			if in(b, k) {
				tab.store(k, keep[0])
				added++
			}
		}
	}
	for k, n := range seen {
		if n > 1 {
			t.Fatalf("key %d was seen %d times", k, n)
		}
	}
	runtime.KeepAlive(keep)
}

// TestIterateBeginsInRetiredSegment: a loop that comes to a segment just when that is
// merged looks at what has taken its place.
func TestIterateBeginsInRetiredSegment(t *testing.T) {
	tab := newIntTable(goodHash)
	const n = 20_000
	p := new(target)
	for k := range n {
		tab.store(k, p)
	}
	d := tab.dir.Load()
	a := tab.segmentAt(0)
	b := tab.segmentAt(a.end())
	for k := range n {
		tab.delete(k)
	}
	tab.merge(a)
	m := tab.segmentAt(0)
	added := 0
	for k := n; added < 300; k++ {
		if b.owns(goodHash(k)) {
			tab.store(k, p)
			added++
		}
	}
	for range 20 {
		// The directory is as a loop has seen it that asked for its first segment before
		// the merge. Such a loop must ask again.
		entry := d.at(0)
		entry.segment.Store(a)
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 1000 {
				runtime.Gosched()
			}
			entry.segment.Store(m)
		})
		seen := 0
		for range tab.Slots {
			seen++
		}
		wg.Wait()
		if seen != added {
			t.Fatalf("%d entries were seen, want %d", seen, added)
		}
	}
	runtime.KeepAlive(p)
}

// TestIterateStress iterates while others remove and add, and while upkeep splits and
// merges. It guards against the second load of a ref that another goroutine has
// removed after the first, which ended the process.
func TestIterateStress(t *testing.T) {
	under(t, func(t *testing.T, hash func(int) uint64) {
		n, loops := 8_000, 60
		if isSlow(hash) {
			n, loops = 300, 40
		}
		s := newAddrSet(hash)
		all := targets(n)
		constant, coming := all[:n/8], all[n/8:]
		for _, p := range constant {
			s.add(p)
		}
		var stop atomic.Bool
		var wg sync.WaitGroup
		for w := range 2 {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(w), 3))
				mine := coming[w*len(coming)/2 : (w+1)*len(coming)/2]
				for !stop.Load() {
					for _, p := range mine {
						s.add(p)
					}
					for _, p := range mine {
						s.remove(p)
						if rnd.IntN(4) == 0 {
							s.add(p)
							s.remove(p)
						}
					}
				}
			})
		}
		wg.Go(func() {
			for !stop.Load() {
				s.Sweep()
				runtime.Gosched()
			}
		})
		for range loops {
			checkSeen(t, s.elements(func() {}), constant)
		}
		stop.Store(true)
		wg.Wait()
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
		runtime.KeepAlive(all)
	})
}

// TestSides: a key whose entry is replaced by another one, under one lock, comes once, with
// whatever else happens to the table.
func TestSides(t *testing.T) {
	under(t, func(t *testing.T, hash func(int) uint64) {
		n, rounds := 3000, 100
		if isSlow(hash) {
			n, rounds = 200, 20
		}
		s := &Table[int]{Policy: Policy[int]{
			Hash: func(slot *Slot[int], _ handle.H) (uint64, bool) { return hash(slot.Side), true },
		}}
		living := new(target)
		ref := handle.Of(living)
		put := func(key int, stays bool) {
			h := hash(key)
			l := s.Lock(h)
			defer l.Unlock()
			if slot := FindFunc(l.View(), h, func(at *Slot[int]) bool { return at.Side == key && at.IsLive() }); slot != nil {
				l.Remove(slot)
			}
			if stays {
				l.Insert(ref, key)
			}
		}
		for key := range n {
			put(key, true)
		}
		var over atomic.Bool
		var others sync.WaitGroup
		defer runtime.KeepAlive(living)
		defer others.Wait()
		defer over.Store(true)
		for seed := range uint64(2) {
			others.Go(func() {
				r := rand.New(rand.NewPCG(seed, 1))
				for i := 0; !over.Load(); i++ {
					put(r.IntN(n), true)
					put(n+r.IntN(n), r.IntN(2) == 0)
					if i%2000 == 0 {
						s.Sweep()
					}
				}
			})
		}
		for range rounds {
			seen := make(map[int]int)
			for key := range s.Sides {
				seen[key]++
				if len(seen)%500 == 0 {
					runtime.Gosched()
				}
			}
			for key := range n {
				if seen[key] != 1 {
					t.Fatalf("key %d, there all the while, came %d times", key, seen[key])
				}
			}
		}
	})
}
