package weakref

import (
	"cmp"
	"reflect"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/flight"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/table"
)

// keyState is a KeyMap in use. Its table has a handle for each key. The value is
// beside the handle, or, if the key type has Slots, on the key.
type keyState[K, V any] struct {
	addrTable[K, beside[V]]
	slotted bool
	offset  uintptr // of the Slots in a key
	owner   uint64  // marks the map's values among those of a key
	calls   flight.Group[*K, V]
	collect *callback.Queue[V] // nil without OnCollect
}

// beside is the value of an entry: an unsafe.Pointer to a V that does not change.
// It is nil once the entry has been removed, so that the value can go although
// the slot stays, and if values hang on their keys.
type beside[V any] struct {
	value unsafe.Pointer // atomic
}

func (b *beside[V]) load() *V   { return (*V)(atomic.LoadPointer(&b.value)) }
func (b *beside[V]) store(p *V) { atomic.StorePointer(&b.value, unsafe.Pointer(p)) }

// sentinel is what dies with a map.
type sentinel struct{ _ *sentinel }

func (m *KeyMap[K, V]) begin() *keyState[K, V] {
	s := new(keyState[K, V])
	s.init()
	s.offset, s.slotted = slotsOffset[K]()
	s.table.Policy.Release = func(b *beside[V]) { b.store(nil) }
	name := cmp.Or(m.Name, reflect.TypeOf(m).Elem().String())
	if s.slotted {
		if m.OnCollect != nil {
			panic("weakref: " + name + ": OnCollect cannot be had for a key type with Slots, whose values die with their keys; use Finalize")
		}
		s.owner = owners.Add(1)
	} else if m.OnCollect != nil {
		// The queue outlives the map while calls are to be made, so it must not refer
		// to the state.
		queue := &callback.Queue[V]{Call: m.OnCollect, What: name + ".OnCollect"}
		s.collect = queue
		s.table.Policy.Dead = func(dead []beside[V]) {
			values := make([]V, len(dead))
			for i, b := range dead {
				values[i] = *b.load()
			}
			queue.Push(values)
		}
	}
	if !m.state.CompareAndSwap(nil, s) {
		return m.state.Load() // somebody else was first
	}
	if s.slotted {
		end := new(sentinel)
		runtime.AddCleanup(end, (*keyState[K, V]).dropLater, s)
		m.sentinel.Store(end)
	}
	gcclock.Watch(s, (*keyState[K, V]).sweep)
	return s
}

func (s *keyState[K, V]) sweep() { s.table.Sweep() }

// slotsOf returns the Slots of a key.
func (s *keyState[K, V]) slotsOf(key *K) *Slots {
	return (*Slots)(unsafe.Add(unsafe.Pointer(key), s.offset)) // safe: see slotsOffset
}

// load returns the value of a key, or nil. It never makes a weak pointer.
func (s *keyState[K, V]) load(key *K) *V {
	if s.slotted {
		if n := s.slotsOf(key).find(s.owner); n != nil {
			return (*V)(atomic.LoadPointer(&n.value))
		}
		return nil
	}
	if slot := s.find(key); slot != nil {
		return slot.Side.load()
	}
	return nil
}

// store changes the entry of a key, or makes one. f gets the key's value, or nil,
// and returns what it shall be instead, or nil for no change. f is called under a
// lock.
func (s *keyState[K, V]) store(key *K, f func(was *V) *V) {
	var ref handle.H
	if s.load(key) == nil {
		ref = handle.Of(key) // needed as a rule, and slow, so before the lock is taken
	}
	l, slot := s.lock(key)
	defer l.Unlock()
	now := f(s.value(key, slot))
	switch {
	case now == nil:
	case slot != nil:
		s.set(key, slot, now)
	default:
		if ref == nil {
			ref = handle.Of(key)
		}
		s.insert(l, key, ref, now)
	}
	runtime.KeepAlive(key)
}

// change changes the entry of a key that has one, or removes it. f gets the value
// and returns what it shall be instead, or nil for no entry, and whether to do
// anything. f is called under a lock.
func (s *keyState[K, V]) change(key *K, f func(was *V) (now *V, change bool)) {
	l, slot := s.lock(key)
	defer l.Unlock()
	was := s.value(key, slot)
	if was == nil {
		return
	}
	switch now, change := f(was); {
	case !change:
	case now == nil:
		s.delete(l, key, slot)
	default:
		s.set(key, slot, now)
	}
	runtime.KeepAlive(key)
}

// value returns the value of a key whose slot has been found, or not. A lock is
// held.
func (s *keyState[K, V]) value(key *K, slot *table.Slot[beside[V]]) *V {
	switch {
	case slot == nil:
		return nil
	case s.slotted:
		return s.load(key)
	}
	return slot.Side.load()
}

func (s *keyState[K, V]) insert(l table.Locked[beside[V]], key *K, ref handle.H, v *V) {
	var side beside[V]
	if s.slotted {
		s.slotsOf(key).add(s.owner, unsafe.Pointer(v))
	} else {
		side.value = unsafe.Pointer(v)
	}
	l.Insert(ref, side)
}

func (s *keyState[K, V]) set(key *K, slot *table.Slot[beside[V]], v *V) {
	if !s.slotted {
		slot.Side.store(v)
		return
	}
	slots := s.slotsOf(key)
	if n := slots.find(s.owner); n != nil {
		atomic.StorePointer(&n.value, unsafe.Pointer(v))
	} else {
		slots.add(s.owner, unsafe.Pointer(v)) // the object has been overwritten as a whole
	}
}

func (s *keyState[K, V]) delete(l table.Locked[beside[V]], key *K, slot *table.Slot[beside[V]]) {
	if s.slotted {
		s.slotsOf(key).remove(s.owner)
	}
	l.Remove(slot)
	slot.Side.store(nil)
}

func (s *keyState[K, V]) clear() {
	if !s.slotted {
		s.table.Clear()
		return
	}
	for key := range s.keys {
		s.change(key, func(*V) (*V, bool) { return nil, true })
	}
}

func (s *keyState[K, V]) dropLater() { go s.drop() } // not on the runtime's goroutine

// drop takes the values of a map that is no more from keys that live on. A write
// to the map that went on now would leave its value behind, so writes keep the
// map alive to their end.
func (s *keyState[K, V]) drop() {
	for key := range s.keys {
		s.slotsOf(key).remove(s.owner)
	}
}
