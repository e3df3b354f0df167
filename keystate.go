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

// keyState is a KeyMap in use. Its table has a handle for each key; where the values
// are is the keeper's business.
type keyState[K, V any] struct {
	addrTable[K, beside[V]]
	values    keeper[K, V]
	onKeys    *onKeys[K, V] // values, if it is that; see load
	calls     flight.Group[*K, V]
	collect   *callback.Queue[V] // nil without OnCollect
	name      string             // Name at the first write
	onCollect unsafe.Pointer     // which OnCollect that is; see funcWord
}

// keeper is where a KeyMap keeps its values: beside the handles, or on the keys. A
// value is a pointer to a V that does not change, so that the pointer tells whether
// the entry still has it. All methods but clear are called with the segment of the key
// locked. slot is the key's, or nil if it has none.
type keeper[K, V any] interface {
	value(key *K, slot *table.Slot[beside[V]]) *V
	insert(key *K, ref handle.H, v *V) beside[V] // for a key without a slot
	set(key *K, slot *table.Slot[beside[V]], v *V)
	remove(key *K, slot *table.Slot[beside[V]])
	clear()
}

// sentinel is what dies with a map.
type sentinel struct{ _ *sentinel }

func (m *KeyMap[K, V]) begin() *keyState[K, V] {
	return m.state.Begin(m.newState, m.begun)
}

func (m *KeyMap[K, V]) newState() *keyState[K, V] {
	s := &keyState[K, V]{name: m.Name}
	s.init()
	name := cmp.Or(m.Name, reflect.TypeOf(m).Elem().String())
	offset, slotted := slotsOffset[K]()
	switch {
	case slotted && m.OnCollect != nil:
		panic("weakref: " + name + ": OnCollect cannot be had for a key type with Slots, whose values die with their keys; use Finalize")
	case slotted:
		s.onKeys = &onKeys[K, V]{s, offset, &slotOwner{offset}}
		s.values = s.onKeys
		return s
	}
	s.values = besideHandles[K, V]{s}
	s.table.Policy.Release = func(b *beside[V]) { b.store(nil) }
	if m.OnCollect != nil {
		// The queue outlives the map while calls are to be made, so it must not refer
		// to the state.
		queue := &callback.Queue[V]{Call: m.OnCollect, What: name + ".OnCollect"}
		s.collect, s.onCollect = queue, funcWord(&m.OnCollect)
		s.table.Policy.Dead = func(dead []beside[V]) {
			values := make([]V, len(dead))
			for i, b := range dead {
				values[i] = *b.load()
			}
			queue.Push(values)
		}
	}
	return s
}

func (m *KeyMap[K, V]) begun(s *keyState[K, V]) {
	if s.onKeys != nil {
		end := new(sentinel)
		runtime.AddCleanup(end, (*onKeys[K, V]).dropLater, s.onKeys)
		m.sentinel.Store(end)
	}
	gcclock.Watch(s, (*keyState[K, V]).sweep)
}

func (s *keyState[K, V]) sweep() { s.table.Sweep() }

// load returns the value of a key, or nil. It needs no lock. To ask the keeper would
// cost a look-up a nanosecond, a tenth to a quarter of the whole.
func (s *keyState[K, V]) load(key *K) *V {
	if o := s.onKeys; o != nil {
		return o.load(key)
	}
	return besideHandles[K, V]{s}.value(key, s.find(key))
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
	now := f(s.values.value(key, slot))
	switch {
	case now == nil:
	case slot != nil:
		s.values.set(key, slot, now)
	default:
		if ref == nil {
			ref = handle.Of(key)
		}
		l.Insert(ref, s.values.insert(key, ref, now))
	}
	runtime.KeepAlive(key)
}

// change changes the entry of a key that has one, or removes it. f gets the value
// and returns what it shall be instead, or nil for no entry, and whether to do
// anything. f is called under a lock.
func (s *keyState[K, V]) change(key *K, f func(was *V) (now *V, change bool)) {
	l, slot := s.lock(key)
	defer l.Unlock()
	was := s.values.value(key, slot)
	var now *V
	if was != nil {
		var change bool
		if now, change = f(was); !change {
			return
		}
	}
	if now != nil {
		s.values.set(key, slot, now)
		return
	}
	if slot != nil { // perhaps without a value; see onKeys
		l.Remove(slot)
	}
	s.values.remove(key, slot)
	runtime.KeepAlive(key)
}

// replace changes the value of a key from one to another, nil standing for none, and
// reports whether it was that one.
func (s *keyState[K, V]) replace(key *K, was, now *V) (replaced bool) {
	if now != nil {
		s.store(key, func(is *V) *V {
			if replaced = is == was; !replaced {
				return nil
			}
			return now
		})
		return replaced
	}
	if was == nil {
		return true // there was none when the caller looked
	}
	s.change(key, func(is *V) (*V, bool) {
		replaced = is == was
		return nil, replaced
	})
	return replaced
}

// beside is the side value of a KeyMap's entry: an unsafe.Pointer to a V. It is nil
// once the entry has been removed, so that the value can go although the slot stays,
// and if values hang on their keys.
type beside[V any] struct {
	value unsafe.Pointer // atomic
}

func (b *beside[V]) load() *V   { return (*V)(atomic.LoadPointer(&b.value)) }
func (b *beside[V]) store(p *V) { atomic.StorePointer(&b.value, unsafe.Pointer(p)) }

// besideHandles keeps values in the table.
type besideHandles[K, V any] struct{ s *keyState[K, V] }

func (besideHandles[K, V]) value(_ *K, slot *table.Slot[beside[V]]) *V {
	if slot == nil {
		return nil
	}
	return slot.Side.load()
}

func (besideHandles[K, V]) insert(_ *K, _ handle.H, v *V) beside[V] {
	return beside[V]{unsafe.Pointer(v)}
}

func (besideHandles[K, V]) set(_ *K, slot *table.Slot[beside[V]], v *V) { slot.Side.store(v) }

func (besideHandles[K, V]) remove(_ *K, slot *table.Slot[beside[V]]) {
	if slot != nil {
		slot.Side.store(nil)
	}
}

func (b besideHandles[K, V]) clear() { b.s.table.Clear() }
