package weakref

import (
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Slots makes a type carry the values that a [KeyMap] has for its objects: embed
// it in the key type, and every KeyMap with keys of that type hangs its values on
// the keys themselves.
//
//	type Session struct {
//		weakref.Slots
//		User string
//	}
//
// Then a value may refer to its key: a key and its values, and whatever cycle they
// form, are collected together when nothing else refers to them. A look-up is two
// or three loads, without hashing. A value leaves also when its map dies while the
// key lives on, soon after the collection that finds the map dead.
//
// Slots takes three words of the object. The zero Slots is ready to use. A copy of
// an object has no values; go vet reports such copies. An object may be in any
// number of maps, and look-ups take longer the more they are.
type Slots struct {
	mu   sync.Mutex     // guards changes of the list
	at   atomic.Uintptr // own address since the first value, by which copies are told
	head atomic.Pointer[slotValue]
}

// slotValue is the value that one map has for the object.
type slotValue struct {
	owner uint64                    // of the map
	next  atomic.Pointer[slotValue] // changed under mu
	value unsafe.Pointer            // to a V of the map; atomic, changed under a lock of the map
}

// owners counts the maps that have hung values on keys.
var owners atomic.Uint64

// find returns the node of a map, or nil.
func (s *Slots) find(owner uint64) *slotValue {
	n := s.head.Load()
	if n == nil || s.at.Load() != uintptr(unsafe.Pointer(s)) {
		return nil
	}
	for n != nil && n.owner != owner {
		n = n.next.Load()
	}
	return n
}

// add hangs up the value of a map that has none.
func (s *Slots) add(owner uint64, value unsafe.Pointer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := &slotValue{owner: owner, value: value}
	if at := uintptr(unsafe.Pointer(s)); s.at.Load() == at {
		n.next.Store(s.head.Load())
	} else {
		// New, or a copy of another object, whose values are not this one's.
		s.head.Store(nil)
		s.at.Store(at)
	}
	s.head.Store(n)
}

// remove takes down the value of a map, if it has one.
func (s *Slots) remove(owner uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for link := &s.head; ; {
		n := link.Load()
		if n == nil {
			return
		}
		if n.owner == owner {
			link.Store(n.next.Load())
			return
		}
		link = &n.next
	}
}

// slots is how KeyMap finds out that a type embeds Slots.
func (s *Slots) slots() *Slots { return s }

type slotted interface{ slots() *Slots }

// slotsOffset returns where in a K its Slots are, and whether it has some in
// itself. A type that embeds a pointer to a struct with Slots has not: there, two
// objects may share one.
func slotsOffset[K any]() (offset uintptr, ok bool) {
	if _, ok := any((*K)(nil)).(slotted); !ok {
		return 0, false
	}
	t := reflect.TypeFor[K]()
	if t == reflect.TypeFor[Slots]() {
		return 0, true
	}
	if t.Kind() != reflect.Struct {
		return 0, false
	}
	return embeddedSlots(t)
}

// embeddedSlots looks for Slots among the embedded fields of t, as the compiler
// does, the shallowest first.
func embeddedSlots(t reflect.Type) (offset uintptr, ok bool) {
	for _, f := range reflect.VisibleFields(t) {
		if f.Type != reflect.TypeFor[Slots]() || !f.Anonymous {
			continue
		}
		offset, through := uintptr(0), t
		for _, i := range f.Index {
			if through.Kind() != reflect.Struct {
				return 0, false // a pointer on the way
			}
			offset += through.Field(i).Offset
			through = through.Field(i).Type
		}
		return offset, true
	}
	return 0, false
}

// Keyed is a value with [Slots]: a key type for values of types that cannot embed
// Slots themselves. See [NewKey].
type Keyed[T any] struct {
	Slots
	V T
}

// NewKey returns a pointer to a copy of v in an object with [Slots], for use as a
// key.
func NewKey[T any](v T) *Keyed[T] {
	return &Keyed[T]{V: v}
}
