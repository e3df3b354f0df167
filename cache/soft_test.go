package cache_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/soft"
	"github.com/weakref-go/weakref/weaktest"
)

// memory is that of the process as a test has it.
type memory struct {
	mu sync.Mutex
	soft.Memory
}

// newMemory has the process have 1 GB, of which nothing is in use.
func newMemory(t testing.TB) *memory {
	m := &memory{Memory: soft.Memory{Room: 1e9, Target: 75e7, At: time.Now()}}
	t.Cleanup(soft.Process.Simulate(func() soft.Memory {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.Memory
	}))
	return m
}

// collection pretends that there was one, after which so much is alive.
func (m *memory) collection(live int64) {
	m.mu.Lock()
	m.Cycle++
	m.Live = live
	m.At = m.At.Add(time.Second)
	m.mu.Unlock()
	gcclock.Run()
}

// fill asks for many keys, and returns how many values are kept then.
func fill(t *testing.T, c *valueCache) int {
	t.Helper()
	for key := range 6000 {
		get(t, c, key)
	}
	n := c.Stats()
	if n.Kept > n.Limit {
		t.Errorf("%d are kept, and the limit is %d", n.Kept, n.Limit)
	}
	return n.Kept
}

// TestKeepSoft: a cache keeps Keep without a collection, more with memory, KeepSoft at most,
// and less when there is less, but never less than Keep.
func TestKeepSoft(t *testing.T) {
	m := newMemory(t)
	c, _ := counting(100)
	c.KeepSoft = 4000
	if n := fill(t, c); n > 100 {
		t.Errorf("%d are kept before any collection", n)
	}
	m.collection(1e6)
	if n := fill(t, c); n < 1000 || n > 2000 {
		t.Errorf("%d are kept after the first collection", n)
	}
	for range 5 {
		m.collection(1e6)
		fill(t, c)
	}
	if n := fill(t, c); n < 3900 || c.Stats().Limit != 4000 {
		t.Errorf("%d are kept, and there is memory: %+v", n, c.Stats())
	}
	m.collection(76e7)
	if n := c.Stats().Kept; n < 1600 || n > 2400 {
		t.Errorf("%d are kept after a first collection without memory", n)
	}
	for range 20 {
		m.collection(99e7)
	}
	if n := c.Stats().Kept; n < 98 || n > 100 {
		t.Errorf("%d are kept in the end, want Keep", n)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	m.collection(1e6)
	if n := fill(t, c); n < 1000 {
		t.Errorf("%d are kept when there is memory again", n)
	}
}

// TestKeepSoftIdentity: values that go because of memory are as any that are evicted.
func TestKeepSoftIdentity(t *testing.T) {
	m := newMemory(t)
	var r removals
	c, loads := counting(0)
	c.KeepSoft = 1000
	c.OnRemove = r.add
	get(t, c, 0)
	m.collection(1e6)
	held := make([]*value, 1000)
	for key := range held {
		held[key] = get(t, c, key)
	}
	n := loads.Load()
	for range 20 {
		m.collection(99e7)
	}
	before := c.Stats()
	if before.Kept != 0 {
		t.Errorf("%d are kept", before.Kept)
	}
	for key, v := range held {
		if get(t, c, key) != v {
			t.Fatalf("a second copy of %d", key)
		}
	}
	if loads.Load() != n {
		t.Errorf("%d loads more", loads.Load()-n)
	}
	if after := c.Stats(); after.Evicted != before.Evicted {
		t.Errorf("%d evictions of what there is no room for", after.Evicted-before.Evicted)
	}
	weaktest.Eventually(t, "evictions are reported", func() bool { return len(r.sorted()) >= 1000 })
}

// TestKeepSoftColdest: what is used stays.
func TestKeepSoftColdest(t *testing.T) {
	m := newMemory(t)
	c, _ := counting(100)
	c.KeepSoft = 4000
	get(t, c, 0)
	for range 4 {
		m.collection(1e6)
		for key := range 4000 {
			get(t, c, key)
		}
	}
	for range 5 {
		for key := range 1000 {
			get(t, c, key)
		}
	}
	m.collection(76e7)
	kept := 0
	for key := range 1000 {
		if e, _ := c.Peek(key); e.Kept {
			kept++
		}
	}
	if all := c.Stats().Kept; kept < 950 || all > 3000 {
		t.Errorf("%d of 1000 that are used are among the %d that are kept", kept, all)
	}
}

// TestKeepSoftDies: what has gone is garbage, and the cache itself can be.
func TestKeepSoftDies(t *testing.T) {
	m := newMemory(t)
	c, _ := counting(10)
	c.KeepSoft = 1000
	get(t, c, 0)
	m.collection(1e6)
	var refs []weakref.Ref[value]
	for key := range 1000 {
		refs = append(refs, weakref.Make(get(t, c, key)))
	}
	for range 20 {
		m.collection(99e7)
	}
	if n := alive(refs); n > 10 {
		t.Errorf("%d are alive", n)
	}
	core := c.Core()
	c = nil
	weaktest.MustCollect(t, core)
}

// TestKeepSoftWeighs: likewise by weight.
func TestKeepSoftWeighs(t *testing.T) {
	m := newMemory(t)
	c, _ := counting(1000)
	c.KeepSoft = 800_000
	c.Weigh = func(int, *value) uint32 { return 200 }
	for range 5 {
		if n := fill(t, c); n*200 > 800_000 {
			t.Fatalf("a weight of %d is kept", n*200)
		}
		m.collection(1e6)
	}
	if n := fill(t, c); n != 4000 {
		t.Errorf("%d are kept", n)
	}
	for range 30 {
		m.collection(99e7)
	}
	if n := c.Stats().Kept; n != 5 {
		t.Errorf("%d are kept, want 5", n)
	}
}

// TestKeepSoftSizes: how much a cache grows depends on how large its values look.
func TestKeepSoftSizes(t *testing.T) {
	type sized struct {
		name  string
		parts struct{ data []byte }
	}
	for size, want := range map[int]int{1000: 3500, 10_000: 395} { // half of what is free
		m := newMemory(t)
		c := &cache.Cache[int, sized]{KeepSoft: 1 << 30, Load: func(_ context.Context, key int) (*sized, error) {
			v := &sized{name: string(make([]byte, size/2))}
			v.parts.data = make([]byte, 0, size/2)
			return v, nil
		}}
		for key := range 100 {
			c.Get(context.Background(), key)
		}
		m.collection(1e6)
		for key := range 1024 {
			c.Get(context.Background(), key)
		}
		m.mu.Lock()
		m.Target = 9e6
		m.mu.Unlock()
		m.collection(1e6)
		if n := c.Stats().Limit - c.Stats().Kept; n > want*11/10 || n < want*9/10 {
			t.Errorf("%d values of %d bytes may come, want %d", n, size, want)
		}
		runtime.KeepAlive(c)
	}
}

// TestKeepSoftInABubble: there it is Keep, since what happens in a bubble must not depend on
// the memory of the process.
func TestKeepSoftInABubble(t *testing.T) {
	m := newMemory(t)
	synctest.Test(t, func(t *testing.T) {
		c, _ := counting(10)
		c.KeepSoft = 1000
		for range 3 {
			if n := fill(t, c); n > 10 {
				t.Errorf("%d are kept", n)
			}
			m.collection(1e6)
		}
	})
}

// TestKeepSoftStress: values are asked for, put and invalidated while limits change.
func TestKeepSoftStress(t *testing.T) {
	m := newMemory(t)
	c, _ := counting(50)
	c.KeepSoft = 5000
	var done atomic.Bool
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 1))
			for !done.Load() {
				key := int(rnd.ExpFloat64() * 1000)
				switch rnd.IntN(10) {
				case 0:
					c.Put(key, &value{key: key})
				case 1:
					c.Invalidate(key)
				default:
					if v, err := c.Get(ctx, key); err != nil || v.key != key {
						t.Errorf("%v, %v for %d", v, err, key)
					}
				}
			}
		})
	}
	for i := range 30 {
		m.collection(int64(i/5%2) * 9e8)
		if n := c.Stats(); n.Limit > 5000 || n.Limit < 50 {
			t.Errorf("limit %d", n.Limit)
		}
		runtime.GC()
	}
	done.Store(true)
	wg.Wait()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if n := c.Stats(); n.Kept > n.Limit {
		t.Errorf("%d are kept, and the limit is %d", n.Kept, n.Limit)
	}
}

// TestKeepSoftForReal: with the memory that the process has, a cache grows beyond Keep.
func TestKeepSoftForReal(t *testing.T) {
	if m := soft.Now(); m.Target < 2*m.Live {
		t.Skipf("there is not enough memory: %+v", m)
	}
	c, _ := counting(10)
	c.KeepSoft = 1000
	fill(t, c)
	weaktest.Eventually(t, "the cache grows", func() bool {
		runtime.GC()
		return c.Stats().Limit == 1000
	})
	if n := fill(t, c); n < 900 {
		t.Errorf("%d are kept", n)
	}
}

// BenchmarkKeepSoft measures a pass after a collection with real figures, and one in which
// 10 000 values go.
func BenchmarkKeepSoft(b *testing.B) {
	b.Run("pass", func(b *testing.B) {
		c, _ := counting(10)
		c.KeepSoft = 1000
		c.Len()
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
		for b.Loop() {
			soft.Now()
			gcclock.Run()
		}
		runtime.KeepAlive(c)
	})
	b.Run("cut=10000", func(b *testing.B) {
		m := newMemory(b)
		c, _ := counting(0)
		c.KeepSoft = 20_000
		c.Len()
		for b.Loop() {
			b.StopTimer()
			for range 4 {
				m.collection(1e6)
				for key := range 20_000 {
					c.Get(ctx, key)
				}
			}
			runtime.GC()
			b.StartTimer()
			m.collection(76e7)
		}
		b.ReportMetric(float64(c.Stats().Evicted)/float64(b.N), "evicted/op")
	})
}
