package weakref

import (
	"iter"

	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/lazy"
)

// Set is a set of weakly held objects, by identity: an element vanishes when
// nothing but the set refers to it. It is Python's WeakSet with identity for
// equality, safe for concurrent use.
//
// The zero Set is empty and ready to use. Its fields are set before first use; it
// must not be copied after that; see Clone.
//
// What [ValueMap] guarantees for its values, Set does for its elements: the set
// does not keep them, the dead leave by themselves within two collections, the
// memory is given back, and the set is itself collectable. A look-up leaves no
// trace on the object. A set in use takes some 550 bytes, its first seven elements
// included.
//
// The operations on one element are linearizable. Those on whole sets are not one
// operation: they see every element that is in a set all the while, and others
// perhaps. They are safe whatever happens meanwhile, and when both sets are the
// same.
type Set[T any] struct {
	// Name is shown by Stats and String.
	Name string

	state lazy.Value[setState[T]] // begun at the first write
}

// setState is a Set in use.
type setState[T any] struct {
	addrTable[T, struct{}]
	name string // Name at the first Add
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

// Delete deletes an object from the set, and reports whether it was there.
func (s *Set[T]) Delete(p *T) (deleted bool) {
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

// DeleteFunc deletes the elements for which del reports true and returns how many it
// has deleted. It goes through the set as All does; del is called under no lock and may
// change the set. So s.DeleteFunc(o.Has) takes the elements of o away.
func (s *Set[T]) DeleteFunc(del func(p *T) bool) (deleted int) {
	mustHaveFunc(del != nil, "DeleteFunc")
	for p := range s.All() {
		if del(p) && s.Delete(p) {
			deleted++
		}
	}
	return deleted
}

// Pop removes some live object and returns it, and false if there is none.
func (s *Set[T]) Pop() (*T, bool) {
	for p := range s.All() {
		if s.Delete(p) {
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

// All returns an iterator over the live elements, in no order. It yields none more than
// once, even if it is deleted and added again meanwhile. It yields every one that is in
// the set from the beginning of the loop to its end; one that is added or deleted
// meanwhile, perhaps. The loop may change the set. It keeps one element alive at a time.
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
	return s.state.Begin(s.newState, func(st *setState[T]) {
		gcclock.Watch(st, (*setState[T]).sweep)
	})
}

func (s *Set[T]) newState() *setState[T] {
	st := &setState[T]{name: s.Name}
	st.init()
	return st
}

// String returns the type of the set, its name and its length. It does not look at the
// elements.
func (s *Set[T]) String() string { return describe(s, s.Name, s.Len()) }

// Insert adds the objects of a sequence. It panics as Add does, after those that came
// before have been added.
func (s *Set[T]) Insert(seq iter.Seq[*T]) {
	for p := range seq {
		s.Add(p)
	}
}

// Clone returns a new set of the same elements, without a name.
func (s *Set[T]) Clone() *Set[T] {
	c := new(Set[T])
	c.Insert(s.All())
	return c
}

// Union returns a new set of the elements of both sets.
func (s *Set[T]) Union(o *Set[T]) *Set[T] {
	u := s.Clone()
	u.Insert(o.All())
	return u
}

// Intersection returns a new set of the elements that both sets have.
func (s *Set[T]) Intersection(o *Set[T]) *Set[T] {
	r := new(Set[T])
	for p := range s.All() {
		if o.Has(p) {
			r.Add(p)
		}
	}
	return r
}

// Difference returns a new set of the elements of s that o does not have.
func (s *Set[T]) Difference(o *Set[T]) *Set[T] {
	r := new(Set[T])
	for p := range s.All() {
		if !o.Has(p) {
			r.Add(p)
		}
	}
	return r
}

// SymmetricDifference returns a new set of the elements that one of the sets has
// and the other has not.
func (s *Set[T]) SymmetricDifference(o *Set[T]) *Set[T] {
	r := s.Difference(o)
	r.Insert(o.Difference(s).All())
	return r
}

// SubsetOf reports whether o has all elements of s.
func (s *Set[T]) SubsetOf(o *Set[T]) bool {
	for p := range s.All() {
		if !o.Has(p) {
			return false
		}
	}
	return true
}

// Disjoint reports whether the sets have no element in common.
func (s *Set[T]) Disjoint(o *Set[T]) bool {
	for p := range s.All() {
		if o.Has(p) {
			return false
		}
	}
	return true
}

// Equal reports whether the sets have the same elements.
func (s *Set[T]) Equal(o *Set[T]) bool { return s.SubsetOf(o) && o.SubsetOf(s) }
