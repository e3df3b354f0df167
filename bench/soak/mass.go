package main

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
)

// massDeath has very many entries of each kind of container die at once, beside a
// reader whose own entries must stay.
func (w *world) massDeath(_ *rand.Rand) {
	n := max(w.Mass, 1)
	w.mass("ValueMap", n, newMassValues())
	w.mass("KeyMap", n/4, newMassKeys())
	w.mass("Set", n/4, newMassSet())
	w.mass("Interner", n/4, newMassInterner())
	w.mass("Cache", n/4, newMassCache())
}

// massive is a container as far as a mass death is concerned.
type massive struct {
	add   func(i int) any // what it returns keeps the entry
	has   func(i int, held any) bool
	sizes func() (length, capacity int)
}

func (w *world) mass(name string, n int, m massive) {
	kept := make([]any, constants)
	for i := range kept {
		kept[i] = m.add(i)
	}
	all := make([]any, n)
	for i := range all {
		all[i] = m.add(constants + i)
	}
	w.operations.Add(uint64(n))
	if length, _ := m.sizes(); length < n+constants {
		w.violate("G2", "%s has %d of %d entries", name, length, n+constants)
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for i, p := range kept {
				if !m.has(i, p) {
					w.violate("G2", "%s: an entry that is held is gone", name)
				}
				w.operations.Add(1)
			}
		}
	})
	clear(all)
	all = nil
	w.until("G4", name, func() error {
		if length, capacity := m.sizes(); length != constants || capacity > 16*constants+256 {
			return fmt.Errorf("%d entries and room for %d after a mass death; %d are alive", length, capacity, constants)
		}
		return nil
	})
	w.deaths.Add(uint64(n))
	close(stop)
	readers.Wait()
}

func newMassValues() massive {
	var m weakref.ValueMap[int, object]
	return massive{
		add:   func(i int) any { p := newObject(i); m.Store(i, p); return p },
		has:   func(i int, held any) bool { p, _ := m.Load(i); return p == held && p.intact(i) },
		sizes: func() (int, int) { st := m.Stats(); return st.Len, st.Capacity },
	}
}

func newMassKeys() massive {
	var m weakref.KeyMap[object, int]
	return massive{
		add:   func(i int) any { p := newObject(i); m.Store(p, i); return p },
		has:   func(i int, held any) bool { n, ok := m.Load(held.(*object)); return ok && n == i },
		sizes: func() (int, int) { st := m.Stats(); return st.Len, st.Capacity },
	}
}

func newMassSet() massive {
	var s weakref.Set[object]
	return massive{
		add:   func(i int) any { p := newObject(i); s.Add(p); return p },
		has:   func(_ int, held any) bool { return s.Has(held.(*object)) },
		sizes: func() (int, int) { st := s.Stats(); return st.Len, st.Capacity },
	}
}

func newMassInterner() massive {
	var in weakref.Interner[string]
	return massive{
		add:   func(i int) any { return in.Intern(fmt.Sprint("value ", i)) },
		has:   func(i int, held any) bool { p, _ := in.Lookup(fmt.Sprint("value ", i)); return p == held },
		sizes: func() (int, int) { st := in.Stats(); return st.Len, st.Capacity },
	}
}

func newMassCache() massive {
	var c cache.Cache[int, object]
	return massive{
		add:   func(i int) any { p := newObject(i); c.Put(i, p); return p },
		has:   func(i int, held any) bool { p, _ := c.Lookup(i); return p == held && p.intact(i) },
		sizes: func() (int, int) { return c.Len(), 0 },
	}
}
