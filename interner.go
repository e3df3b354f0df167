package weakref

import (
	"iter"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/keyhash"
	"github.com/weakref-go/weakref/internal/table"
)

// Interner keeps one canonical copy of each value that is in use: equal values give
// the same pointer, which can be compared instead of them, and memory for one copy
// instead of many. The copy vanishes when nobody holds the pointer any more.
//
// The standard library's [unique] does this for the whole program. An Interner is
// one among others: it can be measured and listed, and is collected as a whole.
// Values that Go cannot compare go into an [InternerFunc].
//
// The zero Interner is ready to use. Its fields are set before first use; it must
// not be copied after that. All methods are safe for concurrent use.
//
// # What is guaranteed
//
//   - As long as anyone holds the pointer that Intern has returned for a value,
//     every equal value gives that same pointer.
//   - The Interner does not keep a copy alive. Whoever wants the canonical copy to
//     stay must keep the pointer; its content is not enough.
//   - Dead copies leave by themselves, the memory is given back, and the Interner
//     is itself collectable, as with [ValueMap].
//   - The bytes of a string are copied, so that a small piece of a large string does
//     not keep it. Strings inside of structs are copied only if Clone does so.
//
// The value behind the pointer must not be changed.
//
// # Cost
//
// Intern of a value that is there takes 25 to 50 ns and does not allocate. A new
// one takes an allocation and a weak pointer.
type Interner[T comparable] struct {
	// Name is shown by Stats.
	Name string

	// Clone, if set, makes the copy that becomes canonical. Without it, the value is
	// copied as an assignment does, and if T is a string type, so are its bytes.
	Clone func(T) T

	state atomic.Pointer[internState[T]] // made at the first Intern
}

// internState is an Interner in use.
type internState[T comparable] struct {
	keys   keyhash.Hasher[T]
	table  table.Table[struct{}]
	string bool // T is a string type
	copies copies[T]
}

// Intern returns the canonical pointer for values that equal v.
func (in *Interner[T]) Intern(v T) *T {
	s := in.ready()
	hash := s.keys.Hash(v)
	if p := s.find(s.table.Read(hash), hash, v); p != nil {
		return p
	}
	p := in.copy(s, v)
	ref := handle.Of(p)
	l := s.table.Lock(hash)
	defer l.Unlock()
	if found := s.find(l.View(), hash, v); found != nil {
		return found
	}
	l.Insert(ref, struct{}{})
	return p
}

// Lookup returns the canonical pointer for values that equal v, if there is one.
func (in *Interner[T]) Lookup(v T) (*T, bool) {
	s := in.state.Load()
	if s == nil {
		return nil, false
	}
	hash := s.keys.Hash(v)
	p := s.find(s.table.Read(hash), hash, v)
	return p, p != nil
}

// InternBytes is Intern for a string whose bytes are in b. It does not allocate if
// the string is there.
func InternBytes[S ~string](in *Interner[S], b []byte) *S {
	// Safe: the string is used for looking up, during this call, and is cloned
	// before it is kept.
	return in.Intern(S(unsafe.String(unsafe.SliceData(b), len(b))))
}

// Len returns the number of copies not yet known to be dead, which is never less
// than the number of those alive.
func (in *Interner[T]) Len() int {
	if s := in.state.Load(); s != nil {
		return s.table.Len()
	}
	return 0
}

// All returns an iterator over the canonical pointers, in no order, as [Set.All].
func (in *Interner[T]) All() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		if s := in.state.Load(); s != nil {
			live[T](&s.table, yield)
		}
	}
}

// Sweep removes the copies that the collector has found dead and returns their
// number. The Interner does this by itself after every collection.
func (in *Interner[T]) Sweep() int {
	if s := in.state.Load(); s != nil {
		return s.table.Sweep()
	}
	return 0
}

// Stats returns the Interner's counters.
func (in *Interner[T]) Stats() Stats {
	st := Stats{Name: in.Name}
	if s := in.state.Load(); s != nil {
		reportTable(&st, &s.table)
	}
	return st
}

func (in *Interner[T]) ready() *internState[T] {
	if s := in.state.Load(); s != nil {
		return s
	}
	s := &internState[T]{
		keys:   keyhash.Make[T](),
		string: reflect.TypeFor[T]().Kind() == reflect.String,
	}
	s.table.Policy.Hash = func(slot *table.Slot[struct{}]) (hash uint64, live bool) {
		p := handle.Strong[T](slot.Ref())
		if p == nil {
			return 0, false
		}
		return s.keys.Hash(*p), true
	}
	if !in.state.CompareAndSwap(nil, s) {
		return in.state.Load() // somebody else was first
	}
	gcclock.Watch(s, (*internState[T]).sweep)
	return s
}

func (s *internState[T]) sweep() { s.table.Sweep() }

// find returns the live copy that equals v, or nil.
func (s *internState[T]) find(view table.View[struct{}], hash uint64, v T) (found *T) {
	table.FindFunc(view, hash, func(slot *table.Slot[struct{}]) bool {
		ref := slot.Ref()
		if ref == nil {
			return false
		}
		p := handle.Strong[T](ref)
		if p == nil || *p != v {
			return false
		}
		found = p
		return true
	})
	return found
}

// copy returns a pointer to a copy of v that can be weakly referenced, whatever T
// is, and does not keep more alive than need be.
func (in *Interner[T]) copy(s *internState[T], v T) *T {
	switch {
	case in.Clone != nil:
		v = in.Clone(v)
	case s.string:
		return (*T)(unsafe.Pointer(s.copies.string(*(*string)(unsafe.Pointer(&v))))) // safe: T is a string type
	}
	return s.copies.value(v)
}

// live yields the live targets of a table.
func live[T, S any](t *table.Table[S], yield func(*T) bool) {
	for slot := range t.Slots {
		ref := slot.Ref()
		if ref == nil {
			continue
		}
		if p := handle.Strong[T](ref); p != nil && !yield(p) {
			return
		}
	}
}
