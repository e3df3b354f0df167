package weakref

import (
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/table"
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
// form, are collected together when nothing else refers to them. A look-up is a few
// loads, without hashing. A value leaves also when its map dies while the key lives
// on, soon after the collection that finds the map dead.
//
// # A value must not lead to its map
//
// The key holds its values strongly. So a value that leads to the map that it is in, as
// a field that points to what the map is part of does, keeps that map and all its values
// for as long as the key lives, even if nothing else refers to the map. That is so with
// Slots only, and cannot be lifted: Go's collector has no ephemerons, which need both
// key and map to be alive. The remedy is to hold the map weakly in the value:
//
//	type state struct {
//		registry weakref.Ref[Registry] // not *Registry, whose KeyMap this value is in
//	}
//
// # An object, and its life
//
// A value belongs to one object, and to its life. A copy of an object has no values,
// not even if it is later put where the original was; go vet reports such copies. An
// object that a finalizer has brought back begins a new life, without values. To assign
// to an object as a whole, as in *p = Session{}, takes its values away.
//
// Slots takes two words of the object, and each value four beside its own size. The
// zero Slots is ready to use. An object may be in any number of maps, and look-ups take
// longer the more they are.
type Slots struct {
	mu sync.Mutex // guards changes of the list

	// The values of all maps, if the list is this object's. All or none are: an
	// assignment replaces the list as a whole, and add begins a new one.
	head atomic.Pointer[slotValue]
}

// slotValue is the value that one map has for one object.
type slotValue struct {
	owner *slotOwner                // of the map
	life  handle.H                  // of the key: zero after its death, though it be brought back
	next  atomic.Pointer[slotValue] // changed under mu
	value unsafe.Pointer            // to a V of the map, nil once removed; atomic, changed under a lock of the map
}

// slotOwner marks the values of a map. It is apart from the map, which those who hold
// a value shall not keep.
type slotOwner struct {
	offset uintptr // of the Slots in a key
}

// isOf reports whether the value belongs to the object that s is in, which the caller
// holds. So nothing else is at that address, and a handle that leads there is of this
// object and of its present life; that of an original elsewhere, or of a dead one,
// does not.
func (n *slotValue) isOf(s *Slots) bool {
	return handle.Addr[byte](n.life) == uintptr(unsafe.Pointer(s))-n.owner.offset
}

// find returns the first value of a map for the key in which s is, or nil. It does what
// isOf does with a load less.
func (s *Slots) find(owner *slotOwner, key unsafe.Pointer) *slotValue {
	n := s.head.Load()
	for n != nil && n.owner != owner {
		n = n.next.Load()
	}
	if n == nil || handle.Addr[byte](n.life) != uintptr(key) {
		return nil
	}
	return n
}

// add hangs up the value of a map that has none. life is the handle of the key.
func (s *Slots) add(owner *slotOwner, life handle.H, value unsafe.Pointer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := &slotValue{owner: owner, life: life, value: value}
	if head := s.head.Load(); head != nil && head.isOf(s) {
		n.next.Store(head)
	}
	s.head.Store(n)
}

// remove takes down the value of a map, if it has one. The value is also taken out of
// what was taken down, for a copy may still have that, and may be assigned back.
func (s *Slots) remove(owner *slotOwner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for link := &s.head; ; {
		n := link.Load()
		if n == nil || !n.isOf(s) {
			return
		}
		if n.owner != owner {
			link = &n.next
			continue
		}
		atomic.StorePointer(&n.value, nil)
		link.Store(n.next.Load())
	}
}

// onKeys keeps the values of a KeyMap on the keys.
//
// The table has a slot for each key with a value. A slot may also be without, if the
// object has been overwritten as a whole, which nobody notices; it is removed by the
// next call that changes the entry, or when the object dies.
type onKeys[K, V any] struct {
	s      *keyState[K, V]
	offset uintptr // of the Slots in a key
	owner  *slotOwner
}

func (o *onKeys[K, V]) slots(key *K) *Slots {
	return (*Slots)(unsafe.Add(unsafe.Pointer(key), o.offset)) // safe: see slotsOffset
}

func (o *onKeys[K, V]) load(key *K) *V {
	if n := o.slots(key).find(o.owner, unsafe.Pointer(key)); n != nil {
		return (*V)(atomic.LoadPointer(&n.value))
	}
	return nil
}

func (o *onKeys[K, V]) value(key *K, _ *table.Slot[beside[V]]) *V { return o.load(key) }

func (o *onKeys[K, V]) insert(key *K, ref handle.H, v *V) (none beside[V]) {
	o.slots(key).add(o.owner, ref, unsafe.Pointer(v))
	return none
}

func (o *onKeys[K, V]) set(key *K, slot *table.Slot[beside[V]], v *V) {
	slots := o.slots(key)
	if n := slots.find(o.owner, unsafe.Pointer(key)); n != nil {
		atomic.StorePointer(&n.value, unsafe.Pointer(v))
	} else {
		slots.add(o.owner, slot.Ref(), unsafe.Pointer(v)) // the object has been overwritten
	}
}

func (o *onKeys[K, V]) remove(key *K, _ *table.Slot[beside[V]]) { o.slots(key).remove(o.owner) }

func (o *onKeys[K, V]) clear() {
	for key := range o.s.keys {
		o.s.change(key, func(*V) (*V, bool) { return nil, true })
	}
}

func (o *onKeys[K, V]) dropLater() { go o.drop() } // not on the runtime's goroutine

// drop takes the values of a map that is no more from keys that live on. A write
// to the map that went on now would leave its value behind, so writes keep the
// map alive to their end.
func (o *onKeys[K, V]) drop() {
	for key := range o.s.keys {
		o.slots(key).remove(o.owner)
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
