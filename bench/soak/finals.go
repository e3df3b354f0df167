package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/weakref-go/weakref"
)

// finals is Finalize, Bind and Queue: objects die, their finalizers put their numbers
// into a queue, and each must come out of it once. Bound methods must be called as
// long as the object is held, and not on a dead one.
type finals struct {
	*world
	queue   *weakref.Queue[int]
	mu      sync.Mutex
	next    int
	seen    map[int]int
	ran     map[int]bool // on demand
	gone    map[int]bool // detached
	release chan struct{}
}

func newFinals(w *world) *finals {
	return &finals{
		world: w, queue: &weakref.Queue[int]{Limit: 1 << 30}, release: make(chan struct{}),
		seen: make(map[int]int), ran: make(map[int]bool), gone: make(map[int]bool),
	}
}

// final is what a finalizer needs to know. It must not refer to the object.
type final struct {
	*finals
	n int
}

func (f final) run() {
	f.queue.Put(f.n)
	switch f.n % 200 {
	case 0:
		f.panics.Add(1)
		panic(errFault)
	case 1:
		f.goexits.Add(1)
		runtime.Goexit()
	case 2:
		if f.n%3 == 0 {
			f.blocked.Add(1)
			<-f.release
		}
	}
}

func (p *object) note(seen *int) { *seen = p.id }

func (s *finals) step(rnd *rand.Rand, _ int) {
	s.mu.Lock()
	s.next++
	n := s.next
	s.mu.Unlock()
	p := newObject(n)
	f := weakref.Finalize(p, final.run, final{s, n})
	called := 0
	bound := weakref.Bind(p, (*object).note)
	if !bound.Call(&called) || called != n {
		s.violate("G2", "a bound method is not called although its receiver is held")
	}
	switch rnd.IntN(10) {
	case 0:
		if n%200 != 2 { // which would block
			s.apart(func() { f.Run() })
			s.note(s.ran, n)
		}
	case 1:
		if f.Stop() {
			s.note(s.gone, n)
		} else {
			s.violate("G7", "a finalizer has run although its object is held")
		}
	}
	runtime.KeepAlive(p)
	if n%100 == 0 {
		s.drain()
	}
}

func (s *finals) note(m map[int]bool, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m[n] = true
}

// drain takes what is in the queue.
func (s *finals) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	for s.queue.Len() > 0 {
		n, err := s.queue.Next(ctx)
		if err == ctx.Err() && err != nil {
			return
		}
		s.mu.Lock()
		s.seen[n]++
		s.mu.Unlock()
	}
}

func (s *finals) settle() { close(s.release) }

func (s *finals) settled() error {
	s.drain()
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := 1; n <= s.next; n++ {
		want := 1
		if s.gone[n] {
			want = 0
		}
		if s.seen[n] != want {
			return fmt.Errorf("the finalizer of object %d has run %d times, want %d", n, s.seen[n], want)
		}
	}
	return nil
}

func (s *finals) died() uint64      { return uint64(len(s.seen) - len(s.ran)) }
func (s *finals) dead() func() bool { return dead(weakref.Make(s.queue)) }
