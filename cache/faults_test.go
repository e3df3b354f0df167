package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/weaktest"
)

// The tests in this file guard against faults that others have found. Each names its own.

// within fails the test if f does not return in time.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		stacks := make([]byte, 1<<20)
		t.Fatalf("%s does not return\n%s", what, stacks[:runtime.Stack(stacks, true)])
	}
}

const forever = time.Duration(math.MaxInt64)

// TestLongestDurations: times are sums of durations, which must not overflow.
func TestLongestDurations(t *testing.T) {
	for name, set := range map[string]func(*valueCache){
		"RefreshAfter":      func(c *valueCache) { c.RefreshAfter = forever },
		"ExpireAfterWrite":  func(c *valueCache) { c.ExpireAfterWrite = forever },
		"ExpireAfterAccess": func(c *valueCache) { c.ExpireAfterAccess = forever },
		"KeepErrors":        func(c *valueCache) { c.KeepErrors = forever },
		"KeepFor":           func(c *valueCache) { c.KeepFor = forever },
		"RefreshTimeout":    func(c *valueCache) { c.RefreshTimeout = forever; c.RefreshAfter = 1 },
		"ExpireFunc":        func(c *valueCache) { c.ExpireFunc = func(int, *value) time.Duration { return forever } },
	} {
		synctest.Test(t, func(t *testing.T) {
			c, loads := counting(10)
			set(c)
			c.Load = failOdd(c.Load)
			c.Len()
			time.Sleep(time.Hour) // times are counted from the first use
			for range 3 {
				get(t, c, 2)
				if _, err := c.Get(ctx, 1); err == nil {
					t.Error("no error")
				}
				time.Sleep(time.Hour)
			}
			if n := loads.Load(); n != 1 && name != "RefreshTimeout" {
				t.Errorf("%s: %d loads", name, n)
			}
		})
	}
}

func failOdd(load func(context.Context, int) (*value, error)) func(context.Context, int) (*value, error) {
	return func(ctx context.Context, key int) (*value, error) {
		if key%2 != 0 {
			return nil, errBoom
		}
		return load(ctx, key)
	}
}

// TestKeptErrorsAreReleased: without anyone asking, soon after their time, and by Clear.
func TestKeptErrorsAreReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := valueCache{KeepErrors: time.Minute, Load: func(context.Context, int) (*value, error) { return nil, errBoom }}
		kept := func() int { _, errors := c.Loading(); return errors }
		for key := range 1000 {
			c.Get(ctx, key)
		}
		if kept() != 1000 || c.Len() != 0 {
			t.Errorf("%d errors are kept, and Len = %d", kept(), c.Len())
		}
		time.Sleep(76 * time.Second)
		if kept() != 0 {
			t.Errorf("%d errors are kept after their time", kept())
		}
		c.Get(ctx, 1)
		c.Clear()
		if kept() != 0 {
			t.Error("Clear leaves an error")
		}
		time.Sleep(time.Hour) // lets the timer end
	})
}

// TestNothingIsStoredForNaN: nobody could find it again, so it would stay for ever.
func TestNothingIsStoredForNaN(t *testing.T) {
	type place struct{ lat, lon float64 }
	nan := place{math.NaN(), 1}
	c := cache.Cache[place, value]{
		Keep: 10, KeepErrors: time.Hour, KeepFor: time.Hour,
		LoadMany: func(_ context.Context, keys []place) (map[place]*value, error) {
			return map[place]*value{nan: {}, {2, 2}: {}}, nil
		},
	}
	load := func(_ context.Context, key place) (*value, error) { return new(value), nil }
	for range 100 {
		c.Put(nan, new(value))
		c.GetMany(ctx, []place{nan, nan})
	}
	if n := c.Len(); n != 1 || c.Stats().Kept != 1 {
		t.Errorf("%d entries, %d kept", n, c.Stats().Kept)
	}
	d := cache.Cache[place, value]{Keep: 10, Load: load}
	for range 100 {
		if v, err := d.Get(ctx, nan); v == nil || err != nil {
			t.Fatalf("%v, %v", v, err)
		}
		if err := d.Refresh(ctx, nan); err != nil {
			t.Fatal(err)
		}
	}
	if calls, _ := d.Loading(); calls != 0 || d.Len() != 0 {
		t.Errorf("%d calls, %d entries", calls, d.Len())
	}
}

// queryError is an error whose methods do not mind being called on nil, but for one.
type queryError struct{ inner error }

func (e *queryError) Error() string { return "query" }
func (e *queryError) Unwrap() error { return e.inner }

// exitingError ends the goroutine that looks at it.
type exitingError struct{}

func (exitingError) Error() string { return "exiting" }
func (exitingError) Is(error) bool { runtime.Goexit(); return false }

// TestMethodsOfErrors: they are the user's code, and may do anything.
func TestMethodsOfErrors(t *testing.T) {
	leaving, leave := context.WithCancel(ctx)
	defer leave()
	var nilError *queryError
	for _, err := range []error{nilError, exitingError{}} {
		for _, ctx := range []context.Context{ctx, leaving} {
			c := valueCache{KeepErrors: time.Hour, Load: func(context.Context, int) (*value, error) { return new(value), err }}
			within(t, fmt.Sprintf("Get with %T", err), func() {
				if v, err := c.Get(ctx, 1); v != nil || err == nil {
					t.Errorf("%v, %v", v, err)
				}
			})
			within(t, "the next Get", func() { c.Get(ctx, 2) })
			within(t, "GetMany", func() { c.GetMany(ctx, []int{1, 2, 3, 4}) })
			if calls, _ := c.Loading(); calls != 0 {
				t.Errorf("%d loads are left behind", calls)
			}
		}
	}
}

// TestWeighEndsTheGoroutine: like any other code of the user's, Weigh and ExpireFunc may.
func TestWeighEndsTheGoroutine(t *testing.T) {
	leaving, leave := context.WithCancel(ctx)
	defer leave()
	for name, set := range map[string]func(*valueCache){
		"Weigh": func(c *valueCache) { c.Weigh = func(key int, _ *value) uint32 { exitIf(key == 1); return 1 } },
		"ExpireFunc": func(c *valueCache) {
			c.ExpireFunc = func(key int, _ *value) time.Duration { exitIf(key == 1); return forever }
		},
	} {
		c, _ := counting(10)
		set(c)
		within(t, "Get", func() {
			if _, err := c.Get(leaving, 1); err == nil || !strings.Contains(err.Error(), "Goexit") {
				t.Errorf("%s: %v", name, err)
			}
		})
		within(t, "Get without a goroutine of its own", func() { c.Get(ctx, 1) })
		within(t, "Put", func() { c.Put(1, new(value)) })
		within(t, "GetMany", func() {
			if m, err := c.GetMany(ctx, []int{1, 2, 3}); len(m) != 2 || err == nil {
				t.Errorf("%s: %v, %v", name, m, err)
			}
		})
		get(t, c, 2)
		if calls, _ := c.Loading(); calls != 0 {
			t.Errorf("%d loads are left behind", calls)
		}
	}
}

func exitIf(yes bool) {
	if yes {
		runtime.Goexit()
	}
}

// asking is a key whose String asks the cache for itself.
type asking struct{ n int }

var asked cache.Cache[asking, value]

func (k asking) String() string {
	_, err := asked.Get(ctx, k)
	return fmt.Sprint(k.n, err == nil)
}

// TestStringOfKeys: it is the user's code, and not called while it would find a lock, or a
// load that cannot end.
func TestStringOfKeys(t *testing.T) {
	asked.Load = func(ctx context.Context, k asking) (*value, error) {
		if k.n == 1 {
			return asked.Get(ctx, k)
		}
		return nil, nil
	}
	within(t, "Get of a key that loads itself", func() {
		if _, err := asked.Get(ctx, asking{1}); !errors.Is(err, cache.ErrDeadlock) {
			t.Errorf("%v", err)
		}
	})
	within(t, "the text of the error", func() {
		_, err := asked.GetMany(ctx, []asking{{1}, {2}})
		_ = err.Error()
	})
}

// TestExtrasAndInvalidation: what LoadMany returns beside what was asked for is older than
// what was invalidated, or put, while it ran.
func TestExtrasAndInvalidation(t *testing.T) {
	for name, meanwhile := range map[string]func(*valueCache){
		"Invalidate":     func(c *valueCache) { c.Invalidate(5) },
		"InvalidateFunc": func(c *valueCache) { c.InvalidateFunc(func(int, *value) bool { return false }) },
		"Clear":          func(c *valueCache) { c.Clear() },
		"Put and death":  func(c *valueCache) { c.Put(5, new(value)); runtime.GC(); runtime.GC() },
	} {
		begun, proceed := make(chan struct{}), make(chan struct{})
		c := valueCache{LoadMany: func(context.Context, []int) (map[int]*value, error) {
			close(begun)
			<-proceed
			return map[int]*value{1: {load: 1}, 5: {load: 1}}, nil
		}}
		done := make(chan map[int]*value)
		go func() {
			m, _ := c.GetMany(ctx, []int{1})
			done <- m
		}()
		<-begun
		meanwhile(&c)
		close(proceed)
		m := <-done
		if v, ok := c.Lookup(5); ok && v.load == 1 {
			t.Errorf("%s: the extra has been stored", name)
		}
		runtime.KeepAlive(m)
	}
}

// TestExtrasAreThere: right after the call for which they were loaded.
func TestExtrasAreThere(t *testing.T) {
	leaving, leave := context.WithCancel(ctx)
	defer leave()
	const extras = 500 // many, so that one who is woken too early finds some missing
	for _, ctx := range []context.Context{ctx, leaving} {
		for round := range 40 {
			loads := 0
			c := valueCache{Keep: 1000, LoadMany: func(context.Context, []int) (map[int]*value, error) {
				loads++
				m := make(map[int]*value)
				for key := range 1 + extras {
					m[key] = new(value)
				}
				return m, nil
			}}
			if round%2 == 0 {
				c.Get(ctx, 1)
			} else {
				c.GetMany(ctx, []int{1})
			}
			if n := c.Len(); n != 1+extras || loads != 1 {
				t.Fatalf("%d of %d are there after %d loads", n, 1+extras, loads)
			}
		}
	}
}

// TestPutDiesWhileLoading: a value that is put wins, even if nobody holds it any more.
func TestPutDiesWhileLoading(t *testing.T) {
	begun, proceed := make(chan struct{}), make(chan struct{})
	c := valueCache{Load: func(context.Context, int) (*value, error) {
		close(begun)
		<-proceed
		return &value{load: 1}, nil
	}}
	got := make(chan *value)
	go func() {
		v, _ := c.Get(ctx, 1)
		got <- v
	}()
	<-begun
	c.Put(1, &value{load: 2})
	for range 3 {
		weaktest.Collect(t)
	}
	close(proceed)
	v := <-got
	if v.load != 2 {
		t.Errorf("who waited got what was loaded")
	}
	if w, ok := c.Lookup(1); w != v || !ok {
		t.Errorf("the cache has %v", w)
	}
}

// TestWeightlessValues: of those, there would be no end.
func TestWeightlessValues(t *testing.T) {
	c, _ := counting(10)
	c.Weigh = func(int, *value) uint32 { return 0 }
	for key := range 1000 {
		get(t, c, key)
	}
	if n := c.Stats().Kept; n > 10 {
		t.Errorf("%d values are kept", n)
	}
}

// TestExpiredIsReportedSo: whoever finds it.
func TestExpiredIsReportedSo(t *testing.T) {
	for name, find := range map[string]func(*valueCache, *value){
		"Put":           func(c *valueCache, _ *value) { c.Put(1, new(value)) },
		"Put, the same": func(c *valueCache, v *value) { c.Put(1, v) },
		"Lookup":        func(c *valueCache, _ *value) { c.Lookup(1) },
		"Get": func(c *valueCache, _ *value) {
			if v, err := c.Get(ctx, 1); v != nil || err != cache.ErrNoLoader {
				t.Errorf("Get of an expired entry: %v, %v", v, err)
			}
		},
		"Invalidate":     func(c *valueCache, _ *value) { c.Invalidate(1) },
		"Clear":          func(c *valueCache, _ *value) { c.Clear() },
		"Sweep":          func(c *valueCache, _ *value) { c.Sweep() },
		"InvalidateFunc": func(c *valueCache, _ *value) { c.InvalidateFunc(func(int, *value) bool { return true }) },
	} {
		synctest.Test(t, func(t *testing.T) {
			var r removals
			c := valueCache{ExpireAfterWrite: time.Minute, OnRemove: r.add}
			c.Put(0, new(value)) // starts the timer, which ticks every 15 seconds
			time.Sleep(time.Second)
			v := &value{key: 1}
			c.Put(1, v)
			time.Sleep(time.Minute)
			find(&c, v)
			time.Sleep(20 * time.Second) // for InvalidateFunc, which leaves it to the timer
			synctest.Wait()
			got := 0
			for _, call := range r.sorted() {
				if strings.HasPrefix(call, "1 expired") {
					got++
				} else if strings.HasPrefix(call, "1 ") {
					t.Errorf("%s: %s", name, call)
				}
			}
			if got != 1 {
				t.Errorf("%s: reported %d times as expired", name, got)
			}
			runtime.KeepAlive(v)
			time.Sleep(time.Hour)
		})
	}
}

// TestRefreshNotFound: a thing that is gone leaves the cache.
func TestRefreshNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := false
		c := valueCache{Keep: 10, RefreshAfter: time.Minute, Load: func(_ context.Context, key int) (*value, error) {
			if gone {
				return nil, fmt.Errorf("no such thing: %w", cache.ErrNotFound)
			}
			return &value{key: key}, nil
		}}
		get(t, &c, 1)
		gone = true
		time.Sleep(time.Minute)
		get(t, &c, 1)
		synctest.Wait()
		if _, ok := c.Lookup(1); ok {
			t.Error("it is still there")
		}
		if st := c.Stats(); st.Removed != 1 || st.Kept != 0 {
			t.Errorf("%v", st)
		}
	})
}

// TestGetManyIsBounded: not as many loads at once as there are keys.
func TestGetManyIsBounded(t *testing.T) {
	for _, limit := range []int{0, 3} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int32
			c := valueCache{MaxLoads: limit, Load: func(_ context.Context, key int) (*value, error) {
				n := now.Add(1)
				defer now.Add(-1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				time.Sleep(time.Second)
				exitIf(key == 7)
				return &value{key: key}, nil
			}}
			keys := make([]int, 1000)
			for i := range keys {
				keys[i] = i
			}
			m, err := c.GetMany(ctx, keys)
			if len(m) != 999 || err == nil {
				t.Errorf("%d values, %v", len(m), err)
			}
			want := int32(64)
			if limit != 0 {
				want = int32(limit)
			}
			if most.Load() != want {
				t.Errorf("%d loads at once, want %d", most.Load(), want)
			}
		})
	}
}

// TestQueuedLoadsAreNotWaitedFor: the loads that GetMany runs may ask for keys that it has
// not come to.
func TestQueuedLoadsAreNotWaitedFor(t *testing.T) {
	for _, limit := range []int{0, 1, 5} {
		c := valueCache{MaxLoads: limit}
		c.Load = func(ctx context.Context, key int) (*value, error) {
			if key%100 != 0 {
				if _, err := c.Get(ctx, key/100*100); err != nil {
					return nil, err
				}
			}
			return &value{key: key}, nil
		}
		keys := make([]int, 1000)
		for i := range keys {
			keys[i] = i
		}
		within(t, "GetMany", func() {
			if m, err := c.GetMany(ctx, keys); len(m) != 1000 || err != nil {
				t.Errorf("%d values, %v", len(m), err)
			}
		})
	}
}

// TestRefreshesTogether: those that are due at once are loaded by few calls of LoadMany.
func TestRefreshesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls, keys atomic.Int32
		c := valueCache{Keep: 2000, RefreshAfter: time.Minute, LoadMany: func(_ context.Context, ks []int) (map[int]*value, error) {
			calls.Add(1)
			keys.Add(int32(len(ks)))
			time.Sleep(time.Second)
			m := make(map[int]*value)
			for _, k := range ks {
				m[k] = &value{key: k}
			}
			return m, nil
		}}
		all := make([]int, 1000)
		for i := range all {
			all[i] = i
		}
		c.GetMany(ctx, all)
		time.Sleep(time.Minute)
		c.GetMany(ctx, all)
		synctest.Wait()
		time.Sleep(2 * time.Minute)
		if calls.Load() != 2 || keys.Load() != 2000 {
			t.Errorf("GetMany: %d calls for %d keys", calls.Load(), keys.Load())
		}
		for _, k := range all {
			get(t, &c, k)
		}
		time.Sleep(time.Hour)
		if calls.Load() > 2+5 || keys.Load() != 3000 {
			t.Errorf("Get: %d calls for %d keys", calls.Load()-2, keys.Load()-2000)
		}
	})
}

// TestMemoryIsGivenBack after many keys were loaded at once.
func TestMemoryIsGivenBack(t *testing.T) {
	c := cache.Cache[string, value]{LoadMany: func(_ context.Context, keys []string) (map[string]*value, error) {
		m := make(map[string]*value, len(keys))
		for _, k := range keys {
			m[k] = new(value)
		}
		return m, nil
	}}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	weaktest.Collect(t)
	before := heap()
	func() {
		keys := make([]string, 100_000)
		for i := range keys {
			keys[i] = fmt.Sprint("key", i)
		}
		c.GetMany(ctx, keys)
	}()
	weaktest.Eventually(t, "memory is given back", func() bool { return heap()-before < 1<<20 })
	runtime.KeepAlive(&c)
}

// TestBubbles has caches used inside and outside of a bubble of testing/synctest.
func TestBubbles(t *testing.T) {
	begun := make(chan struct{})
	proceed := make(chan struct{})
	c := valueCache{
		Keep: 10, RefreshAfter: time.Hour, ExpireAfterWrite: 2 * time.Hour, KeepErrors: time.Hour, KeepFor: time.Hour,
		Load: func(_ context.Context, key int) (*value, error) {
			if key == 1 {
				close(begun)
				<-proceed
			}
			time.Sleep(time.Millisecond)
			return &value{key: key}, nil
		},
	}
	var outside sync.WaitGroup
	outside.Go(func() { c.Get(ctx, 1) })
	<-begun
	synctest.Test(t, func(t *testing.T) {
		var inside sync.WaitGroup
		for range 3 {
			inside.Go(func() { get(t, &c, 2) })
		}
		inside.Go(func() {
			if v, err := c.Get(t.Context(), 1); v == nil || err != nil { // of outside
				t.Errorf("%v, %v", v, err)
			}
		})
		go func() { // nobody of the bubble
			short, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			c.Get(short, 1)
		}()
		close(proceed)
		inside.Wait()
		get(t, &c, 3)
		time.Sleep(3 * time.Hour)
		get(t, &c, 3)
	})
	outside.Wait()
	c.Put(4, &value{key: 4})
	get(t, &c, 4)
	get(t, &c, 5)
	synctest.Test(t, func(t *testing.T) {
		get(t, &c, 4)
		get(t, &c, 6)
	})
	weakref.Check(&c)
}

// TestLookWhileTheSlotMoves is what histories found: who had found the slot of a value that
// was being loaded, and looked at it after the table had been rebuilt and the value had come,
// took the call for the value.
func TestLookWhileTheSlotMoves(t *testing.T) {
	for name, keep := range map[string]int{"kept": 10_000, "weak": 0} {
		t.Run(name, func(t *testing.T) {
			begun, proceed := make(chan struct{}), make(chan struct{})
			c := valueCache{Keep: keep, Load: func(context.Context, int) (*value, error) {
				close(begun)
				<-proceed
				return new(value), nil
			}}
			loaded := make(chan *value)
			go func() {
				v, _ := c.Get(context.Background(), 1)
				loaded <- v
			}()
			<-begun
			look := c.LateLooker(1)
			var others []*value
			for i := range 1000 { // moves the slot
				others = append(others, new(value))
				c.Put(2+i, others[i])
			}
			close(proceed)
			v := <-loaded
			if got := look(); got != nil && got != v {
				t.Errorf("the value is said to be at %p, and is at %p", got, v)
			}
			runtime.KeepAlive(others)
		})
	}
}
