package policy

import (
	"math/rand/v2"
	"testing"
)

// item is a node with a weight.
type item struct {
	Node
	weight int64
	key    int
}

// user uses a policy as a cache does.
type user struct {
	*Policy
	items map[int]*item
	byN   map[*Node]*item
	hits  int
}

func newUser(limit int64, weighted bool) *user {
	u := &user{items: make(map[int]*item), byN: make(map[*Node]*item)}
	var weigh func(*Node) int64
	if weighted {
		weigh = func(n *Node) int64 { return u.byN[n].weight }
	}
	u.Policy = New(limit, weigh)
	return u
}

func hash(key int) uint32 {
	x := uint64(key)*0x9e3779b97f4a7c15 + 1
	x = (x ^ x>>32) * 0xd6e8feb86659fd93
	return uint32((x ^ x>>29) * 0x94d049bb133111eb >> 32)
}

func (u *user) request(key int, weight int64) {
	if i := u.items[key]; i != nil {
		i.Use()
		u.hits++
		return
	}
	i := &item{key: key, weight: weight, Node: Node{Hash: hash(key)}}
	u.items[key], u.byN[&i.Node] = i, i
	for _, n := range u.Admit(&i.Node, nil) {
		u.forget(u.byN[n])
	}
}

func (u *user) remove(key int) {
	if i := u.items[key]; i != nil {
		u.Remove(&i.Node)
		u.forget(i)
	}
}

func (u *user) forget(i *item) {
	delete(u.items, i.key)
	delete(u.byN, &i.Node)
}

// TestRandom checks the invariants after each step of random use, and that what the policy
// has is what its user has been told.
func TestRandom(t *testing.T) {
	for _, weighted := range []bool{false, true} {
		for _, limit := range []int64{1, 2, 5, 63, 64, 100, 1000, 20_000} {
			r := rand.New(rand.NewPCG(uint64(limit), 1))
			u := newUser(limit, weighted)
			steps := 5000
			if limit > 1000 {
				steps = 60_000
			}
			for step := range steps {
				key := r.IntN(int(3*limit) + 3)
				if r.IntN(3) == 0 {
					key /= 5
				}
				if r.IntN(10) == 0 {
					u.remove(key)
				} else {
					u.request(key, 1+r.Int64N(max(1, limit)))
				}
				if limit > 1000 && step%1000 != 0 {
					continue
				}
				if err := u.Validate(); err != nil {
					t.Fatalf("limit %d, weighted %v, step %d: %v", limit, weighted, step, err)
				}
				inside := 0
				for _, i := range u.items {
					if i.Inside() {
						inside++
					}
				}
				if inside != len(u.items) || u.Len() != inside {
					t.Fatalf("limit %d, step %d: %d of %d are inside, Len = %d", limit, step, inside, len(u.items), u.Len())
				}
			}
		}
	}
}

// resize changes the limit, and forgets what leaves.
func (u *user) resize(limit int64) {
	for _, n := range u.Resize(limit, nil) {
		u.forget(u.byN[n])
	}
}

// TestResize changes the limit now and then, from nothing to much and back.
func TestResize(t *testing.T) {
	for _, weighted := range []bool{false, true} {
		r := rand.New(rand.NewPCG(3, 1))
		u := newUser(0, weighted)
		for step := range 20_000 {
			if step%97 == 0 {
				limit := r.Int64N(1 << r.IntN(14))
				u.resize(limit)
				if u.Weight() > limit || len(u.limbo) > int(limit)/limboPart {
					t.Fatalf("%d nodes weigh %d after a change to %d, and %d are in limbo", u.Len(), u.Weight(), limit, len(u.limbo))
				}
			}
			key := r.IntN(10_000)
			if r.IntN(3) == 0 {
				key /= 50
			}
			u.request(key, 1+r.Int64N(5))
			if step%31 == 0 {
				if err := u.Validate(); err != nil {
					t.Fatalf("weighted %v, step %d: %v", weighted, step, err)
				}
			}
			if u.Len() != len(u.items) {
				t.Fatalf("step %d: Len = %d with %d", step, u.Len(), len(u.items))
			}
		}
		u.resize(0)
		if n := len(u.window.list) + len(u.main.list) + len(u.sample) + len(u.limbo); u.Len() != 0 || n > 200 {
			t.Errorf("Len = %d, and room for %d nodes", u.Len(), n)
		}
	}
}

// TestResizeIsAsGood: a policy that has been small, or larger, has as many hits as one that
// has always been as it is.
func TestResizeIsAsGood(t *testing.T) {
	const limit, requests = 1000, 80_000
	run := func(u *user) float64 {
		z := rand.NewZipf(rand.New(rand.NewPCG(5, 1)), 1.05, 5, 25_000)
		for range requests {
			u.request(int(z.Uint64()), 1)
		}
		u.hits = 0
		for range requests {
			u.request(int(z.Uint64()), 1)
		}
		return float64(u.hits) / requests
	}
	want := run(newUser(limit, false))
	for _, first := range []int64{0, 10, 50_000} {
		u := newUser(first, false)
		run(u)
		u.resize(limit)
		if got := run(u); got < want-0.01 {
			t.Errorf("%.3f of the requests are hits after %d, want %.3f", got, first, want)
		}
	}
}

// TestResizeKeepsWhatIsUsed: a cut takes the rest first, also if the window was larger than
// the limit is now.
func TestResizeKeepsWhatIsUsed(t *testing.T) {
	for mode, limit := range []int64{4000, 2800} {
		u := newUser(10_000, false)
		u.change(modes[mode])
		for range 5 {
			for key := range 2000 {
				u.request(key, 1)
			}
		}
		for key := 2000; key < 9000; key++ {
			u.request(key, 1)
		}
		u.resize(limit)
		kept := 0
		for key := range 2000 {
			if u.items[key] != nil {
				kept++
			}
		}
		if kept < 1800 {
			t.Errorf("mode %d: %d of 2000 that were used are left", mode, kept)
		}
	}
}

// TestTooHeavy: a node heavier than the limit leaves at once, and no other for it.
func TestTooHeavy(t *testing.T) {
	u := newUser(10, true)
	u.request(1, 5)
	u.request(2, 11)
	if u.items[2] != nil || u.items[1] == nil {
		t.Errorf("%v", u.items)
	}
	u.request(3, 10)
	if err := u.Validate(); err != nil {
		t.Error(err)
	}
}

// ratio returns the part of the requests that are hits.
func ratio(limit, requests int, key func(i int) int) float64 {
	u := newUser(int64(limit), false)
	for i := range requests {
		u.request(key(i), 1)
	}
	return float64(u.hits) / float64(requests)
}

// TestHitRatios: the three kinds of traces for which there is a mode. An LRU has none of a
// loop, and an LFU next to none of what is asked for three times and never again.
func TestHitRatios(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	z := rand.NewZipf(r, 1.1, 1, 99_999)
	for name, c := range map[string]struct {
		limit int
		key   func(i int) int
		least float64
	}{
		"a loop":     {1000, func(i int) int { return i % 1250 }, 0.65},
		"popularity": {1000, func(int) int { return int(z.Uint64()) }, 0.7},
		"recency":    {1000, func(i int) int { return i/3 - i%3*300 }, 0.55},
		"scans": {1000, func(i int) int {
			if i/1000%2 == 0 {
				return 1_000_000 + i
			}
			return r.IntN(800)
		}, 0.38},
	} {
		if got := ratio(c.limit, 200_000, c.key); got < c.least {
			t.Errorf("%s: %.3f of the requests are hits, want %.2f", name, got, c.least)
		}
	}
}

// TestUsesSetBitsOnly: nothing is written for an entry that is used again and again.
func TestUsesSetBitsOnly(t *testing.T) {
	var n Node
	for range 5 {
		n.Use()
	}
	if n.uses() != 3 || !n.has(Fresh) || !n.has(touched) {
		t.Errorf("state %#x", n.State.Load())
	}
	if allocs := testing.AllocsPerRun(100, n.Use); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// TestSketchGrows: what was counted is not forgotten, and not counted of other keys.
func TestSketchGrows(t *testing.T) {
	var s sketch
	const limit = 10_000
	s.fit(1, limit)
	for range 7 {
		s.add(hash(1))
		s.add(hash(2))
	}
	for n := 1; n <= limit; n++ {
		s.fit(n, limit)
	}
	if a, b, c := s.count(hash(1)), s.count(hash(2)), s.count(hash(3)); a < 7 || b < 7 || c > 1 {
		t.Errorf("counts %d, %d, %d", a, b, c)
	}
	if n := len(s.words) * 8; n > limit*9/2+64 || n < limit*7/2 {
		t.Errorf("%d bytes for %d entries", n, limit)
	}
}

// TestSketchForgets: counts are halved after a while.
func TestSketchForgets(t *testing.T) {
	var s sketch
	s.fit(100, 100)
	for range 15 {
		s.add(hash(-1))
	}
	for i := range 5000 {
		s.add(hash(i))
	}
	if n := s.count(hash(-1)); n >= 15 {
		t.Errorf("count %d", n)
	}
}

// TestRemovedNodesAreForgotten: the rings and the sample do not keep what was removed.
func TestRemovedNodesAreForgotten(t *testing.T) {
	const n = 10_000
	u := newUser(n, false)
	for key := range n {
		u.request(key, 1)
	}
	for key := range n {
		u.remove(key)
	}
	if size := len(u.window.list) + len(u.main.list) + len(u.sample) + len(u.limbo); size > 200 || u.Len() != 0 {
		t.Errorf("room for %d nodes, Len = %d", size, u.Len())
	}
}

// TestModeChanges: a policy that has seen a loop changes when only recency counts.
func TestModeChanges(t *testing.T) {
	u := newUser(500, false)
	for i := range 20_000 {
		u.request(i%600, 1)
	}
	before := u.now
	for i := range 200_000 {
		u.request(1000+i/3-i%3*150, 1)
	}
	if u.now == before {
		t.Errorf("the mode is %d before and after", before)
	}
}

func BenchmarkAdmit(b *testing.B) {
	for name, limit := range map[string]int{"1000": 1000, "100000": 100_000} {
		b.Run("n="+name, func(b *testing.B) {
			p := New(int64(limit), nil)
			nodes := make([]Node, b.N+limit)
			var out []*Node
			for i := range nodes {
				nodes[i].Hash = hash(i)
				if i == limit {
					b.ResetTimer()
				}
				out = p.Admit(&nodes[i], out[:0])
			}
		})
	}
}
