package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/weakref-go/weakref"
)

// revived is objects that their finalizers bring back, once or twice, while containers
// refer to them. One that is brought back has begun a new life: containers know nothing
// of it, what is stored for it is found, and every entry can be deleted. Finalize's
// functions have been called for the first death.
type revived struct {
	*world
	*returned
	slots  weakref.KeyMap[slotted, *object]
	plain  weakref.KeyMap[slotted, int]
	set    weakref.Set[slotted]
	values weakref.ValueMap[int, slotted]
	next   atomic.Int64
}

// returned are those that finalizers have brought back. Finalizers refer to it, and not
// to the containers.
type returned struct {
	mu    sync.Mutex
	list  []*slotted
	twice map[int]bool // to be brought back again
	ended map[int]int  // how often Finalize's function has run
	count atomic.Uint64
}

func newRevived(w *world) *revived {
	return &revived{world: w, returned: &returned{twice: make(map[int]bool), ended: make(map[int]int)}}
}

func (r *returned) comeBack(p *slotted) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, p)
}

func (r *returned) end(id int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended[id]++
}

// take returns one that has been brought back.
func (r *returned) take() *slotted {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.list) - 1
	if last < 0 {
		return nil
	}
	p := r.list[last]
	r.list[last] = nil
	r.list = r.list[:last]
	return p
}

func (s *revived) step(rnd *rand.Rand, _ int) {
	if p := s.take(); p != nil {
		s.again(p, rnd)
		return
	}
	id := int(s.next.Add(1))
	if id > 20_000 {
		runtime.Gosched() // enough of a round
		return
	}
	p := &slotted{object: *newObject(id)}
	s.store(p, id)
	runtime.SetFinalizer(p, s.returned.comeBack)
	if rnd.IntN(2) == 0 {
		s.mu.Lock()
		s.twice[id] = true
		s.mu.Unlock()
	}
	s.check(p, id)
	runtime.KeepAlive(p)
}

// store puts p into everything.
func (s *revived) store(p *slotted, id int) {
	s.slots.Store(p, newObject(id)) // not p itself: Go runs no finalizer of an object in a cycle
	s.plain.Store(p, id)
	s.set.Add(p)
	s.values.Store(id, p)
}

// check finds p in everything.
func (s *revived) check(p *slotted, id int) {
	v, ok := s.slots.Load(p)
	n, ok2 := s.plain.Load(p)
	w, ok3 := s.values.Load(id)
	if !ok || !ok2 || !ok3 || !v.intact(id) || n != id || w != p || !s.set.Has(p) {
		s.violate("G2", "what was stored for object %d is not found: %v %v %v %v", id, ok, ok2, ok3, s.set.Has(p))
	}
}

// absent finds p in nothing.
func (s *revived) absent(p *slotted, id int, when string) {
	_, ok := s.slots.Load(p)
	_, ok2 := s.plain.Load(p)
	v, ok3 := s.values.Load(id)
	if ok || ok2 || ok3 || s.set.Has(p) {
		s.violate("G1", "%s, object %d is found: in Slots %v, without %v, as value %v (%v), in a set %v", when, id, ok, ok2, ok3, v == p, s.set.Has(p))
	}
}

// again is the new life of p.
func (s *revived) again(p *slotted, rnd *rand.Rand) {
	s.count.Add(1)
	id := p.id
	if !p.intact(id) {
		s.violate("G1", "what a finalizer has brought back is not what it was")
	}
	s.absent(p, id, "brought back")
	s.store(p, id)
	s.check(p, id)
	if rnd.IntN(2) == 0 {
		if v, loaded := s.slots.LoadAndDelete(p); !loaded || !v.intact(id) {
			s.violate("G2", "LoadAndDelete of what was brought back: %v", loaded)
		}
		s.plain.Delete(p)
		s.values.Delete(id)
		if !s.set.Delete(p) {
			s.violate("G2", "a set does not delete what was brought back")
		}
		s.absent(p, id, "brought back and deleted")
		s.store(p, id) // it dies with entries, again
	}
	s.mu.Lock()
	twice := s.twice[id]
	delete(s.twice, id)
	s.mu.Unlock()
	if twice {
		runtime.SetFinalizer(p, s.returned.comeBack)
	} else {
		weakref.Finalize(p, s.returned.end, id)
	}
	runtime.KeepAlive(p)
}

func (s *revived) settle() {}

// settled brings all lives to their end.
func (s *revived) settled() error {
	rnd := rand.New(rand.NewPCG(1, 1))
	for p := s.take(); p != nil; p = s.take() {
		s.again(p, rnd)
	}
	made := min(int(s.next.Load()), 20_000)
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, n := range s.ended {
		if n != 1 {
			return fmt.Errorf("the finalizer of object %d, brought back, has run %d times", id, n)
		}
	}
	if len(s.ended) != made {
		return fmt.Errorf("%d of %d objects have come back and died", len(s.ended), made)
	}
	for what, n := range map[string]int{"KeyMap, Slots": s.slots.Len(), "KeyMap": s.plain.Len(), "Set": s.set.Len(), "ValueMap": s.values.Len()} {
		if n != 0 {
			return wrongLen(what, n, 0)
		}
	}
	return nil
}

func (s *revived) died() uint64      { return s.set.Stats().Collected }
func (s *revived) dead() func() bool { return dead(weakref.Make(s)) }
