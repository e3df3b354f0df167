package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/weakref-go/weakref"
)

// values is a ValueMap. Of its keys,
//
//   - those of the constants have values all the time;
//   - those of the workers are each changed by one worker only, who knows the value;
//   - those that are shared have values made by LoadOrCreate, and nothing else;
//   - those that are used once get a value that nobody holds. OnCollect must be called
//     for each of them, once.
type values struct {
	*world
	m         *weakref.ValueMap[int, object]
	constants []*object
	held      [workers]map[int]*object

	once    atomic.Int64 // the last key used once
	mu      sync.Mutex
	calls   map[int]int // of OnCollect, by key used once
	release chan struct{}
}

const (
	constants   = 100
	ownKeys     = 1000 // from here on, of the workers
	sharedKeys  = 1 << 20
	onceKeys    = 1 << 30
	perWorker   = 500
	sharedCount = 20
)

func newValues(w *world) *values {
	s := &values{world: w, calls: make(map[int]int), release: make(chan struct{})}
	s.m = &weakref.ValueMap[int, object]{OnCollect: s.collected}
	for i := range constants {
		s.constants = append(s.constants, newObject(i))
		s.m.Store(i, s.constants[i])
	}
	for i := range s.held {
		s.held[i] = make(map[int]*object)
	}
	return s
}

// collected is OnCollect: it panics, blocks, ends its goroutine and uses the map.
func (s *values) collected(key int) {
	if key < onceKeys {
		return
	}
	s.mu.Lock()
	s.calls[key]++
	s.mu.Unlock()
	switch key % 500 {
	case 0:
		s.panics.Add(1)
		panic(errFault)
	case 1:
		s.goexits.Add(1)
		runtime.Goexit()
	case 2:
		if key%3 == 0 {
			s.blocked.Add(1)
			<-s.release
		}
	default:
		if _, ok := s.m.Load(key); ok {
			s.violate("G6", "key %d was used once, and has a value after the death", key)
		}
		if v, ok := s.m.Load(key % constants); !ok || !v.intact(key%constants) {
			s.violate("G2", "a constant is gone")
		}
	}
}

func (s *values) step(rnd *rand.Rand, worker int) {
	held := s.held[worker]
	k := ownKeys + worker*perWorker + rnd.IntN(perWorker)
	was := held[k]
	switch op := rnd.IntN(100); {
	case op < 40:
		if v, ok := s.m.Load(k); v != was && was != nil || ok && !v.intact(k) {
			s.violate("G2", "Load(%d) = %v, %v, want %v", k, v, ok, was)
		}
	case op < 50:
		held[k] = newObject(k)
		s.m.Store(k, held[k])
	case op < 55:
		if held[k] != nil {
			delete(held, k) // and it dies
		}
	case op < 58:
		p := newObject(k)
		if v, loaded := s.m.LoadOrStore(k, p); was != nil && (v != was || !loaded) || !v.intact(k) {
			s.violate("G2", "LoadOrStore(%d) = %v, %v, want %v", k, v, loaded, was)
		} else {
			held[k] = v
		}
	case op < 61:
		p := newObject(k)
		if was != nil && s.m.CompareAndSwap(k, p, p) {
			s.violate("G6", "CompareAndSwap(%d) has taken one object for another", k)
		}
		if was != nil && !s.m.CompareAndSwap(k, was, p) {
			s.violate("G2", "CompareAndSwap(%d) does not find what was stored", k)
		} else if was != nil {
			held[k] = p
		}
	case op < 64:
		if was != nil && !s.m.CompareAndDelete(k, was) {
			s.violate("G2", "CompareAndDelete(%d) does not find what was stored", k)
		}
		delete(held, k)
	case op < 80:
		for range 4 {
			key := onceKeys + int(s.once.Add(1))
			s.m.Store(key, newObject(key))
		}
	case op < 96:
		s.shared(rnd)
	case op < 98:
		s.iterate()
	case op < 99:
		s.m.Sweep()
	default:
		v, ok := s.m.Load(ownKeys + rnd.IntN(workers*perWorker)) // perhaps another worker's
		if ok && !v.intact(v.id) {
			s.violate("G1", "a value was collected while it was returned")
		}
	}
}

// shared asks for a value that many want, with creators that fail.
func (s *values) shared(rnd *rand.Rand) {
	k := sharedKeys + rnd.IntN(sharedCount)
	seed := rnd.Uint64()
	s.apart(func() {
		rnd := rand.New(rand.NewPCG(seed, 0))
		v, err := s.m.LoadOrCreate(k, func() (*object, error) {
			if err := s.fails(rnd); err != nil {
				return nil, err
			}
			return newObject(k), nil
		})
		if err != nil {
			return
		}
		// As long as v is held it is everyone's.
		again, err := s.m.LoadOrCreate(k, func() (*object, error) { return nil, errors.New("there is a value") })
		if again != v || !v.intact(k) {
			s.violate("G2", "two values of the shared key %d: %v, %v, %v", k, v, again, err)
		}
		runtime.KeepAlive(v)
	})
}

func (s *values) iterate() {
	var seen [constants]int
	for k, v := range s.m.All() {
		if k < constants {
			seen[k]++
		}
		if !v.intact(k) {
			s.violate("G1", "All yields a value of %d that is not one", k)
		}
	}
	for k, n := range seen {
		if n != 1 {
			s.violate("G8", "All yields the constant %d %d times", k, n)
		}
	}
}

func (s *values) settle() { close(s.release) }

func (s *values) settled() error {
	live := len(s.constants)
	for _, held := range s.held {
		live += len(held)
		for k, p := range held {
			if v, _ := s.m.Load(k); v != p {
				return fmt.Errorf("the value of %d is %v, want %v", k, v, p)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, n := range s.calls {
		if n != 1 {
			return fmt.Errorf("OnCollect was called %d times for %d", n, k)
		}
	}
	if n := int(s.once.Load()); len(s.calls) != n {
		return fmt.Errorf("OnCollect was called for %d of %d deaths", len(s.calls), n)
	}
	st := s.m.Stats()
	if st.Len != live {
		return fmt.Errorf("it has %d entries, %d are alive", st.Len, live)
	}
	if st.Capacity > 16*live+256 {
		return fmt.Errorf("it has room for %d entries, and %d", st.Capacity, live)
	}
	return nil
}

func (s *values) died() uint64      { return s.m.Stats().Collected }
func (s *values) dead() func() bool { return dead(weakref.Make(s.m)) }
