package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
)

// cached is a Cache with a strong tier and a loader that fails now and then. All
// workers want the same keys. At any time a key has at most one value that is current
// and in use, unless it was invalidated or replaced: so there are keys for which that
// is never done.
type cached struct {
	*world
	c       *cache.Cache[int, object]
	release chan struct{}

	state atomic.Int64                 // what is read by those who load
	fresh *cache.Cache[int, statement] // of what it was

	mu  sync.Mutex
	rnd *rand.Rand // for the loader, under mu

	evicted, collected atomic.Uint64 // as OnRemove says
}

// statement is what the state was when somebody read it.
type statement struct {
	state int64
	_     *object
}

const (
	freshKeys = 8
	cacheKeys = 200 // from 0, never invalidated
	otherKeys = 200 // from cacheKeys on, invalidated and replaced
	cacheKeep = 50
)

func newCached(w *world) *cached {
	s := &cached{world: w, rnd: rand.New(rand.NewPCG(w.Seed, 9)), release: make(chan struct{})}
	s.c = &cache.Cache[int, object]{
		Load: func(_ context.Context, key int) (*object, error) {
			s.mu.Lock()
			rnd := rand.New(rand.NewPCG(s.rnd.Uint64(), 0))
			s.mu.Unlock()
			if err := s.fails(rnd); err != nil {
				return nil, err
			}
			return newObject(key), nil
		},
		OnRemove: s.removed,
		Keep:     cacheKeep,
	}
	s.fresh = &cache.Cache[int, statement]{
		Load:         func(context.Context, int) (*statement, error) { return &statement{state: s.state.Load()}, nil },
		Keep:         freshKeys / 2,
		RefreshAfter: time.Microsecond,
	}
	return s
}

func (s *cached) removed(key int, v *object, cause cache.Cause) {
	if (v == nil) != (cause == cache.Collected) || v != nil && !v.intact(key) {
		s.violate("G1", "OnRemove(%d, %v, %v)", key, v, cause)
	}
	switch cause {
	case cache.Evicted:
		s.evicted.Add(1)
	case cache.Collected:
		s.collected.Add(1)
	}
	switch n := s.evicted.Load() + s.collected.Load(); {
	case n%1000 == 1:
		s.panics.Add(1)
		panic(errFault)
	case n%1000 == 2:
		s.goexits.Add(1)
		runtime.Goexit()
	case n%5000 == 3:
		s.blocked.Add(1)
		<-s.release
	case n%10 == 4:
		s.c.Lookup(key)
	}
}

func (s *cached) step(rnd *rand.Rand, _ int) {
	ctx := context.Background()
	k := rnd.IntN(cacheKeys)
	switch op := rnd.IntN(100); {
	case op < 70:
		var v *object
		var err error
		s.apart(func() { v, err = s.c.Get(ctx, k) }) // the loader may end the goroutine
		if err != nil {
			s.checkError(err)
		}
		if v == nil {
			return
		}
		if again, err := s.c.Get(ctx, k); again != v || err != nil || !v.intact(k) {
			s.violate("G2", "two values of %d are in use: %v, %v, %v", k, v, again, err)
		}
		runtime.KeepAlive(v)
	case op < 75:
		ctx, cancel := context.WithTimeout(ctx, time.Duration(rnd.IntN(20))*time.Microsecond)
		defer cancel()
		if v, err := s.c.Get(ctx, k); errors.Is(err, context.DeadlineExceeded) {
			s.givenUp.Add(1)
		} else if err != nil {
			s.checkError(err)
		} else if !v.intact(k) {
			s.violate("G1", "Get(%d) = %v", k, v)
		}
	case op < 80:
		all, err := s.c.GetMany(ctx, []int{k, (k + 1) % cacheKeys, cacheKeys})
		if err != nil {
			s.checkError(err)
		}
		for k, v := range all {
			if !v.intact(k) {
				s.violate("G1", "GetMany: %d is %v", k, v)
			}
		}
	case op < 85:
		k := cacheKeys + rnd.IntN(otherKeys)
		s.c.Put(k, newObject(k))
	case op < 90:
		s.c.Invalidate(cacheKeys + rnd.IntN(otherKeys))
	case op < 95:
		s.renew(rnd)
	case op < 98:
		k := cacheKeys + rnd.IntN(otherKeys)
		if v, ok := s.c.Lookup(k); ok && !v.intact(k) {
			s.violate("G1", "Lookup(%d) = %v", k, v)
		}
	default:
		seen := make(map[int]bool)
		for k, v := range s.c.All() {
			if seen[k] || !v.intact(k) {
				s.violate("G8", "All yields %d, %v (a second time: %v)", k, v, seen[k])
			}
			seen[k] = true
		}
	}
}

// renew invalidates a key. What was read before that is not got after it.
func (s *cached) renew(rnd *rand.Rand) {
	ctx, k := context.Background(), rnd.IntN(freshKeys)
	least := s.state.Add(1)
	switch rnd.IntN(6) {
	case 0:
		s.fresh.Clear()
	case 1:
		s.fresh.InvalidateFunc(func(int, *statement) bool { return true })
	case 2:
		if err := s.fresh.Refresh(ctx, k); err != nil {
			s.violate("G2", "an error that nobody made: %v", err)
		}
		return
	default:
		s.fresh.Invalidate(k)
	}
	if v, err := s.fresh.Get(ctx, k); err != nil || v.state < least {
		s.violate("G6", "%d was invalidated at %d, and is %v, %v", k, least, v, err)
	}
}

// checkError reports an error that was not thrown in.
func (s *cached) checkError(err error) {
	if !errors.Is(err, errFault) && !strings.Contains(err.Error(), "runtime.Goexit") {
		s.violate("G2", "an error that nobody made: %v", err)
	}
}

func (s *cached) settle() { close(s.release) }

func (s *cached) settled() error {
	st := s.c.Stats()
	if st.Len > cacheKeep {
		return fmt.Errorf("it has %d entries, of which it may keep %d", st.Len, cacheKeep)
	}
	if st.Collected != s.collected.Load() || st.Evicted != s.evicted.Load() {
		return fmt.Errorf("OnRemove was called for %d collected and %d evicted values, it counts %d and %d", s.collected.Load(), s.evicted.Load(), st.Collected, st.Evicted)
	}
	return nil
}

func (s *cached) died() uint64      { return s.c.Stats().Collected }
func (s *cached) dead() func() bool { return dead(weakref.Make(s.c)) }
