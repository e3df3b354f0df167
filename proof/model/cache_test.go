package model

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"sync"
	"testing"

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
	c     cache.Cache[int, object]
	model map[int]*object
	how   string // the next load ends
	load  *object
	left  map[cache.Cause]int // entries, as OnRemove says
	want  map[cache.Cause]int
}

func TestCache(t *testing.T) {
	under(t, func(t *rapid.T, most int) {
		s := &cached{model: make(map[int]*object), left: make(map[cache.Cause]int), want: make(map[cache.Cause]int)}
		s.c.Keep = rapid.SampledFrom([]int{0, 1, 4}).Draw(t, "Keep")
		s.c.OnRemove = s.removed
		s.c.Load = func(context.Context, int) (*object, error) {
			switch s.how {
			case "error":
				return nil, errLoad
			case "panic":
				panic(errLoad)
			case "Goexit":
				runtime.Goexit()
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
			"InvalidateAll": func(*rapid.T) {
				s.c.InvalidateAll()
				s.want[cache.Removed] += len(s.model)
				clear(s.model)
			},
			"Forget": func(t *rapid.T) {
				k := key(t)
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
	if s.model[k] != nil {
		s.want[cache.Replaced]++
	}
	s.model[k] = p
}

func (s *cached) invalidate(k int) {
	s.c.Invalidate(k)
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
