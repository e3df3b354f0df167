package cache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/internal/boxtest"
	"github.com/weakref-go/weakref/weaktest"
)

func TestMain(m *testing.M) { boxtest.Main(m) }

type value struct {
	key  int
	load int // the number of the load that made it
	_    [4]*int
}

type valueCache = cache.Cache[int, value]

var (
	ctx     = context.Background()
	errBoom = errors.New("boom")
)

// counting returns a cache whose values carry the number of their load, and the
// number of loads so far.
func counting(keep int) (*valueCache, *atomic.Int32) {
	loads := new(atomic.Int32)
	return &valueCache{
		Keep: keep,
		Load: func(_ context.Context, key int) (*value, error) {
			return &value{key: key, load: int(loads.Add(1))}, nil
		},
	}, loads
}

func get(t *testing.T, c *valueCache, key int) *value {
	t.Helper()
	v, err := c.Get(ctx, key)
	if err != nil || v == nil || v.key != key {
		t.Fatalf("Get(%d) = %v, %v", key, v, err)
	}
	return v
}

// poll waits for a condition that does not need a collection.
func poll(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !cond(); time.Sleep(20 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not so within ten seconds: %s", what)
		}
	}
}

func TestZeroCache(t *testing.T) {
	var c valueCache
	if _, ok := c.Lookup(1); ok || c.Len() != 0 {
		t.Error("something is there")
	}
	if _, err := c.Get(ctx, 1); err != cache.ErrNoLoader {
		t.Errorf("Get: %v", err)
	}
	if m, err := c.GetMany(ctx, []int{1, 2}); !errors.Is(err, cache.ErrNoLoader) || len(m) != 0 {
		t.Errorf("GetMany: %v, %v", m, err)
	}
	c.Invalidate(1)
	c.Clear()
	v := &value{key: 1}
	c.Put(1, v)
	if got, ok := c.Lookup(1); got != v || !ok {
		t.Errorf("Lookup = %v, %v", got, ok)
	}
	if got, err := c.Get(ctx, 1); got != v || err != nil {
		t.Errorf("Get = %v, %v", got, err)
	}
}

func TestBasics(t *testing.T) {
	for _, keep := range []int{0, 10} {
		c, loads := counting(keep)
		v := get(t, c, 1)
		if get(t, c, 1) != v || loads.Load() != 1 {
			t.Error("loaded again")
		}
		if got, ok := c.Lookup(1); got != v || !ok {
			t.Error("Lookup does not find it")
		}
		w := &value{key: 1, load: -1}
		c.Put(1, w)
		if get(t, c, 1) != w {
			t.Error("Put does not replace")
		}
		x := get(t, c, 2)
		if all := maps.Collect(c.All()); len(all) != 2 || all[1] != w || all[2] != x {
			t.Errorf("All yields %v", all)
		}
		c.Invalidate(1)
		if _, ok := c.Lookup(1); ok || c.Len() != 1 {
			t.Error("Invalidate leaves it")
		}
		c.Clear()
		if _, ok := c.Lookup(2); ok || c.Len() != 0 {
			t.Error("Clear leaves something")
		}
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
		runtime.KeepAlive(w)
		runtime.KeepAlive(x)
	}
}

func TestBadSettings(t *testing.T) {
	for name, c := range map[string]*valueCache{
		"Keep":              {Keep: -1},
		"ExpireAfterWrite":  {ExpireAfterWrite: -1},
		"ExpireAfterAccess": {ExpireAfterAccess: -1},
		"RefreshAfter":      {RefreshAfter: -1},
		"KeepErrors":        {KeepErrors: -1},
	} {
		func() {
			defer func() {
				if v := recover(); !strings.Contains(fmt.Sprint(v), name) {
					t.Errorf("a negative %s: %v", name, v)
				}
			}()
			c.Len()
		}()
	}
	mustRefuse := func(want weakref.Reason, f func()) {
		t.Helper()
		defer func() {
			if u, ok := recover().(*weakref.UnsupportedError); !ok || u.Reason != want {
				t.Errorf("refused with %v", u)
			}
		}()
		f()
	}
	mustRefuse(weakref.NilPointer, func() { new(valueCache).Put(1, nil) })
	mustRefuse(weakref.Tiny, func() { new(cache.Cache[int, int]).Put(1, new(int)) })
	mustRefuse(weakref.Tiny, func() {
		c := cache.Cache[int, int]{Load: func(context.Context, int) (*int, error) { return new(int), nil }}
		c.Get(ctx, 1)
	})
}

func TestLoadOnceForAll(t *testing.T) {
	for _, keep := range []int{0, 10} {
		const callers = 8
		c, loads := counting(keep)
		load, before := c.Load, int32(0)
		c.Load = func(ctx context.Context, key int) (*value, error) {
			v, err := load(ctx, key)
			for c.Waiting(key) < callers && loads.Load() == before+1 {
				runtime.Gosched() // so that all ask while it is loaded
			}
			return v, err
		}
		for key := range 50 {
			before = loads.Load()
			got := make([]*value, callers)
			var wg sync.WaitGroup
			for i := range got {
				wg.Go(func() { got[i], _ = c.Get(ctx, key) })
			}
			wg.Wait()
			for _, v := range got {
				if v == nil || v != got[0] {
					t.Fatalf("one got %v, another %v", v, got[0])
				}
			}
			if n := loads.Load() - before; n != 1 {
				t.Fatalf("%d loads", n)
			}
		}
		if calls, _ := c.Loading(); calls != 0 {
			t.Errorf("%d loads are left behind", calls)
		}
	}
}

// TestLoadOnceRace has two goroutines ask for the same new key at the same moment,
// again and again: it is loaded once, also if one comes just when the load of the
// other has ended.
func TestLoadOnceRace(t *testing.T) {
	c, loads := counting(0)
	const rounds = 10_000
	var held [2][rounds]*value
	var at [2]atomic.Int32
	var wg sync.WaitGroup
	for i := range held {
		wg.Go(func() {
			for round := range rounds {
				at[i].Store(int32(round))
				for spins := 0; at[1-i].Load() < int32(round); spins++ {
					if spins > 1000 {
						runtime.Gosched()
					}
				}
				for range i * round % 300 { // not always at the very same moment
					at[i].Load()
				}
				held[i][round], _ = c.Get(ctx, round)
			}
			at[i].Store(rounds)
		})
	}
	wg.Wait()
	if held[0] != held[1] || loads.Load() != rounds {
		t.Errorf("%d loads of %d keys", loads.Load(), rounds)
	}
}

// TestLateKeeping: what has been invalidated is not kept, although it was just being
// put into the strong tier.
func TestLateKeeping(t *testing.T) {
	c := valueCache{Keep: 10}
	c.Put(1, &value{key: 1})
	keep := c.LateKeeper(1)
	c.Invalidate(1)
	keep()
	if n := c.Stats().Kept; n != 0 {
		t.Errorf("%d values are kept of an empty cache", n)
	}
}

// TestLateRemoval: who removes an entry that he has looked up before does not remove
// the one that has taken its place.
func TestLateRemoval(t *testing.T) {
	var c valueCache
	v, w := &value{key: 1}, &value{key: 1}
	c.Put(1, v)
	remove := c.Remover(1)
	c.Put(1, w)
	remove()
	if got, ok := c.Lookup(1); got != w || !ok {
		t.Errorf("Lookup = %v, %v after the removal of an older entry", got, ok)
	}
	runtime.KeepAlive(v)
}

// TestReplacingIsOneStep: a key that is always replaced, and never removed, always has
// a value.
func TestReplacingIsOneStep(t *testing.T) {
	var c valueCache
	values := [2]*value{{key: 1}, {key: 1}}
	c.Put(1, values[0])
	const puts = 100_000
	var done atomic.Bool
	go func() {
		defer done.Store(true)
		for i := range puts {
			c.Put(1, values[i%2])
		}
	}()
	for !done.Load() {
		if _, ok := c.Lookup(1); !ok {
			t.Error("the key has no value for a moment")
			break
		}
	}
	runtime.KeepAlive(&values)
}

// TestAllWhileReplaced: a key that has a value all the while comes once, though its value is
// put or refreshed again and again.
func TestAllWhileReplaced(t *testing.T) {
	const keys = 500
	c := valueCache{Keep: 10 * keys, Load: func(_ context.Context, key int) (*value, error) { return &value{key: key}, nil }}
	for key := range keys {
		c.Put(key, &value{key: key})
	}
	var over atomic.Bool
	var others sync.WaitGroup
	defer others.Wait()
	defer over.Store(true)
	for seed := range uint64(2) {
		others.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			for !over.Load() {
				c.Put(r.IntN(keys), new(value))
				if err := c.Refresh(ctx, r.IntN(keys)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 100 {
		seen := make(map[int]int)
		for key := range c.All() {
			seen[key]++
			if len(seen)%100 == 0 {
				runtime.Gosched()
			}
		}
		for key := range keys {
			if seen[key] != 1 {
				t.Fatalf("key %d came %d times", key, seen[key])
			}
		}
	}
}

// TestTimerDoesNotKeepTheCache: the timer that removes expired entries runs for up to
// a minute.
func TestTimerDoesNotKeepTheCache(t *testing.T) {
	v := &value{key: 1}
	weaktest.MustCollect(t, func() weakref.Ref[valueCache] {
		c := &valueCache{ExpireAfterWrite: time.Hour}
		c.Put(1, v)
		return weakref.Make(c)
	}())
	core := func() func() bool {
		c := &valueCache{ExpireAfterWrite: time.Hour}
		c.Put(1, v)
		r := c.Core()
		return func() bool { return r.Value() == nil }
	}()
	weaktest.Eventually(t, "the cache is gone", core)
	runtime.KeepAlive(v)
}

func TestErrorsAreNotKept(t *testing.T) {
	loads := 0
	c := valueCache{Load: func(context.Context, int) (*value, error) {
		if loads++; loads == 1 {
			return nil, errBoom
		}
		return &value{key: 1}, nil
	}}
	if v, err := c.Get(ctx, 1); v != nil || err != errBoom {
		t.Errorf("%v, %v", v, err)
	}
	if c.Len() != 0 {
		t.Error("an error has left an entry")
	}
	get(t, &c, 1)
	if st := c.Stats(); st.Loads != 2 || st.LoadErrors != 1 {
		t.Errorf("%+v", st)
	}
}

// failing gets a key whose load misbehaves, from several goroutines. A goroutine that
// does not return from Get has the error nil.
func failing(t *testing.T, ctx context.Context, load func() (*value, error)) []error {
	t.Helper()
	const n = 4
	proceed := make(chan struct{})
	c := valueCache{Load: func(context.Context, int) (*value, error) {
		<-proceed
		return load()
	}}
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = c.Get(ctx, 1) })
	}
	poll(t, "all wait", func() bool { return c.Waiting(1) == n })
	close(proceed)
	wg.Wait()
	if calls, kept := c.Loading(); calls != 0 || kept != 0 || c.Len() != 0 {
		t.Errorf("%d calls, %d errors and %d entries are left behind", calls, kept, c.Len())
	}
	return errs
}

func TestFailuresReachAll(t *testing.T) {
	leaving, leave := context.WithCancel(ctx)
	defer leave()
	for _, ctx := range []context.Context{ctx, leaving} {
		for _, err := range failing(t, ctx, func() (*value, error) { return nil, errBoom }) {
			if err != errBoom {
				t.Errorf("error: got %v", err)
			}
		}
		for _, err := range failing(t, ctx, func() (*value, error) { return nil, nil }) {
			if err == nil || !strings.Contains(err.Error(), "nil and no error for key 1") {
				t.Errorf("nil: got %v", err)
			}
		}
		for _, err := range failing(t, ctx, func() (*value, error) { panic(errBoom) }) {
			var p *weakref.PanicError
			if !errors.As(err, &p) || p.Value != errBoom || !errors.Is(err, errBoom) || !strings.Contains(string(p.Stack), "TestFailuresReachAll") {
				t.Errorf("panic: got %v", err)
			}
		}
	}
}

// TestGoexitReachesAll: a loader that ends its goroutine is an error for all who can
// still be told. Who runs the loader himself, because he cannot leave, ends with it.
func TestGoexitReachesAll(t *testing.T) {
	leaving, leave := context.WithCancel(ctx)
	defer leave()
	for ctx, ended := range map[context.Context]int{ctx: 1, leaving: 0} {
		for _, err := range failing(t, ctx, func() (*value, error) { runtime.Goexit(); return nil, nil }) {
			if err == nil {
				ended--
			} else if !strings.Contains(err.Error(), "Goexit") {
				t.Errorf("got %v", err)
			}
		}
		if ended != 0 {
			t.Errorf("%d goroutines more than expected have not ended", ended)
		}
	}
}

// TestLoadContext: the context of a loader has the values of the one that Get was given,
// but not its end, and is as good as those of package context.
func TestLoadContext(t *testing.T) {
	type key struct{}
	leaving, leave := context.WithCancel(context.WithValue(ctx, key{}, "value"))
	leave()
	for _, given := range []context.Context{context.WithoutCancel(leaving), context.WithValue(t.Context(), key{}, "value")} {
		var used, unused, derived context.Context
		var after atomic.Bool
		c := valueCache{Load: func(ctx context.Context, k int) (*value, error) {
			if k == 2 {
				unused = ctx
				return new(value), ctx.Err()
			}
			used = ctx
			if _, ok := ctx.Deadline(); ok || ctx.Err() != nil || context.Cause(ctx) != nil || ctx.Value(key{}) != "value" {
				t.Errorf("deadline %v, error %v, value %v", ok, ctx.Err(), ctx.Value(key{}))
			}
			var cancel context.CancelFunc
			derived, cancel = context.WithCancel(ctx)
			t.Cleanup(cancel)
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			if strings.Contains(string(stacks), "propagateCancel") {
				t.Errorf("a derived context takes a goroutine:\n%s", stacks)
			}
			context.AfterFunc(ctx, func() { after.Store(true) })
			select {
			case <-ctx.Done():
				t.Error("the context has ended before the load")
			default:
			}
			return new(value), nil
		}}
		for k := 1; k <= 2; k++ {
			if _, err := c.Get(given, k); err != nil {
				t.Fatal(err)
			}
		}
		for _, ctx := range []context.Context{used, derived, unused} {
			<-ctx.Done()
			if ctx.Err() != context.Canceled || context.Cause(ctx) != context.Canceled {
				t.Errorf("after the load: %v, %v", ctx.Err(), context.Cause(ctx))
			}
		}
		poll(t, "what was to run after the load has run", after.Load)
	}
}

func TestWeighPanics(t *testing.T) {
	c, _ := counting(10)
	c.Weigh = func(int, *value) uint32 { panic(errBoom) }
	if _, err := c.Get(ctx, 1); !errors.Is(err, errBoom) {
		t.Errorf("%v", err)
	}
}

// TestWaiterLeaves: one who waits gives up; the load goes on for the other, and
// its context does not end.
func TestWaiterLeaves(t *testing.T) {
	proceed := make(chan struct{})
	var loadErr error
	c := valueCache{Load: func(ctx context.Context, key int) (*value, error) {
		ended := ctx.Done()
		<-proceed
		_ = ended
		loadErr = ctx.Err()
		return &value{key: key}, nil
	}}
	leaving, leave := context.WithCancel(ctx)
	left, stayed := make(chan error), make(chan error)
	go func() { _, err := c.Get(leaving, 1); left <- err }() // begins the load
	poll(t, "the load has begun", func() bool { return c.Waiting(1) == 1 })
	var got *value
	go func() {
		var err error
		got, err = c.Get(ctx, 1)
		stayed <- err
	}()
	poll(t, "both wait", func() bool { return c.Waiting(1) == 2 })
	leave()
	if err := <-left; err != context.Canceled {
		t.Errorf("who left got %v", err)
	}
	close(proceed)
	if err := <-stayed; err != nil {
		t.Errorf("who stayed got %v", err)
	}
	if v, ok := c.Lookup(1); !ok || v != got {
		t.Errorf("the cache has %v", v)
	}
	if loadErr != nil {
		t.Errorf("the loader's context had ended: %v", loadErr)
	}
}

// TestAllWaitersLeave: the loader's context ends, and who comes afterwards does not
// join it but loads anew, although the loader has not returned.
func TestAllWaitersLeave(t *testing.T) {
	begun, cancelled, proceed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var loads atomic.Int32
	c := valueCache{Load: func(ctx context.Context, key int) (*value, error) {
		n := int(loads.Add(1))
		if n == 1 {
			close(begun)
			<-ctx.Done()
			close(cancelled)
			<-proceed
		}
		return &value{key: key, load: n}, nil
	}}
	leaving, leave := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := c.Get(leaving, 1); err != context.Canceled {
				t.Errorf("got %v", err)
			}
		})
	}
	poll(t, "all wait", func() bool { return c.Waiting(1) == 3 })
	<-begun // if all left before, it would not be called
	leave()
	wg.Wait()
	<-cancelled
	v := get(t, &c, 1)
	if v.load != 2 {
		t.Errorf("got the value of load %d", v.load)
	}
	close(proceed)
	poll(t, "the first load has ended", func() bool { return c.Stats().Loads == 2 })
	if get(t, &c, 1) != v {
		t.Error("the value of an abandoned load has replaced another")
	}
}

// TestCallsAreComplete: what a call does is done when it returns, and counted, although a
// goroutine of the cache's own has loaded the value.
func TestCallsAreComplete(t *testing.T) {
	ctx, cancel := context.WithCancel(ctx) // so that there is one
	defer cancel()
	c, _ := counting(0)
	c.Keep = 1
	for n := range 2000 {
		if _, err := c.Get(ctx, n); err != nil {
			t.Fatal(err)
		}
		if st := c.Stats(); st.Kept != 1 || st.Evicted != uint64(n) {
			t.Fatalf("after %d loads: %v", n+1, st)
		}
	}
	for n := range 2000 {
		if err := c.Refresh(ctx, 1999); err != nil {
			t.Fatal(err)
		}
		if st := c.Stats(); st.Kept != 1 || st.Replaced != uint64(n+1) {
			t.Fatalf("after %d refreshes: %v, %d replaced", n+1, st, st.Replaced)
		}
	}
}

func TestContextIsOver(t *testing.T) {
	c, loads := counting(0)
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Get(over, 1); err != context.Canceled {
		t.Errorf("%v", err)
	}
	if m, err := c.GetMany(over, []int{1, 2}); err != context.Canceled || len(m) != 0 {
		t.Errorf("%v, %v", m, err)
	}
	if loads.Load() != 0 {
		t.Error("loaded for nobody")
	}
	v := get(t, c, 1)
	if got, err := c.Get(over, 1); got != v || err != nil {
		t.Errorf("%v, %v for a value that is there", got, err)
	}
}

func TestContextValuesReachTheLoader(t *testing.T) {
	type name struct{}
	var got any
	c := valueCache{Load: func(ctx context.Context, key int) (*value, error) {
		got = ctx.Value(name{})
		return &value{key: key}, nil
	}}
	c.Get(context.WithValue(ctx, name{}, "trace"), 1)
	if got != "trace" {
		t.Errorf("got %v", got)
	}
}

func TestRecursion(t *testing.T) {
	var c valueCache
	c.Load = func(ctx context.Context, key int) (*value, error) {
		if key > 0 {
			if _, err := c.Get(ctx, key-1); err != nil {
				return nil, err
			}
		}
		return &value{key: key}, nil
	}
	get(t, &c, 10)
	c.Load = nil

	var self valueCache
	self.Load = func(ctx context.Context, key int) (*value, error) { return self.Get(ctx, key) }
	if _, err := self.Get(ctx, 1); !errors.Is(err, cache.ErrDeadlock) || !strings.Contains(err.Error(), "1") {
		t.Errorf("recursion on the same key: %v", err)
	}
}

// TestCircle has loads of two caches ask for each other's keys in a circle, each
// on several goroutines.
func TestCircle(t *testing.T) {
	for range 50 {
		var a, b valueCache
		var begun sync.WaitGroup
		begun.Add(2)
		load := func(other *valueCache) func(context.Context, int) (*value, error) {
			return func(ctx context.Context, key int) (*value, error) {
				begun.Done()
				begun.Wait()
				done := make(chan error)
				go func() { _, err := other.Get(ctx, key); done <- err }()
				return &value{key: key}, <-done
			}
		}
		a.Load, b.Load = load(&b), load(&a)
		var errA, errB error
		var wg sync.WaitGroup
		wg.Go(func() { _, errA = a.Get(ctx, 1) })
		wg.Go(func() { _, errB = b.Get(ctx, 1) })
		wg.Wait()
		if !errors.Is(errA, cache.ErrDeadlock) && !errors.Is(errB, cache.ErrDeadlock) {
			t.Fatalf("nobody was told: %v, %v", errA, errB)
		}
	}
}

// TestIdentity is the fault of every cache that only evicts: two live copies of
// one thing.
func TestIdentity(t *testing.T) {
	c, loads := counting(10)
	const n = 1000
	held := make([]*value, n)
	for key := range held {
		held[key] = get(t, c, key)
	}
	for range 3 {
		for _, key := range []int{0, 1, n / 2, n - 1} {
			if get(t, c, key) != held[key] {
				t.Fatalf("there are two copies of %d", key)
			}
		}
		weaktest.Collect(t)
	}
	for key := range held {
		if get(t, c, key) != held[key] {
			t.Fatalf("there are two copies of %d", key)
		}
	}
	st := c.Stats()
	if loads.Load() != n || st.WeakHits == 0 || st.Evicted == 0 {
		t.Errorf("%d loads, %+v", loads.Load(), st)
	}
}

func TestKeepsTheHottest(t *testing.T) {
	c, loads := counting(10)
	for key := range 5 {
		get(t, c, key)
	}
	for range 3 {
		weaktest.Collect(t)
	}
	for key := range 5 {
		get(t, c, key)
	}
	if loads.Load() != 5 {
		t.Errorf("%d loads", loads.Load())
	}
}

func TestKeepsNoMore(t *testing.T) {
	const keep, n = 10, 1000
	c, _ := counting(keep)
	for key := range n {
		get(t, c, key)
	}
	weaktest.Eventually(t, "no more are alive than are kept", func() bool { return c.Len() <= keep })
	if st := c.Stats(); st.Kept > keep || st.Collected < n-keep {
		t.Errorf("%+v", st)
	}
	runtime.KeepAlive(c)
}

func TestKeepsNone(t *testing.T) {
	c, _ := counting(0)
	for key := range 100 {
		get(t, c, key)
	}
	weaktest.Eventually(t, "none is alive", func() bool { return c.Len() == 0 })
}

func TestWeight(t *testing.T) {
	c, _ := counting(100)
	c.Weigh = func(key int, _ *value) uint32 { return uint32(key) }
	for key := range 60 {
		get(t, c, key)
	}
	weaktest.Eventually(t, "the weight is bounded", func() bool {
		weight := 0
		for key := range c.All() {
			weight += key
		}
		return weight <= 100
	})
	runtime.KeepAlive(c)
}

func TestInvalidateWhileLoading(t *testing.T) {
	for name, invalidate := range map[string]func(*valueCache){
		"Invalidate": func(c *valueCache) { c.Invalidate(1) },
		"Clear":      func(c *valueCache) { c.Clear() },
	} {
		t.Run(name, func(t *testing.T) {
			proceed := make(chan struct{})
			var loads atomic.Int32
			c := valueCache{Load: func(_ context.Context, key int) (*value, error) {
				n := int(loads.Add(1))
				if n == 1 {
					<-proceed
				}
				return &value{key: key, load: n}, nil
			}}
			first := make(chan *value)
			go func() { v, _ := c.Get(ctx, 1); first <- v }()
			poll(t, "the load has begun", func() bool { return loads.Load() == 1 })
			invalidate(&c)
			fresh := get(t, &c, 1)
			if fresh.load != 2 {
				t.Errorf("who asked after the invalidation got load %d", fresh.load)
			}
			close(proceed)
			if v := <-first; v == nil || v.load != 1 {
				t.Errorf("who waited got %v", v)
			}
			if get(t, &c, 1) != fresh {
				t.Error("what was invalidated has been stored")
			}
		})
	}
}

func TestPutWhileLoading(t *testing.T) {
	proceed := make(chan struct{})
	c := valueCache{Load: func(_ context.Context, key int) (*value, error) {
		<-proceed
		return &value{key: key}, nil
	}}
	first := make(chan *value)
	go func() { v, _ := c.Get(ctx, 1); first <- v }()
	poll(t, "the load has begun", func() bool { return c.Waiting(1) == 1 })
	put := &value{key: 1, load: -1}
	c.Put(1, put)
	if get(t, &c, 1) != put {
		t.Error("a put value is not there at once")
	}
	close(proceed)
	if v := <-first; v != put {
		t.Errorf("who waited got %v", v)
	}
	if get(t, &c, 1) != put {
		t.Error("the loaded value has replaced the put one")
	}
}

func TestGetMany(t *testing.T) {
	var asked [][]int
	c := valueCache{LoadMany: func(_ context.Context, keys []int) (map[int]*value, error) {
		asked = append(asked, slices.Sorted(slices.Values(keys)))
		m := map[int]*value{100: {key: 100}} // more than was asked for
		for _, k := range keys {
			if k < 10 {
				m[k] = &value{key: k}
			}
		}
		return m, nil
	}}
	one := get(t, &c, 1) // LoadMany serves Get
	m, err := c.GetMany(ctx, []int{1, 2, 3, 3, 20})
	if err != nil || len(m) != 3 || m[1] != one || m[2] == nil || m[3] == nil {
		t.Errorf("%v, %v", m, err)
	}
	if len(asked) != 2 || !slices.Equal(asked[1], []int{2, 3, 20}) {
		t.Errorf("asked for %v", asked)
	}
	if _, ok := c.Lookup(100); !ok {
		t.Error("what was not asked for is not stored")
	}
	if _, err := c.Get(ctx, 20); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("Get of what is not found: %v", err)
	}
	runtime.KeepAlive(m)
}

func TestGetManyWithoutLoadMany(t *testing.T) {
	c := valueCache{Load: func(_ context.Context, key int) (*value, error) {
		switch key {
		case 2:
			return nil, errBoom
		case 3:
			return nil, cache.ErrNotFound
		}
		return &value{key: key}, nil
	}}
	m, err := c.GetMany(ctx, []int{1, 2, 3, 4})
	if len(m) != 2 || m[1] == nil || m[4] == nil {
		t.Errorf("got %v", m)
	}
	if !errors.Is(err, errBoom) || !strings.Contains(err.Error(), "key 2") || strings.Contains(err.Error(), "key 3") {
		t.Errorf("error: %v", err)
	}
}

func TestGetManyJoins(t *testing.T) {
	proceed := make(chan struct{})
	var one, many atomic.Int32
	c := valueCache{
		Load: func(_ context.Context, key int) (*value, error) {
			one.Add(1)
			<-proceed
			return &value{key: key}, nil
		},
		LoadMany: func(_ context.Context, keys []int) (map[int]*value, error) {
			many.Add(int32(len(keys)))
			<-proceed
			m := make(map[int]*value)
			for _, k := range keys {
				m[k] = &value{key: k}
			}
			return m, nil
		},
	}
	var wg sync.WaitGroup
	var single, joined *value
	var m map[int]*value
	wg.Go(func() { single, _ = c.Get(ctx, 1) })
	poll(t, "the load of one has begun", func() bool { return c.Waiting(1) == 1 })
	wg.Go(func() { m, _ = c.GetMany(ctx, []int{1, 2, 3}) })
	poll(t, "the load of many has begun", func() bool { return c.Waiting(2) == 2 })
	wg.Go(func() { joined, _ = c.Get(ctx, 2) })
	poll(t, "another has joined it", func() bool { return c.Waiting(2) == 3 })
	close(proceed)
	wg.Wait()
	if one.Load() != 1 || many.Load() != 2 || m[1] != single || m[2] != joined || len(m) != 3 {
		t.Errorf("%d and %d keys loaded, got %v, %v, %v", one.Load(), many.Load(), single, joined, m)
	}
}

func TestGetManyIsCancelled(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	c := valueCache{LoadMany: func(ctx context.Context, keys []int) (map[int]*value, error) {
		close(begun)
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	}}
	there := &value{key: 1}
	c.Put(1, there)
	leaving, leave := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		m, err := c.GetMany(leaving, []int{1, 2, 3})
		if !errors.Is(err, context.Canceled) || len(m) != 1 || m[1] != there {
			t.Errorf("%v, %v", m, err)
		}
	}()
	poll(t, "the load has begun", func() bool { return c.Waiting(3) == 2 })
	<-begun // if all left before, it would not be called
	leave()
	<-done
	<-ended
	if calls, _ := c.Loading(); calls != 0 {
		t.Errorf("%d loads are left behind", calls)
	}
}

func TestGetManyFails(t *testing.T) {
	for _, load := range []func() (map[int]*value, error){
		func() (map[int]*value, error) { return nil, errBoom },
		func() (map[int]*value, error) { panic(errBoom) },
	} {
		c := valueCache{LoadMany: func(context.Context, []int) (map[int]*value, error) { return load() }}
		if m, err := c.GetMany(ctx, []int{1, 2}); !errors.Is(err, errBoom) || len(m) != 0 {
			t.Errorf("%v, %v", m, err)
		}
	}
}

// removals collects calls of OnRemove.
type removals struct {
	mu    sync.Mutex
	calls []string
}

func (r *removals) add(key int, v *value, cause cache.Cause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	call := fmt.Sprintf("%d %v", key, cause)
	if (v == nil) != (cause == cache.Collected) {
		call += fmt.Sprintf(" with value %v", v)
	}
	r.calls = append(r.calls, call)
}

func (r *removals) sorted() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(slices.Values(r.calls))
}

func TestOnRemove(t *testing.T) {
	var r removals
	c, _ := counting(0)
	c.OnRemove = r.add
	kept := []*value{get(t, c, 1), get(t, c, 2), get(t, c, 3)}
	c.Invalidate(1)
	c.Put(2, &value{key: 2})
	c.Put(3, kept[2]) // the same again is no replacement
	get(t, c, 4)
	weaktest.Eventually(t, "all calls are made", func() bool { return len(r.sorted()) >= 4 })
	c.Clear()
	want := []string{"1 removed", "2 collected", "2 replaced", "3 removed", "4 collected"}
	poll(t, "the last call is made", func() bool { return len(r.sorted()) >= len(want) })
	if got := r.sorted(); !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
	st := c.Stats()
	if st.Removed != 2 || st.Replaced != 1 || st.Collected != 2 || st.Evicted != 0 {
		t.Errorf("%+v", st)
	}
	runtime.KeepAlive(kept)
}

func TestOnRemoveEvicted(t *testing.T) {
	var r removals
	c, _ := counting(1)
	c.OnRemove = r.add
	var held []*value
	for key := range 20 {
		held = append(held, get(t, c, key))
	}
	poll(t, "values are evicted", func() bool { return len(r.sorted()) >= 19 })
	for _, call := range r.sorted() {
		if !strings.HasSuffix(call, "evicted") {
			t.Errorf("call %q although all values are in use", call)
		}
	}
	if c.Len() != 20 {
		t.Errorf("Len = %d", c.Len())
	}
	runtime.KeepAlive(held)
}

func TestOnRemoveMayDoAnything(t *testing.T) {
	c, _ := counting(0)
	var calls atomic.Int32
	c.OnRemove = func(key int, _ *value, cause cache.Cause) {
		if cause != cache.Removed {
			return // or a replacement in a callback would call it for ever
		}
		defer calls.Add(1)
		c.Put(-1, &value{key: -1})
		c.Lookup(key)
		c.Len()
		if key == 2 {
			panic(errBoom)
		}
	}
	c.Put(1, &value{key: 1})
	c.Put(2, &value{key: 2})
	c.Invalidate(1)
	c.Invalidate(2)
	poll(t, "both calls are made", func() bool { return calls.Load() >= 2 })
	poll(t, "the panic is counted", func() bool { return c.Stats().Panics == 1 })
}

func TestCacheIsCollectable(t *testing.T) {
	var kept []*value
	before := runtime.NumGoroutine()
	for _, set := range []func(*valueCache){
		func(*valueCache) {},
		func(c *valueCache) { c.Keep = 10 },
		func(c *valueCache) { c.Keep = 10; c.ExpireAfterWrite = time.Hour; c.RefreshAfter = time.Hour },
		func(c *valueCache) { c.OnRemove = func(int, *value, cache.Cause) { c.Len() } },
		func(c *valueCache) { c.Keep = 2; c.OnRemove = func(int, *value, cache.Cause) { c.Len() } },
	} {
		make := func() weakref.Ref[valueCache] {
			c, _ := counting(0)
			set(c)
			for key := range 20 {
				kept = append(kept, get(t, c, key))
			}
			return weakref.Make(c)
		}
		weaktest.MustCollect(t, make())
	}
	poll(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
	runtime.KeepAlive(kept)
}

func TestNaN(t *testing.T) {
	var c cache.Cache[float64, value]
	c.Load = func(context.Context, float64) (*value, error) { return new(value), nil }
	for range 10 {
		if v, err := c.Get(ctx, math.NaN()); v == nil || err != nil {
			t.Errorf("%v, %v", v, err)
		}
	}
	if calls, _ := c.Loading(); calls != 0 {
		t.Errorf("%d loads are left behind", calls)
	}
}

// TestStress has goroutines hold values for a while, in a cache that evicts all the
// time, and checks that nobody else ever gets another copy.
func TestStress(t *testing.T) {
	for _, keep := range []int{0, 3, 50} {
		c, _ := counting(keep)
		var r removals
		c.OnRemove = r.add
		var wg sync.WaitGroup
		var stop atomic.Bool
		wg.Go(func() {
			for !stop.Load() {
				runtime.GC()
			}
		})
		var workers sync.WaitGroup
		for w := range 4 {
			workers.Go(func() {
				held := make(map[int]*value)
				for i := range 3000 {
					key := (i*7 + w*13) % 100
					v, err := c.Get(ctx, key)
					if err != nil || v.key != key {
						t.Errorf("Get(%d) = %v, %v", key, v, err)
						return
					}
					if h := held[key]; h != nil && h != v {
						t.Errorf("there are two copies of %d", key)
						return
					}
					if i%3 == 0 {
						held[key] = v
					} else {
						delete(held, key)
					}
				}
				runtime.KeepAlive(held)
			})
		}
		workers.Wait()
		stop.Store(true)
		wg.Wait()
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
		weaktest.Eventually(t, "only what is kept is left", func() bool { return c.Len() <= keep })
		runtime.KeepAlive(c)
	}
}

type ctxKey struct{}

// TestLoadContextKeepsNothing: a loader may hand its context to what lives long, a log or
// a trace. That does not keep the value.
func TestLoadContextKeepsNothing(t *testing.T) {
	leaving, leave := context.WithCancel(ctx)
	defer leave()
	for _, ctx := range []context.Context{ctx, leaving} {
		var kept context.Context
		c := valueCache{Load: func(ctx context.Context, key int) (*value, error) {
			kept = context.WithValue(ctx, ctxKey{}, key)
			return &value{key: key}, nil
		}}
		load := func() weakref.Ref[value] {
			v, err := c.Get(ctx, 1)
			if err != nil {
				t.Fatal(err)
			}
			return weakref.Make(v)
		}
		weaktest.MustCollect(t, load())
		runtime.KeepAlive(kept)
		runtime.KeepAlive(&c)
	}
}

// TestLoadIsUsedAgain: nothing of a load that has ended is found in one that comes after
// it: no result, no error, nothing that was put meanwhile, and who waits does wait.
func TestLoadIsUsedAgain(t *testing.T) {
	var c valueCache
	begun, goOn := make(chan int), make(chan bool)
	c.Load = func(_ context.Context, key int) (*value, error) {
		switch key {
		case 1: // something is put meanwhile
			c.Put(key, &value{key: key, load: 100})
		case 2: // it fails
			return nil, errBoom
		case 3: // others join
			begun <- key
			<-goOn
		}
		return &value{key: key, load: key}, nil
	}
	leaving, leave := context.WithCancel(ctx)
	defer leave()
	for _, ctx := range []context.Context{ctx, leaving} {
		c.Clear()
		if v, err := c.Get(ctx, 1); err != nil || v.load != 100 {
			t.Errorf("Get(1) = %v, %v, not what was put", v, err)
		}
		if v, err := c.Get(ctx, 2); v != nil || err != errBoom {
			t.Errorf("Get(2) = %v, %v", v, err)
		}
		joined := c.Stats().Joined
		var waiting sync.WaitGroup
		for range 3 {
			waiting.Go(func() {
				if v, err := c.Get(ctx, 3); err != nil || v == nil || v.load != 3 {
					t.Errorf("Get(3) = %v, %v", v, err)
				}
			})
		}
		<-begun
		poll(t, "the others wait", func() bool { return c.Stats().Joined == joined+2 })
		goOn <- true
		waiting.Wait()
	}
}

// TestEvictedDies: a value that the strong tier has let go of is not kept by what that
// tier remembers of uses it has not yet considered, however idle the cache is then.
func TestEvictedDies(t *testing.T) {
	const keep = 50
	for range 20 {
		c, _ := counting(keep)
		var readers, writer sync.WaitGroup
		var stop atomic.Bool
		for range 3 {
			readers.Go(func() {
				for !stop.Load() {
					for key := range 4 * keep {
						c.Lookup(key)
					}
				}
			})
		}
		writer.Go(func() {
			for i := range 2000 {
				get(t, c, i%(4*keep))
			}
		})
		writer.Wait()
		stop.Store(true)
		readers.Wait()
		weaktest.Eventually(t, "only what is kept is left", func() bool { return c.Len() <= keep })
		runtime.KeepAlive(c)
	}
}

// TestInvalidateOnce: a call of Invalidate removes what the key had at one moment. It
// does not first keep one load from being stored and then remove the result of another.
func TestInvalidateOnce(t *testing.T) {
	c, _ := counting(0)
	deadline := time.Now().Add(time.Second)
	for seen := 0; seen < 100 && time.Now().Before(deadline); {
		var invalidated atomic.Bool
		var wg sync.WaitGroup
		begin := make(chan struct{})
		wg.Go(func() {
			<-begin
			c.Invalidate(1)
			invalidated.Store(true)
		})
		close(begin)
		first := get(t, c, 1)
		_, there := c.Lookup(1)
		if there || invalidated.Load() {
			wg.Wait()
			c.Invalidate(1)
			continue
		}
		seen++ // the call has had its effect, and has not returned
		second := get(t, c, 1)
		wg.Wait()
		if v, _ := c.Lookup(1); v != second {
			t.Fatalf("the value that was loaded afterwards is gone as well")
		}
		c.Invalidate(1)
		runtime.KeepAlive(first)
		runtime.KeepAlive(second)
	}
}
