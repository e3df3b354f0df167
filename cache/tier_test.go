package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
)

type thing struct {
	n int
	_ [32]byte
}

// tierFunc is a tier that is a function.
type tierFunc func(context.Context, cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error)

func (f tierFunc) Fetch(ctx context.Context, q cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
	return f(ctx, q)
}

// through is a tier that has nothing.
var through tierFunc = func(ctx context.Context, q cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
	values, err := q.Load(ctx, q.Keys...)
	found := map[string]cache.Fetched[thing]{}
	for k, v := range values {
		found[k] = cache.Fetched[thing]{Value: v}
	}
	return found, err
}

func has(values map[string]*thing, age time.Duration) map[string]cache.Fetched[thing] {
	found := map[string]cache.Fetched[thing]{}
	for k, v := range values {
		found[k] = cache.Fetched[thing]{Value: v, Age: age}
	}
	return found
}

// TestTierAnswers: what a tier has is not loaded, and is stored as what is loaded.
func TestTierAnswers(t *testing.T) {
	var fetches atomic.Int32
	c := &cache.Cache[string, thing]{
		Keep: 10,
		Load: func(context.Context, string) (*thing, error) { t.Error("loaded"); return nil, errors.New("loaded") },
		Tier: tierFunc(func(_ context.Context, q cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
			if fetches.Add(1); q.Younger != 0 {
				t.Error(q.Younger)
			}
			if q.Keys[0] == "none" {
				return nil, nil
			}
			return has(map[string]*thing{q.Keys[0]: {n: 7}}, 0), nil
		}),
	}
	v, err := c.Get(t.Context(), "a")
	if err != nil || v.n != 7 {
		t.Fatal(v, err)
	}
	if w, err := c.Get(t.Context(), "a"); w != v || err != nil || fetches.Load() != 1 {
		t.Error(w, err, fetches.Load())
	}
	if _, err := c.Get(t.Context(), "none"); !errors.Is(err, cache.ErrNotFound) {
		t.Error(err)
	}
}

// TestTierOnce: a key is fetched once, and loaded once, for all who ask.
func TestTierOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetches, loads atomic.Int32
		c := &cache.Cache[string, thing]{
			Load: func(context.Context, string) (*thing, error) {
				loads.Add(1)
				time.Sleep(time.Second)
				return &thing{n: 1}, nil
			},
			Tier: tierFunc(func(ctx context.Context, q cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
				fetches.Add(1)
				return through(ctx, q)
			}),
		}
		var all sync.WaitGroup
		got := make([]*thing, 20)
		for i := range got {
			all.Go(func() { got[i], _ = c.Get(t.Context(), "a") })
		}
		all.Wait()
		for _, v := range got {
			if v == nil || v != got[0] {
				t.Fatal(got)
			}
		}
		if fetches.Load() != 1 || loads.Load() != 1 {
			t.Error(fetches.Load(), loads.Load())
		}
	})
}

// TestTierGetMany: with LoadMany a tier is asked once for many keys, without it for each.
func TestTierGetMany(t *testing.T) {
	keys := []string{"a", "b", "c", "d"}
	for _, many := range []bool{false, true} {
		var fetches, loads atomic.Int32
		c := &cache.Cache[string, thing]{Keep: 10, Tier: tierFunc(func(ctx context.Context, q cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
			fetches.Add(1)
			if !many {
				return through(ctx, q)
			}
			found, err := q.Load(ctx, "a", "b")
			found["c"] = &thing{n: len("c")}
			found["more"] = &thing{n: 4}
			return has(found, 0), err // d is not found
		})}
		if many {
			c.LoadMany = func(_ context.Context, keys []string) (map[string]*thing, error) {
				loads.Add(1)
				found := map[string]*thing{}
				for _, k := range keys {
					found[k] = &thing{n: len(k)}
				}
				return found, nil
			}
		} else {
			c.Load = func(_ context.Context, k string) (*thing, error) {
				if loads.Add(1); k == "d" {
					return nil, cache.ErrNotFound
				}
				return &thing{n: len(k)}, nil
			}
		}
		got, err := c.GetMany(t.Context(), keys)
		if err != nil || len(got) != 3 || got["c"].n != 1 {
			t.Error(got, err)
		}
		_, more := c.Lookup("more")
		wantFetches, wantLoads := int32(4), int32(4)
		if many {
			wantFetches, wantLoads = 1, 1
		}
		if fetches.Load() != wantFetches || loads.Load() != wantLoads || more != many {
			t.Errorf("many=%v: %d fetches, %d loads, more: %v", many, fetches.Load(), loads.Load(), more)
		}
	}
}

// TestTierDeadlock: a load that waits for itself through a tier gets an error.
func TestTierDeadlock(t *testing.T) {
	c := &cache.Cache[string, thing]{Tier: through}
	c.Load = func(ctx context.Context, k string) (*thing, error) {
		if k == "a" {
			return c.Get(ctx, "b")
		}
		return c.Get(ctx, "a")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := c.Get(ctx, "a"); !errors.Is(err, cache.ErrDeadlock) {
		t.Error(err)
	}
}

// TestTierInvalidate: what is fetched while its key is invalidated, or put, is not stored.
func TestTierInvalidate(t *testing.T) {
	for _, put := range []bool{false, true} {
		begun, goOn := make(chan bool), make(chan bool)
		c := &cache.Cache[string, thing]{Keep: 10, Tier: tierFunc(func(context.Context, cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
			begun <- true
			<-goOn
			return has(map[string]*thing{"a": {n: 1}}, 0), nil
		})}
		got := make(chan *thing)
		go func() { v, _ := c.Get(context.Background(), "a"); got <- v }()
		<-begun
		newer := &thing{n: 2}
		if put {
			c.Put("a", newer)
		} else {
			c.Invalidate("a")
		}
		close(goOn)
		v := <-got
		w, ok := c.Lookup("a")
		if put && (v != newer || w != newer) || !put && (v.n != 1 || ok) {
			t.Error(put, v, w, ok)
		}
	}
}

// TestTierTurns: MaxLoads bounds the loads, not the fetches, which may wait for a load
// elsewhere that waits for a fetch here.
func TestTierTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetching, loading, most atomic.Int32
		c := &cache.Cache[string, thing]{
			MaxLoads: 2,
			Load: func(context.Context, string) (*thing, error) {
				for n := loading.Add(1); ; {
					old := most.Load()
					if n <= old || most.CompareAndSwap(old, n) {
						break
					}
				}
				time.Sleep(time.Second)
				loading.Add(-1)
				return new(thing), nil
			},
			Tier: tierFunc(func(ctx context.Context, q cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
				fetching.Add(1)
				for fetching.Load() < 10 { // all wait for each other
					time.Sleep(time.Millisecond)
				}
				return through(ctx, q)
			}),
		}
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				if _, err := c.Get(t.Context(), fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if most.Load() != 2 {
			t.Error(most.Load(), "loads at once")
		}
	})
}

// TestTierAge: times count from when a value was loaded, wherever that was.
func TestTierAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		age := 40 * time.Second
		var asked []time.Duration
		c := &cache.Cache[string, thing]{
			Keep: 10, ExpireAfterWrite: time.Minute, RefreshAfter: 50 * time.Second,
			Tier: tierFunc(func(_ context.Context, q cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
				asked = append(asked, q.Younger)
				return has(map[string]*thing{"a": new(thing)}, age), nil
			}),
		}
		if _, err := c.Get(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if e, ok := c.Peek("a"); !ok || e.Age != age || e.Left != 20*time.Second {
			t.Error(e, ok)
		}
		time.Sleep(11 * time.Second)
		age = time.Second
		c.Get(t.Context(), "a") // it is due
		synctest.Wait()
		if e, ok := c.Peek("a"); !ok || e.Age != age {
			t.Error(e, ok)
		}
		if len(asked) != 2 || asked[0] != 0 || asked[1] != 51*time.Second {
			t.Error(asked)
		}
		time.Sleep(time.Minute)
		if _, ok := c.Peek("a"); ok {
			t.Error("not expired")
		}
	})
}

// TestTierRefresh: a cache that knows of no time asks for any value but the one it has.
func TestTierRefresh(t *testing.T) {
	var younger []time.Duration
	c := &cache.Cache[string, thing]{Keep: 10, Tier: tierFunc(func(_ context.Context, q cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
		younger = append(younger, q.Younger)
		return has(map[string]*thing{"a": {n: len(younger)}}, -time.Hour), nil // nonsense
	})}
	c.Get(t.Context(), "a")
	if err := c.Refresh(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if v, _ := c.Lookup("a"); v.n != 2 || len(younger) != 2 || younger[1] != 1 {
		t.Error(v, younger)
	}
}

// TestTierContext: a fetch is cancelled when nobody waits any more.
func TestTierContext(t *testing.T) {
	begun, ended := make(chan bool), make(chan error)
	c := &cache.Cache[string, thing]{Tier: tierFunc(func(ctx context.Context, _ cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
		begun <- true
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	})}
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error)
	go func() { _, err := c.Get(ctx, "a"); got <- err }()
	<-begun
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestTierEnds: a tier may end as a loader may.
func TestTierEnds(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("no") }, "goexit": runtime.Goexit} {
		for _, inLoad := range []bool{false, true} {
			c := &cache.Cache[string, thing]{MaxLoads: 1, Load: func(context.Context, string) (*thing, error) { end(); return nil, nil }, Tier: through}
			if !inLoad {
				c.Tier = tierFunc(func(context.Context, cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
					end()
					return nil, nil
				})
			}
			for range 2 { // the turn was given back
				ctx, cancel := context.WithCancel(t.Context())
				_, err := c.Get(ctx, "a")
				var p *weakref.PanicError
				if err == nil || errors.As(err, &p) != (name == "panic") {
					t.Error(name, inLoad, err)
				}
				cancel()
			}
		}
	}
}

// TestTierLoadsWithout: a tier may be all that a cache has.
func TestTierLoadsWithout(t *testing.T) {
	c := &cache.Cache[string, thing]{Tier: through}
	if _, err := c.Get(t.Context(), "a"); !errors.Is(err, cache.ErrNoLoader) {
		t.Error(err)
	}
	c = &cache.Cache[string, thing]{Tier: through, Load: func(context.Context, string) (*thing, error) { return nil, nil }}
	if _, err := c.Get(t.Context(), "a"); err == nil {
		t.Error("nil without an error")
	}
}

// ExampleTier shows a tier that is a map.
func ExampleTier() {
	stored := map[string]int{"a": 1}
	c := &cache.Cache[string, thing]{
		Load: func(context.Context, string) (*thing, error) { return &thing{n: 2}, nil },
		Tier: tierFunc(func(ctx context.Context, q cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
			k := q.Keys[0]
			if n, ok := stored[k]; ok && q.Younger == 0 {
				return map[string]cache.Fetched[thing]{k: {Value: &thing{n: n}}}, nil
			}
			loaded, err := q.Load(ctx, k)
			if err != nil {
				return nil, err
			}
			stored[k] = loaded[k].n
			return map[string]cache.Fetched[thing]{k: {Value: loaded[k]}}, nil
		}),
	}
	for _, k := range []string{"a", "b"} {
		v, err := c.Get(context.Background(), k)
		fmt.Println(k, v.n, err)
	}
	fmt.Println(stored)
	// Output:
	// a 1 <nil>
	// b 2 <nil>
	// map[a:1 b:2]
}

// A tier that has nothing hands the keys on to the loader.
func ExampleFetch() {
	c := &cache.Cache[string, thing]{
		Load: func(context.Context, string) (*thing, error) { return &thing{n: 1}, nil },
		Tier: tierFunc(func(ctx context.Context, q cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
			fmt.Println("asked for", q.Keys)
			values, err := q.Load(ctx, q.Keys...)
			return has(values, 0), err
		}),
	}
	v, err := c.Get(context.Background(), "a")
	fmt.Println(v.n, err)
	// Output:
	// asked for [a]
	// 1 <nil>
}

// What another process loaded an hour ago expires an hour earlier.
func ExampleFetched() {
	c := &cache.Cache[string, thing]{
		ExpireAfterWrite: 2 * time.Hour,
		Tier: tierFunc(func(context.Context, cache.Fetch[string, thing]) (map[string]cache.Fetched[thing], error) {
			return map[string]cache.Fetched[thing]{"a": {Value: &thing{n: 1}, Age: time.Hour}}, nil
		}),
	}
	v, err := c.Get(context.Background(), "a")
	fmt.Println(v.n, err)
	entry, _ := c.Peek("a")
	fmt.Println(entry.Left.Round(time.Minute))
	// Output:
	// 1 <nil>
	// 1h0m0s
}
