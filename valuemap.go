package weakref

import (
	"iter"
	"runtime"
	"sync/atomic"

	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/table"
)

// ValueMap is a map from keys to weakly held values: an entry vanishes when
// nothing but the map refers to its value. It is Python's WeakValueDictionary,
// safe for concurrent use, and the heart of any cache or registry that shall not
// keep what it lists.
//
// The zero ValueMap is empty and ready to use. Its fields are set before first
// use; it must not be copied after that.
//
// # What is guaranteed
//
//   - Load returns a live value as a strong pointer, or reports false. It never
//     returns a value that has been collected.
//   - As long as anyone holds the value stored under a key, Load returns that
//     same pointer, until it is replaced or deleted.
//   - The map does not keep a value alive, except the one that a running call or
//     iterator is dealing with.
//   - A dead entry leaves without anyone calling the map, within two collections,
//     and sooner if a call comes upon it. Memory is given back after many have
//     left.
//   - The death of a value never removes another value stored under the same key.
//   - The map is itself collectable, whatever its values do.
//
// Each operation is linearizable, that is, it seems to happen at one moment
// between call and return; iteration is not one operation. A value's death is
// such a moment, too.
//
// # What is not
//
// A key is held strongly, and a value that is found dead only by the collector
// stays until then: a value that nobody holds may still be returned by Load
// before the next collection has found it dead, and Load then saves it. A key
// that reaches its own value keeps it alive.
//
// # Cost
//
// Load takes 10 to 40 ns in small and middling maps, does not allocate, never
// waits and never makes others wait. Store of a new key costs what it takes the
// runtime to make a weak pointer, a fifth of a microsecond or more, and about a
// half of that again. An entry takes about 80 bytes beside key and value, half of
// it in the runtime's records. After a collection the map looks at each of its
// entries once, in the background.
type ValueMap[K comparable, V any] struct {
	// Name is shown by Stats and in reports.
	Name string

	// OnCollect, if set, is called with the key of every entry that was removed
	// because its value had been collected, once. By then the key may have a new
	// value. Calls are made on goroutines of the map's own, under no lock, in the
	// order in which deaths are noticed, except that none waits for another that
	// takes long. A panic is recovered, logged with [log/slog] and counted. There
	// is no call for an entry that was deleted, replaced or cleared first.
	//
	// What OnCollect refers to lives as long as the map, so a value that it reaches
	// is never collected.
	OnCollect func(key K)

	state atomic.Pointer[valueState[K, V]] // made at the first write
}

// Load returns the value of a key, and whether there is one that is alive.
func (m *ValueMap[K, V]) Load(key K) (*V, bool) {
	s := m.state.Load()
	if s == nil {
		return nil, false
	}
	hash, ok := s.keys.Quick(key)
	if !ok {
		hash = s.keys.Hash(key)
	}
	slot := table.FindKey(s.table.Read(hash), hash, key)
	if slot == nil {
		return nil, false
	}
	ref := slot.Ref()
	if ref == nil {
		return nil, false
	}
	var v *V
	if handle.Direct[V]() {
		v = handle.Weak[V](ref).Value()
	} else {
		v = handle.Strong[V](ref)
	}
	if v == nil {
		return s.loadAgain(hash, key)
	}
	return v, true
}

// Store sets the value of a key. It panics with an [*UnsupportedError] if v is
// nil or of a type that cannot be weakly referenced; see [Check] for pointers that
// must not be passed at all.
func (m *ValueMap[K, V]) Store(key K, v *V) {
	s := m.writable(v)
	s.put(key, handle.Of(v))
	runtime.KeepAlive(v)
}

// LoadOrStore returns the value of the key if there is one that is alive. If not,
// it stores v and returns it. loaded says which. It panics as Store does.
func (m *ValueMap[K, V]) LoadOrStore(key K, v *V) (actual *V, loaded bool) {
	s := m.writable(v)
	if actual, loaded = m.Load(key); loaded {
		return actual, true
	}
	ref := handle.Of(v)
	l, slot := s.lock(key)
	defer l.Unlock()
	if slot == nil {
		l.Insert(ref, key)
		return v, false
	}
	if actual = s.strong(l, slot); actual != nil {
		return actual, true
	}
	l.Set(slot, ref)
	return v, false
}

// Swap sets the value of a key and returns the previous one, if there was one that
// was alive. It panics as Store does.
func (m *ValueMap[K, V]) Swap(key K, v *V) (previous *V, loaded bool) {
	s := m.writable(v)
	ref := handle.Of(v)
	l, slot := s.lock(key)
	defer l.Unlock()
	if slot == nil {
		l.Insert(ref, key)
		return nil, false
	}
	previous = s.strong(l, slot)
	l.Set(slot, ref)
	runtime.KeepAlive(v)
	return previous, previous != nil
}

// CompareAndSwap replaces the value of a key if it is old, and reports whether it
// did. A nil old is no key's value; use LoadOrStore to set a value where there is
// none. It panics as Store does for new.
func (m *ValueMap[K, V]) CompareAndSwap(key K, old, new *V) (swapped bool) {
	mustSupport[V]()
	mustNotBeNil(new)
	s := m.state.Load()
	if s == nil || old == nil {
		return false
	}
	ref := handle.Of(new)
	l, slot := s.lock(key)
	defer l.Unlock()
	if !holds(slot, old) {
		return false
	}
	l.Set(slot, ref)
	runtime.KeepAlive(new)
	return true
}

// CompareAndDelete deletes the entry of a key if its value is old, and reports
// whether it did. A nil old is no key's value.
func (m *ValueMap[K, V]) CompareAndDelete(key K, old *V) (deleted bool) {
	s := m.state.Load()
	if s == nil || old == nil {
		return false
	}
	l, slot := s.lock(key)
	defer l.Unlock()
	if !holds(slot, old) {
		return false
	}
	l.Remove(slot)
	return true
}

// LoadAndDelete deletes the entry of a key and returns the value it had, if it was
// alive.
func (m *ValueMap[K, V]) LoadAndDelete(key K) (v *V, loaded bool) {
	s := m.state.Load()
	if s == nil {
		return nil, false
	}
	l, slot := s.lock(key)
	defer l.Unlock()
	if slot == nil {
		return nil, false
	}
	if v = s.strong(l, slot); v == nil {
		return nil, false
	}
	l.Remove(slot)
	return v, true
}

// Delete deletes the entry of a key, if there is one.
func (m *ValueMap[K, V]) Delete(key K) {
	s := m.state.Load()
	if s == nil {
		return
	}
	l, slot := s.lock(key)
	defer l.Unlock()
	switch {
	case slot == nil || slot.Ref() == nil:
	case slot.IsDead():
		l.Bury(slot)
	default:
		l.Remove(slot)
	}
}

// Clear deletes all entries. OnCollect is not called for them, even if their
// values have died, unless that had been noticed before.
func (m *ValueMap[K, V]) Clear() {
	if s := m.state.Load(); s != nil {
		s.table.Clear()
	}
}

// Len returns the number of entries not yet known to be dead, which is never less
// than the number of those alive. It costs one load and keeps nothing alive.
func (m *ValueMap[K, V]) Len() int {
	if s := m.state.Load(); s != nil {
		return s.table.Len()
	}
	return 0
}

// All returns an iterator over the live entries, in no order. It yields every
// entry that is in the map, and alive, from the beginning of the loop to its end,
// exactly once, with a value that it has at that moment; an entry that is stored,
// replaced, deleted or dies meanwhile is yielded as it is then, or not at all.
// The loop may change the map. It keeps one value alive at a time.
func (m *ValueMap[K, V]) All() iter.Seq2[K, *V] {
	return func(yield func(K, *V) bool) {
		s := m.state.Load()
		if s == nil {
			return
		}
		for slot, stale := range s.table.Slots {
			v, ok := m.current(slot, stale)
			if ok && !yield(slot.Side, v) {
				return
			}
		}
	}
}

// current returns the value of a slot that an iterator has come to.
func (m *ValueMap[K, V]) current(slot *table.Slot[K], stale bool) (*V, bool) {
	if stale {
		return m.Load(slot.Side)
	}
	ref := slot.Ref()
	if ref == nil {
		return nil, false
	}
	v := handle.Strong[V](ref)
	return v, v != nil
}

// Keys returns an iterator over the keys of the entries, as All does. It does not
// touch the values, so it keeps none alive, and may yield a key whose value the
// collector is about to find dead.
func (m *ValueMap[K, V]) Keys() iter.Seq[K] {
	return func(yield func(K) bool) {
		s := m.state.Load()
		if s == nil {
			return
		}
		for slot, stale := range s.table.Slots {
			if stale {
				slot = table.FindKey(s.view(slot.Side))
			}
			if slot != nil && slot.Ref() != nil && !slot.IsDead() && !yield(slot.Side) {
				return
			}
		}
	}
}

// Values returns an iterator over the live values, as All does.
func (m *ValueMap[K, V]) Values() iter.Seq[*V] {
	return func(yield func(*V) bool) {
		for _, v := range m.All() {
			if !yield(v) {
				return
			}
		}
	}
}

// Sweep removes the entries whose values the collector has found dead and returns
// their number. The map does this by itself after every collection; after a call
// of [runtime.GC], Sweep misses none.
func (m *ValueMap[K, V]) Sweep() int {
	if s := m.state.Load(); s != nil {
		return s.table.Sweep()
	}
	return 0
}

// Stats returns the map's counters.
func (m *ValueMap[K, V]) Stats() Stats {
	st := Stats{Name: m.Name}
	if s := m.state.Load(); s != nil {
		s.report(&st)
	}
	return st
}
