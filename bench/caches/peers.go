//go:build linux

package main

import (
	"context"
	"time"

	"github.com/Yiling-J/theine-go"
	"github.com/dgraph-io/ristretto/v2"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/maypok86/otter/v2"
	"github.com/weakref-go/weakref/cache"
)

// object is what is cached: 64 bytes.
type object struct {
	_ *object
	_ [56]byte
}

// cached is a cache in use.
type cached struct {
	loop  func(keys []int) // gets the value of each, and loads it if it is not there
	kept  func() (hits uint64)
	loads *int // not atomic: only for one goroutine, or hits
	close func()
}

type peer struct {
	name string
	make func(size int) cached
}

var background = context.Background()

// inTurn evicts on the caller's goroutine, so that otter holds no more than its size.
func inTurn(f func()) { f() }

var peers = []peer{
	{"weakref", func(size int) cached { return ours(&cache.Cache[int, object]{Keep: size}) }},
	{"weakref KeepFor", func(size int) cached {
		return ours(&cache.Cache[int, object]{Keep: size, KeepFor: time.Minute})
	}},
	{"weakref KeepSoft", func(size int) cached {
		return ours(&cache.Cache[int, object]{Keep: size, KeepSoft: 2 * size})
	}},
	{"otter", func(size int) cached { return theirs(&otter.Options[int, *object]{MaximumSize: size}) }},
	{"otter in turn", func(size int) cached {
		return theirs(&otter.Options[int, *object]{MaximumSize: size, Executor: inTurn})
	}},
	{"theine", newTheine},
	{"ristretto", newRistretto},
	{"golang-lru", newLRU},
}

func ours(c *cache.Cache[int, object]) cached {
	loads := new(int)
	c.Load = func(context.Context, int) (*object, error) {
		*loads++
		return new(object), nil
	}
	return cached{
		loop: func(keys []int) {
			for _, k := range keys {
				if v, err := c.Get(background, k); err != nil || v == nil {
					panic(err)
				}
			}
		},
		kept:  func() uint64 { s := c.Stats(); return s.Hits - s.WeakHits },
		loads: loads,
	}
}

func theirs(o *otter.Options[int, *object]) cached {
	c, loads := otter.Must(o), new(int)
	load := otter.LoaderFunc[int, *object](func(context.Context, int) (*object, error) {
		*loads++
		return new(object), nil
	})
	return cached{
		loop: func(keys []int) {
			for _, k := range keys {
				if v, err := c.Get(background, k, load); err != nil || v == nil {
					panic(err)
				}
			}
		},
		loads: loads,
		close: func() { c.StopAllGoroutines() },
	}
}

func newTheine(size int) cached {
	c, err := theine.NewBuilder[int, *object](int64(size)).Build()
	must(err)
	return byHand(c.Get, func(k int, v *object) { c.Set(k, v, 1) }, c.Close)
}

func newRistretto(size int) cached {
	c, err := ristretto.NewCache(&ristretto.Config[int, *object]{
		NumCounters: int64(10 * size), MaxCost: int64(size), BufferItems: 64, IgnoreInternalCost: true,
	})
	must(err)
	return byHand(c.Get, func(k int, v *object) { c.Set(k, v, 1) }, c.Close)
}

func newLRU(size int) cached {
	c, err := lru.New[int, *object](size)
	must(err)
	return byHand(c.Get, func(k int, v *object) { c.Add(k, v) }, nil)
}

// byHand is how caches without a loader of their own are used.
func byHand(get func(int) (*object, bool), set func(int, *object), close func()) cached {
	loads := new(int)
	return cached{loads: loads, close: close, loop: func(keys []int) {
		for _, k := range keys {
			if _, ok := get(k); !ok {
				*loads++
				set(k, new(object))
			}
		}
	}}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
