package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/weakref-go/weakref"
)

// keys is a KeyMap. Each worker attaches numbers to objects of its own, and to others
// that die at once. With Slots the values refer to their keys, and the keys to each
// other.
type keys[K any] struct {
	*world
	m         *weakref.KeyMap[K, attached[K]]
	make      func(int) *K
	slots     bool
	constants map[*K]int
	held      [workers]map[*K]int
}

// attached is a value. It refers to its key, and perhaps to another, only where that
// keeps nothing.
type attached[K any] struct {
	n    int
	more *object
	keys [2]*K
}

func newKeys[K any](w *world, make_ func(int) *K, slots bool) *keys[K] {
	s := &keys[K]{world: w, m: new(weakref.KeyMap[K, attached[K]]), make: make_, slots: slots, constants: make(map[*K]int)}
	for i := range constants {
		k := s.make(i)
		s.constants[k] = i
		s.m.Store(k, s.value(i, k, k))
	}
	for i := range s.held {
		s.held[i] = make(map[*K]int)
	}
	return s
}

func (s *keys[K]) value(n int, key, other *K) attached[K] {
	v := attached[K]{n: n, more: newObject(n)}
	if s.slots {
		v.keys = [2]*K{key, other}
	}
	return v
}

func (s *keys[K]) step(rnd *rand.Rand, worker int) {
	held := s.held[worker]
	n := rnd.IntN(1 << 30)
	key, was := s.some(held)
	switch op := rnd.IntN(100); {
	case op < 40:
		if key == nil {
			return
		}
		if v, ok := s.m.Load(key); !ok || v.n != was || !v.more.intact(was) {
			s.violate("G2", "Load = %v, %v, want %d", v.n, ok, was)
		}
	case op < 55:
		if len(held) < perWorker {
			k := s.make(n)
			if _, ok := s.m.Load(k); ok {
				s.violate("G1", "a new object has the value of the one that was at its address")
			}
			s.m.Store(k, s.value(n, k, key))
			held[k] = n
		}
	case op < 62:
		delete(held, key) // and it dies
	case op < 70:
		// Two objects that die at once. With Slots they keep each other, or would.
		a, b := s.make(n), s.make(n+1)
		s.m.Store(a, s.value(n, a, b))
		s.m.Store(b, s.value(n+1, b, a))
	case op < 76:
		if key == nil {
			return
		}
		if v, loaded := s.m.Swap(key, s.value(n, key, key)); !loaded || v.n != was {
			s.violate("G2", "Swap = %d, %v, want %d", v.n, loaded, was)
		}
		held[key] = n
	case op < 82:
		if key == nil {
			return
		}
		if v, loaded := s.m.LoadAndDelete(key); !loaded || v.n != was {
			s.violate("G2", "LoadAndDelete = %d, %v, want %d", v.n, loaded, was)
		}
		delete(held, key)
	case op < 97:
		if key == nil {
			return
		}
		seed := rnd.Uint64()
		s.apart(func() {
			v, err := s.m.LoadOrCreate(key, func() (attached[K], error) {
				return attached[K]{}, s.fails(rand.New(rand.NewPCG(seed, 0)))
			})
			if err != nil || v.n != was {
				s.violate("G2", "LoadOrCreate = %d, %v, want %d", v.n, err, was)
			}
		})
	case op < 99:
		s.iterate()
	default:
		s.m.Sweep()
	}
}

// some returns one of the objects, and its value.
func (s *keys[K]) some(held map[*K]int) (*K, int) {
	for k, n := range held {
		return k, n
	}
	return nil, 0
}

func (s *keys[K]) iterate() {
	seen := make(map[*K]int)
	for k, v := range s.m.All() {
		if _, ok := s.constants[k]; ok {
			seen[k]++
		}
		if !v.more.intact(v.n) {
			s.violate("G1", "All yields a value that is not one")
		}
	}
	for k, n := range s.constants {
		if seen[k] != 1 {
			s.violate("G8", "All yields the constant %d %d times", n, seen[k])
		}
	}
}

func (s *keys[K]) settle() {}

func (s *keys[K]) settled() error {
	live := len(s.constants)
	// With Slots a held key's value may keep another key, which is right.
	reached := make(map[*K]bool)
	for _, held := range s.held {
		live += len(held)
		for k, n := range held {
			v, _ := s.m.Load(k)
			if v.n != n {
				return fmt.Errorf("a value is %d, want %d", v.n, n)
			}
			for other := v.keys[1]; other != nil && !reached[other] && !s.holds(other); {
				reached[other] = true
				next, ok := s.m.Load(other)
				if !ok {
					delete(reached, other)
					break
				}
				other = next.keys[1]
			}
		}
	}
	live += len(reached)
	if st := s.m.Stats(); st.Len != live || st.Capacity > 16*live+256 {
		return fmt.Errorf("it has %d entries and room for %d, %d are alive", st.Len, st.Capacity, live)
	}
	return nil
}

// holds reports whether a worker holds a key.
func (s *keys[K]) holds(key *K) bool {
	_, ok := s.constants[key]
	for _, held := range s.held {
		_, own := held[key]
		ok = ok || own
	}
	return ok
}

func (s *keys[K]) died() uint64      { return s.m.Stats().Collected }
func (s *keys[K]) dead() func() bool { return dead(weakref.Make(s.m)) }
