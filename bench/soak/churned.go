package main

import (
	"math/rand/v2"
	"sync"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
)

// churned is every container that can be iterated, with entries that stay and entries
// that leave and come again, by the hundred, so that its segments split and merge under
// the iterators. No key may come twice, and every entry that stays must come.
type churned struct {
	*world
	stay   []*object // in all of them, always
	move   []*object // in and out, and held all the while
	values weakref.ValueMap[int, object]
	keys   weakref.KeyMap[object, int]
	set    weakref.Set[object]
	copies weakref.Interner[object]
	cache  cache.Cache[int, object]
	turn   sync.Mutex // held by the one that moves
}

const (
	stayers = 300
	movers  = 1500
)

func newChurned(w *world) *churned {
	s := &churned{world: w}
	for i := range stayers + movers {
		p := newObject(i)
		if i < stayers {
			s.stay = append(s.stay, s.copies.Intern(*p))
			s.store(s.stay[i])
		} else {
			s.move = append(s.move, p)
		}
	}
	return s
}

func (s *churned) store(p *object) {
	s.values.Store(p.id, p)
	s.keys.Store(p, p.id)
	s.set.Add(p)
	s.cache.Put(p.id, p)
}

func (s *churned) remove(p *object) {
	s.values.Delete(p.id)
	s.keys.Delete(p)
	s.set.Delete(p)
	s.cache.Invalidate(p.id)
}

func (s *churned) step(rnd *rand.Rand, _ int) {
	if rnd.IntN(4) == 0 && s.turn.TryLock() {
		s.churn(rnd)
		s.turn.Unlock()
		return
	}
	again := func(p *object) { // perhaps, what the loop has come upon leaves and comes again
		if p.id >= stayers && rnd.IntN(20) == 0 {
			s.remove(p)
			s.store(p)
		}
	}
	switch rnd.IntN(5) {
	case 0:
		visit(s, "ValueMap", func(yield func(int, *object)) {
			for k, v := range s.values.All() {
				yield(k, v)
				again(v)
			}
		})
	case 1:
		visit(s, "KeyMap", func(yield func(*object, *object)) {
			for k := range s.keys.All() {
				yield(k, k)
				again(k)
			}
		})
	case 2:
		visit(s, "Set", func(yield func(*object, *object)) {
			for p := range s.set.All() {
				yield(p, p)
				again(p)
			}
		})
	case 3:
		visit(s, "Interner", func(yield func(*object, *object)) {
			for p := range s.copies.All() {
				yield(p, p)
			}
		})
	default:
		visit(s, "Cache", func(yield func(int, *object)) {
			for k, v := range s.cache.All() {
				yield(k, v)
				again(v)
			}
		})
	}
}

// churn lets many come and many leave. Some of those that come die at once.
func (s *churned) churn(rnd *rand.Rand) {
	from := rnd.IntN(len(s.move))
	some := s.move[from:min(from+1+rnd.IntN(movers), len(s.move))]
	come := rnd.IntN(3) > 0
	for _, p := range some {
		switch {
		case come:
			s.store(p)
			s.copies.Intern(object{id: p.id, mark: mark(p.id), more: p.more}) // dies
		default:
			s.remove(p)
		}
	}
	switch rnd.IntN(5) {
	case 0:
		s.values.Sweep()
		s.keys.Sweep()
		s.set.Sweep()
		s.copies.Sweep()
	case 1:
		for _, p := range some {
			s.values.Store(p.id, newObject(p.id)) // replaces, and dies
		}
	case 2:
		for _, p := range s.stay {
			s.store(p) // replaces itself
		}
	}
}

// visit iterates and checks what comes.
func visit[K comparable](s *churned, what string, all func(yield func(K, *object))) {
	seen := make(map[K]bool)
	staying := 0
	all(func(k K, p *object) {
		if seen[k] {
			s.violate("G8", "%s under churn: All yields %v twice", what, p.id)
		}
		seen[k] = true
		if !p.intact(p.id) {
			s.violate("G1", "%s under churn: All yields what is not alive", what)
		}
		if p.id < stayers {
			staying++
		}
	})
	if staying != stayers {
		s.violate("G8", "%s under churn: All yields %d of %d entries that were there throughout", what, staying, stayers)
	}
}

func (s *churned) settle() {
	for _, p := range s.move {
		s.remove(p)
	}
	s.move = nil
}

func (s *churned) settled() error {
	for what, n := range map[string]int{
		"ValueMap": s.values.Len(), "KeyMap": s.keys.Len(), "Set": s.set.Len(), "Interner": s.copies.Len(), "Cache": s.cache.Len(),
	} {
		if n != stayers {
			return wrongLen(what, n, stayers)
		}
	}
	return nil
}

func (s *churned) died() uint64      { return s.copies.Stats().Collected + s.values.Stats().Collected }
func (s *churned) dead() func() bool { return dead(weakref.Make(s)) }
