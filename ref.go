package weakref

import (
	"reflect"
	"weak"
)

// Ref is a weak reference to a value of type T: it does not keep the value
// alive.
//
// The zero Ref refers to nothing. Two Refs are equal exactly if they were made
// from equal pointers, and stay so after the value has been collected, so a Ref
// can be a map key. An address that is used again for another value gives
// another, unequal Ref.
//
// A Ref is one word, holds a small record of the runtime alive (16 bytes, and 32
// more outside the heap while the value lives) and may be copied freely.
type Ref[T any] struct {
	p weak.Pointer[T]
}

// Make returns a weak reference to *p. Make(nil) is the zero Ref.
//
// It panics with an [*UnsupportedError] if T alone tells that a weak reference
// to it may never clear: see [Check], which also finds what only the pointer
// tells. A pointer to memory that the collector does not manage (C memory, a
// mapped file, the bytes of a string constant) ends the process, as it does for
// [weak.Make]; call Check first where a pointer may be one.
//
// A package-level variable is accepted and is never collected.
//
// The first reference to an object costs 100 to 300 ns and further ones a
// fifth of that, more if many small objects that lie beside it in memory have
// references too; [Ref.Value] costs about 10 ns.
func Make[T any](p *T) Ref[T] {
	if p == nil {
		return Ref[T]{}
	}
	mustSupport[T]()
	return Ref[T]{weak.Make(p)}
}

// Value returns a strong pointer to the value, or nil if it has been collected.
// What it returns stays alive as long as the caller holds it.
//
// Value returns nil for good after it has returned nil once. It is not
// guaranteed to return nil at any particular time after the last strong pointer
// has gone: the collector decides, and an object that was reachable when a
// running collection began may survive that collection.
func (r Ref[T]) Value() *T {
	return r.p.Value()
}

// Pointer returns the reference as the standard library's type.
func (r Ref[T]) Pointer() weak.Pointer[T] {
	return r.p
}

// String returns the type of the value and whether it is alive, as in
// "weakref.Ref[main.Session](alive)". It does not call any method of the value.
func (r Ref[T]) String() string {
	state := "alive"
	switch {
	case r == Ref[T]{}:
		state = "nil"
	case r.p.Value() == nil:
		state = "dead"
	}
	return "weakref.Ref[" + reflect.TypeFor[T]().String() + "](" + state + ")"
}
