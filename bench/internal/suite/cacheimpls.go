package suite

import (
	"context"
	"sync/atomic"

	"github.com/Yiling-J/theine-go"
	"github.com/dgraph-io/ristretto/v2"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/maypok86/otter/v2"
	"github.com/weakref-go/weakref/cache"
)

// cached gets the value of a key, and loads it if it is not there.
type cached struct {
	get   func(key int) *object
	kept  func() (hits uint64) // what the strong tier alone would have found; ours only
	close func()
}

// cacheImpl makes a cache for a number of values, which counts in loads how often
// it had to load one, and is asked with ctx if it takes a context.
type cacheImpl struct {
	name    string
	context bool // takes a context
	make    func(ctx context.Context, size int, loads *atomic.Int64) cached
}

const OurCache = "weakref.Cache"

var cacheImpls = []cacheImpl{
	{OurCache, true, weakCache},
	{"otter", true, otterCache},
	{"golang-lru", false, lruCache},
	{"ristretto", false, ristrettoCache},
	{"theine", false, theineCache},
}

func weakCache(ctx context.Context, size int, loads *atomic.Int64) cached {
	c := &cache.Cache[int, object]{Keep: size, Load: func(context.Context, int) (*object, error) {
		loads.Add(1)
		return new(object), nil
	}}
	return cached{
		get:  func(k int) *object { return must(c.Get(ctx, k)) },
		kept: func() uint64 { s := c.Stats(); return s.Hits - s.WeakHits },
	}
}

func otterCache(ctx context.Context, size int, loads *atomic.Int64) cached {
	// By default it evicts on another goroutine, and holds up to twice its size in a tight
	// loop: hits for which it has no right.
	c := otter.Must(&otter.Options[int, *object]{MaximumSize: size, Executor: func(f func()) { f() }})
	load := otter.LoaderFunc[int, *object](func(context.Context, int) (*object, error) {
		loads.Add(1)
		return new(object), nil
	})
	return cached{
		get:   func(k int) *object { return must(c.Get(ctx, k, load)) },
		close: func() { c.StopAllGoroutines() },
	}
}

func lruCache(_ context.Context, size int, loads *atomic.Int64) cached {
	c := must(lru.New[int, *object](size))
	return cached{get: byHand(loads, c.Get, func(k int, v *object) { c.Add(k, v) })}
}

func ristrettoCache(_ context.Context, size int, loads *atomic.Int64) cached {
	c := must(ristretto.NewCache(&ristretto.Config[int, *object]{
		NumCounters:        int64(10 * size),
		MaxCost:            int64(size),
		BufferItems:        64,
		IgnoreInternalCost: true,
	}))
	return cached{
		get:   byHand(loads, c.Get, func(k int, v *object) { c.Set(k, v, 1) }),
		close: c.Close,
	}
}

func theineCache(_ context.Context, size int, loads *atomic.Int64) cached {
	c := must(theine.NewBuilder[int, *object](int64(size)).Build())
	return cached{
		get:   byHand(loads, c.Get, func(k int, v *object) { c.Set(k, v, 1) }),
		close: c.Close,
	}
}

// byHand is how caches without a loader of their own are used.
func byHand(loads *atomic.Int64, get func(int) (*object, bool), set func(int, *object)) func(int) *object {
	return func(k int) *object {
		if v, ok := get(k); ok {
			return v
		}
		loads.Add(1)
		v := new(object)
		set(k, v)
		return v
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
