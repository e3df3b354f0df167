package weakref

import (
	"iter"
	"reflect"
	"strings"
	"unsafe"

	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/keyhash"
	"github.com/weakref-go/weakref/internal/lazy"
	"github.com/weakref-go/weakref/internal/nursery"
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
// There is no Clear and no Delete: a copy that is in use must stay, or two equal values
// would have two pointers.
//
// # Cost
//
// Intern of a value that is there takes 25 to 50 ns and does not allocate. A new
// one takes an allocation and a weak pointer.
type Interner[T comparable] struct {
	// Name is shown by Stats.
	Name string

	// Clone, if set, makes the copy that becomes canonical. Without it, the value is
	// copied as an assignment does, and if T is a string type, so are its bytes. Intern
	// panics if the copy is not equal to the value: nobody would ever find it. Clone is
	// called under no lock, perhaps for several equal values at once.
	Clone func(T) T

	state lazy.Value[internState[T]] // made at the first Intern
}

// internState is an Interner in use.
type internState[T comparable] struct {
	keys   keyhash.Hasher[T]
	table  table.Table[struct{}]
	string bool // T is a string type
	copies copies[T]
	name   string // Name at the first Intern
}

// Intern returns the canonical pointer for values that equal v.
func (in *Interner[T]) Intern(v T) *T {
	return in.intern(v, func() T { return v })
}

// intern is Intern for a value that is valid during this call only. owned returns an equal
// one that stays so.
func (in *Interner[T]) intern(v T, owned func() T) *T {
	s := in.ready()
	hash := s.keys.Hash(v)
	if p := s.find(s.table.Read(hash), hash, v); p != nil {
		return p
	}
	p := in.copy(s, v, owned)
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
	// Safe: the string is used for looking up, during this call. No code of the user's
	// sees it, and what is kept is a copy.
	return in.intern(S(unsafe.String(unsafe.SliceData(b), len(b))), func() S { return S(b) })
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
	return in.state.Begin(in.newState, func(s *internState[T]) {
		gcclock.Watch(s, (*internState[T]).sweep)
	})
}

func (in *Interner[T]) newState() *internState[T] {
	s := &internState[T]{
		keys:   keyhash.Make[T](),
		name:   in.Name,
		string: reflect.TypeFor[T]().Kind() == reflect.String,
	}
	s.table.Policy.Hash = func(_ *table.Slot[struct{}], ref handle.H) (hash uint64, live bool) {
		p := handle.Strong[T](ref)
		if p == nil {
			return 0, false
		}
		return s.keys.Hash(*p), true
	}
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
// is, and does not keep more alive than need be. Only Clone gets what owned returns; a
// string is copied anyway.
func (in *Interner[T]) copy(s *internState[T], v T, owned func() T) *T {
	switch {
	case in.Clone != nil:
		clone := in.Clone(owned())
		if clone != v && v == v {
			panic("weakref: Interner.Clone has returned a value that is not equal to its argument")
		}
		return s.copies.value(clone)
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

// String returns the type of the Interner, its name and its length.
func (in *Interner[T]) String() string { return describe(in, in.Name, in.Len()) }

// copies makes the copies of values that an interner keeps, in allocations that can
// be weakly referenced whatever T is.
type copies[T any] struct {
	values nursery.Nursery[T]
	boxes  nursery.Nursery[Boxed[T]]

	// Strings together with their bytes, by the number of those.
	to16  nursery.Nursery[stringObject[[16]byte]]
	to32  nursery.Nursery[stringObject[[32]byte]]
	to48  nursery.Nursery[stringObject[[48]byte]]
	to80  nursery.Nursery[stringObject[[80]byte]]
	to112 nursery.Nursery[stringObject[[112]byte]]
}

// value returns a pointer to a copy of v.
func (c *copies[T]) value(v T) *T {
	if supported[T]() != nil {
		b := c.boxes.Get()
		b.V = v
		return &b.V
	}
	p := c.values.Get()
	*p = v
	return p
}

// string returns a pointer to a copy of s. Header and bytes of a short string are
// one object, which saves an allocation.
func (c *copies[T]) string(s string) *string {
	switch n := len(s); {
	case n <= 16:
		return c.to16.Get().set(s)
	case n <= 32:
		return c.to32.Get().set(s)
	case n <= 48:
		return c.to48.Get().set(s)
	case n <= 80:
		return c.to80.Get().set(s)
	case n <= 112:
		return c.to112.Get().set(s)
	}
	s = strings.Clone(s)
	return &s
}

// stringObject is a string together with its bytes. B is an array of bytes.
type stringObject[B any] struct {
	s     string
	bytes B
}

// set makes the object a copy of s, whose bytes fit into B, and returns its string.
func (o *stringObject[B]) set(s string) *string {
	b := unsafe.Slice((*byte)(unsafe.Pointer(&o.bytes)), unsafe.Sizeof(o.bytes)) // safe: B is that many bytes
	n := copy(b, s)
	o.s = unsafe.String(&b[0], n)
	return &o.s
}
