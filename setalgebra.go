package weakref

import "iter"

// Insert adds the objects of a sequence. It panics as Add does, after those that came
// before have been added.
func (s *Set[T]) Insert(seq iter.Seq[*T]) {
	for p := range seq {
		s.Add(p)
	}
}

// Copy returns a new set of the same elements.
func (s *Set[T]) Copy() *Set[T] {
	c := new(Set[T])
	c.Insert(s.All())
	return c
}

// Union returns a new set of the elements of both sets.
func (s *Set[T]) Union(o *Set[T]) *Set[T] {
	u := s.Copy()
	u.Update(o)
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
	r.Update(o.Difference(s))
	return r
}

// Update adds the elements of o.
func (s *Set[T]) Update(o *Set[T]) { s.Insert(o.All()) }

// IntersectionUpdate removes the elements that o does not have.
func (s *Set[T]) IntersectionUpdate(o *Set[T]) {
	for p := range s.All() {
		if !o.Has(p) {
			s.Remove(p)
		}
	}
}

// DifferenceUpdate removes the elements of o.
func (s *Set[T]) DifferenceUpdate(o *Set[T]) {
	for p := range o.All() {
		s.Remove(p)
	}
}

// SymmetricDifferenceUpdate removes the elements of o that s has, and adds those
// that it has not.
func (s *Set[T]) SymmetricDifferenceUpdate(o *Set[T]) {
	for p := range o.All() {
		if !s.Remove(p) {
			s.Add(p)
		}
	}
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

// SupersetOf reports whether s has all elements of o.
func (s *Set[T]) SupersetOf(o *Set[T]) bool { return o.SubsetOf(s) }

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
