package main

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"

	"github.com/weakref-go/weakref"
)

// set is a Set. Each worker adds and removes objects of its own.
type set struct {
	*world
	s         *weakref.Set[object]
	constants []*object
	held      [workers]map[*object]bool // whether it is in the set
}

func newSet(w *world) *set {
	s := &set{world: w, s: new(weakref.Set[object])}
	for i := range constants {
		s.constants = append(s.constants, newObject(i))
		s.s.Add(s.constants[i])
	}
	for i := range s.held {
		s.held[i] = make(map[*object]bool)
	}
	return s
}

func (s *set) step(rnd *rand.Rand, worker int) {
	held := s.held[worker]
	var p *object
	for p = range held {
		break
	}
	switch op := rnd.IntN(100); {
	case op < 35 && p != nil:
		if s.s.Has(p) != held[p] {
			s.violate("G2", "Has = %v", !held[p])
		}
	case op < 50 && p != nil:
		if s.s.Add(p) == held[p] {
			s.violate("G2", "Add = %v", held[p])
		}
		held[p] = true
	case op < 60 && p != nil:
		if s.s.Delete(p) != held[p] {
			s.violate("G2", "Delete = %v", !held[p])
		}
		held[p] = false
	case op < 70:
		delete(held, p) // and it dies, if it is in the set
	case op < 80:
		if len(held) < perWorker {
			held[newObject(rnd.IntN(1<<30))] = false
		}
	case op < 96:
		q := newObject(rnd.IntN(1 << 30)) // dies at once
		if s.s.Has(q) || !s.s.Add(q) {
			s.violate("G1", "a new object is taken for the one that was at its address")
		}
	case op < 98:
		s.iterate()
	default:
		c := s.s.Clone()
		for _, p := range s.constants {
			if !c.Has(p) {
				s.violate("G8", "a copy lacks a constant")
			}
		}
	}
}

func (s *set) iterate() {
	seen := make(map[*object]int)
	for p := range s.s.All() {
		seen[p]++
		if !p.intact(p.id) {
			s.violate("G1", "All yields an object that has been collected")
		}
	}
	for _, p := range s.constants {
		if seen[p] != 1 {
			s.violate("G8", "All yields a constant %d times", seen[p])
		}
	}
}

func (s *set) settle() {}

func (s *set) settled() error {
	live := len(s.constants)
	for _, held := range s.held {
		for p, in := range held {
			if s.s.Has(p) != in {
				return fmt.Errorf("an element is in it: %v, want %v", !in, in)
			}
			if in {
				live++
			}
		}
	}
	if st := s.s.Stats(); st.Len != live || st.Capacity > 16*live+256 {
		return fmt.Errorf("it has %d elements and room for %d, %d are alive", st.Len, st.Capacity, live)
	}
	return nil
}

func (s *set) died() uint64      { return s.s.Stats().Collected }
func (s *set) dead() func() bool { return dead(weakref.Make(s.s)) }

// interners is an Interner and an InternerFunc, whose values are lists of a word.
type interners struct {
	*world
	in   *weakref.Interner[string]
	fn   *weakref.InternerFunc[[]string]
	held [workers]map[string]pair
}

type pair struct {
	s *string
	l *[]string
}

// lists hashes and compares lists of words.
type lists struct{}

func (lists) Hash(h *maphash.Hash, v []string) { h.WriteString(strings.Join(v, " ")) }
func (lists) Equal(a, b []string) bool         { return slices.Equal(a, b) }

func newInterners(w *world) *interners {
	s := &interners{world: w, in: new(weakref.Interner[string]), fn: &weakref.InternerFunc[[]string]{Hasher: lists{}}}
	for i := range s.held {
		s.held[i] = make(map[string]pair)
	}
	return s
}

func (s *interners) step(rnd *rand.Rand, worker int) {
	held := s.held[worker]
	word := fmt.Sprintf("%0*d", 1+rnd.IntN(3)*40, rnd.IntN(300)) // all workers use the same ones
	p := pair{s.in.Intern(word), s.fn.Intern([]string{word})}
	if *p.s != word || (*p.l)[0] != word {
		s.violate("G1", "%q is interned as %q, %q", word, *p.s, *p.l)
	}
	was, ok := held[word]
	switch {
	case ok && p != was:
		s.violate("G2", "%q has another pointer than before, which is held", word)
	case len(held) < 100:
		held[word] = p
	}
	if again, ok := s.in.Lookup(word); !ok || again != p.s {
		s.violate("G2", "Lookup does not find %q, which is held", word)
	}
	runtime.KeepAlive(p)
	if rnd.IntN(3) == 0 {
		delete(held, word)
	}
}

func (s *interners) settle() {}

func (s *interners) settled() error {
	live := make(map[string]pair)
	for _, held := range s.held {
		for word, p := range held {
			if other, ok := live[word]; ok && other != p {
				return fmt.Errorf("%q has two pointers", word)
			}
			live[word] = p
		}
	}
	if n, m := s.in.Len(), s.fn.Len(); n != len(live) || m != len(live) {
		return fmt.Errorf("they have %d and %d values, %d are alive", n, m, len(live))
	}
	return nil
}

func (s *interners) died() uint64 { return s.in.Stats().Collected + s.fn.Stats().Collected }

func (s *interners) dead() func() bool {
	a, b := dead(weakref.Make(s.in)), dead(weakref.Make(s.fn))
	return func() bool { return a() && b() }
}
