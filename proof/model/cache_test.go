package model

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/proof/internal/seam"
)

var errLoad = errors.New("not loaded")

// cached is a Cache whose loader fails, panics and ends its goroutine, and whose
// OnRemove uses the cache, or panics.
type cached struct {
	machine
	c      cache.Cache[int, object]
	model  map[int]*object
	errors map[int]string // how the load ended whose error is kept
	how    string         // the next load ends
	load   *object
	left   map[cache.Cause]int // entries, as OnRemove says
	want   map[cache.Cause]int
}

func TestCache(t *testing.T) {
	under(t, func(t *rapid.T, most int) {
		s := &cached{model: make(map[int]*object), errors: make(map[int]string), left: make(map[cache.Cause]int), want: make(map[cache.Cause]int)}
		s.c.Keep = rapid.SampledFrom([]int{0, 1, 4}).Draw(t, "Keep")
		s.c.KeepSoft = rapid.SampledFrom([]int{0, 6, 200}).Draw(t, "KeepSoft")
		collection, restore := seam.Memory()
		defer restore()
		s.c.KeepFor = rapid.SampledFrom([]time.Duration{0, 0, time.Hour}).Draw(t, "KeepFor")
		s.c.KeepErrors = rapid.SampledFrom([]time.Duration{0, 0, time.Hour}).Draw(t, "KeepErrors")
		s.c.OnRemove = s.removed
		s.c.Load = func(context.Context, int) (*object, error) {
			switch s.how {
			case "error":
				return nil, errLoad
			case "panic":
				panic(errLoad)
			case "Goexit":
				runtime.Goexit()
			case "not found":
				return nil, cache.ErrNotFound
			}
			return s.load, nil
		}
		s.put(-1)
		seam.CheckHash(t, &s.c, most)
		many := false
		s.script(t, &s.c, map[string]func(*rapid.T){
			"Get": s.get,
			"Lookup": func(t *rapid.T) {
				k := key(t)
				v, _ := s.c.Lookup(k)
				check(t, "Lookup", v, s.model[k])
			},
			"Put":        func(t *rapid.T) { s.put(key(t)) },
			"Invalidate": func(t *rapid.T) { s.invalidate(key(t)) },
			"Clear": func(*rapid.T) {
				s.c.Clear()
				s.want[cache.Removed] += len(s.model)
				clear(s.model)
				clear(s.errors)
			},
			"InvalidateFunc": func(t *rapid.T) {
				k := key(t)
				s.c.InvalidateFunc(func(key int, _ *object) bool { return key%3 == k%3 })
				for key := range s.model {
					if key%3 == k%3 {
						s.want[cache.Removed]++
						delete(s.model, key)
					}
				}
			},
			"Refresh": s.refresh,
			"Memory":  func(t *rapid.T) { collection(rapid.Bool().Draw(t, "full")) },
			"Forget": func(t *rapid.T) {
				k := key(t)
				if e, _ := s.c.Peek(k); e.Kept {
					return // it cannot die
				}
				if p := s.model[k]; p != nil {
					die(p)
					delete(s.model, k)
					s.want[cache.Collected]++
					s.c.Lookup(k) // and the entry is noticed to be dead
				}
			},
			"Resize": func(*rapid.T) {
				many = !many
				for k := range 300 {
					if many {
						s.put(1000 + k)
					} else {
						s.invalidate(1000 + k)
					}
				}
			},
			"All": func(t *rapid.T) {
				if got := maps.Collect(s.c.All()); !maps.Equal(got, s.model) {
					t.Fatalf("All yields %v, want %v", got, s.model)
				}
				check(t, "Len", s.c.Len(), len(s.model))
			},
		})
		s.eventually(t, "OnRemove is called for all that has left", func() bool { return maps.Equal(s.left, s.want) })
		runtime.KeepAlive(s)
	})
}

func (s *cached) put(k int) {
	p := s.object()
	s.c.Put(k, p)
	delete(s.errors, k)
	if s.model[k] != nil {
		s.want[cache.Replaced]++
	}
	s.model[k] = p
}

func (s *cached) invalidate(k int) {
	s.c.Invalidate(k)
	delete(s.errors, k)
	if s.model[k] != nil {
		s.want[cache.Removed]++
		delete(s.model, k)
	}
}

func (s *cached) get(t *rapid.T) {
	k := key(t)
	s.load, s.how = s.object(), rapid.SampledFrom([]string{"value", "error", "panic", "Goexit"}).Draw(t, "load")
	ctx, cancel := context.Background(), func() {}
	if rapid.Bool().Draw(t, "the context can end") {
		ctx, cancel = context.WithCancel(ctx)
	}
	defer cancel()
	var v *object
	var err error
	returned := false
	var caller sync.WaitGroup
	caller.Go(func() { // which the loader ends if it runs there
		v, err = s.c.Get(ctx, k)
		returned = true
	})
	caller.Wait()
	var p *weakref.PanicError
	if kept := s.errors[k]; kept != "" && s.model[k] == nil {
		check(t, "Get with a kept error returns", returned && v == nil && err != nil, true)
		check(t, "Get gives the kept error", errors.Is(err, errLoad), kept == "error" || kept == "panic")
		return
	}
	if s.model[k] == nil && s.how != "value" && s.c.KeepErrors != 0 {
		s.errors[k] = s.how
	}
	switch want := s.model[k]; {
	case want != nil:
		check(t, "Get", v, want)
		check(t, "Get", err, nil)
	case s.how == "value":
		check(t, "Get", v, s.load)
		s.model[k] = v
	case s.how == "error":
		check(t, "Get", err, errLoad)
	case s.how == "panic":
		check(t, "Get gives a PanicError", errors.As(err, &p), true)
	default:
		check(t, "Get gives an error", err != nil, ctx.Done() != nil)
		check(t, "Get returns", returned, ctx.Done() != nil)
	}
}

// refresh loads anew. It does so on a goroutine of the cache's, so it returns always.
func (s *cached) refresh(t *rapid.T) {
	k := key(t)
	s.load, s.how = s.object(), rapid.SampledFrom([]string{"value", "error", "panic", "Goexit", "not found"}).Draw(t, "load")
	err := s.c.Refresh(context.Background(), k)
	old := s.model[k]
	switch {
	case s.how == "value":
		check(t, "Refresh", err, nil)
		got, _ := s.c.Lookup(k)
		check(t, "Lookup after Refresh", got, s.load)
		s.model[k] = s.load
		delete(s.errors, k)
		if old != nil {
			s.want[cache.Replaced]++
		}
		return
	case s.how == "not found" && old != nil:
		s.want[cache.Removed]++
		delete(s.model, k)
	case old == nil:
		delete(s.errors, k)
		if s.c.KeepErrors != 0 {
			s.errors[k] = s.how
		}
	}
	check(t, "Refresh gives an error", err != nil, true)
	check(t, "it is the loader's", errors.Is(err, errLoad), s.how == "error" || s.how == "panic")
	got, _ := s.c.Lookup(k)
	check(t, "Lookup after a Refresh that has failed", got, s.model[k])
}

func (s *cached) removed(k int, v *object, cause cache.Cause) {
	s.Lock()
	defer s.Unlock()
	if (v == nil) != (cause == cache.Collected) {
		s.fail("OnRemove(%d, %v, %v)", k, v, cause)
	}
	if cause == cache.Evicted {
		return // the entry is still there
	}
	s.left[cause]++
	switch s.left[cause] % 3 {
	case 0:
		panic("a callback panics")
	case 1:
		if got, _ := s.c.Lookup(k); got != s.model[k] {
			s.fail("Lookup = %v in a callback, want %v", got, s.model[k])
		}
	default:
		if k > 0 && k < 9 && s.model[-k] == nil {
			s.put(-k)
		}
	}
}
