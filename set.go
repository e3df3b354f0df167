package weakref

import (
	"iter"
	"sync/atomic"

	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
)

// Set is a set of weakly held objects, by identity: an element vanishes when
// nothing but the set refers to it. It is Python's WeakSet with identity for
// equality, safe for concurrent use.
//
// The zero Set is empty and ready to use. Its fields are set before first use; it
// must not be copied after that.
//
// What [ValueMap] guarantees for its values, Set does for its elements: the set
// does not keep them, the dead leave by themselves within two collections, the
// memory is given back, and the set is itself collectable. A look-up leaves no
// trace on the object.
//
// The operations on one element are linearizable. Those on whole sets are not one
// operation: they see every element that is in a set all the while, and others
// perhaps. They are safe whatever happens meanwhile, and when both sets are the
// same.
type Set[T any] struct {
	// Name is shown by Stats.
	Name string

	state atomic.Pointer[setState[T]] // made at the first write
}

// setState is a Set in use.
type setState[T any] struct {
	addrTable[T, struct{}]
}

func (s *setState[T]) sweep() { s.table.Sweep() }

// Add adds an object, and reports whether it was not in the set. It panics with an
// [*UnsupportedError] if p is nil or of a type that cannot be weakly referenced;
// see [Check] for pointers that must not be passed at all.
func (s *Set[T]) Add(p *T) (added bool) {
	st := s.writable(p)
	if st.find(p) != nil {
		return false
	}
	ref := handle.Of(p)
	l, slot := st.lock(p)
	defer l.Unlock()
	if slot != nil {
		return false
	}
	l.Insert(ref, struct{}{})
	return true
}

// Has reports whether an object is in the set.
func (s *Set[T]) Has(p *T) bool {
	st := s.state.Load()
	return st != nil && p != nil && st.find(p) != nil
}

// Remove removes an object, and reports whether it was in the set.
func (s *Set[T]) Remove(p *T) (removed bool) {
	st := s.state.Load()
	if st == nil || p == nil {
		return false
	}
	l, slot := st.lock(p)
	defer l.Unlock()
	if slot == nil {
		return false
	}
	l.Remove(slot)
	return true
}

// Pop removes some live object and returns it, and false if there is none.
func (s *Set[T]) Pop() (*T, bool) {
	for p := range s.All() {
		if s.Remove(p) {
			return p, true
		}
	}
	return nil, false
}

// Clear removes all objects.
func (s *Set[T]) Clear() {
	if st := s.state.Load(); st != nil {
		st.table.Clear()
	}
}

// Len returns the number of elements not yet known to be dead, which is never less
// than the number of those alive. It costs one load and keeps nothing alive.
func (s *Set[T]) Len() int {
	if st := s.state.Load(); st != nil {
		return st.table.Len()
	}
	return 0
}

// All returns an iterator over the live elements, in no order. It yields every one
// that is in the set from the beginning of the loop to its end exactly once; one
// that is added or removed meanwhile, perhaps. The loop may change the set. It keeps
// one element alive at a time.
func (s *Set[T]) All() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		st := s.state.Load()
		if st == nil {
			return
		}
		for p := range st.keys {
			if st.find(p) != nil && !yield(p) {
				return
			}
		}
	}
}

// Sweep removes the elements that the collector has found dead and returns their
// number. The set does this by itself after every collection; after a call of
// [runtime.GC], Sweep misses none.
func (s *Set[T]) Sweep() int {
	if st := s.state.Load(); st != nil {
		return st.table.Sweep()
	}
	return 0
}

// Stats returns the set's counters.
func (s *Set[T]) Stats() Stats {
	st := Stats{Name: s.Name}
	if state := s.state.Load(); state != nil {
		reportTable(&st, &state.table)
	}
	return st
}

func (s *Set[T]) writable(p *T) *setState[T] {
	mustSupport[T]()
	mustNotBeNil(p)
	if st := s.state.Load(); st != nil {
		return st
	}
	st := new(setState[T])
	st.init()
	if !s.state.CompareAndSwap(nil, st) {
		return s.state.Load() // somebody else was first
	}
	gcclock.Watch(st, (*setState[T]).sweep)
	return st
}
