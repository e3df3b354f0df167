package weakref

import (
	"iter"
	"runtime"
	"sync/atomic"

	"github.com/weakref-go/weakref/internal/lazy"
)

// KeyMap is a map from weakly held objects, by identity, to values: data tied to
// the life of something else. It is Python's WeakKeyDictionary with identity for
// equality, safe for concurrent use.
//
// # A value must not refer to its key
//
// The map holds its values strongly. A value that reaches its own key, directly or
// through other objects, therefore keeps the key alive, and the entry stays for
// ever: Go's collector has no ephemerons. There are three ways out:
//
//   - embed [Slots] in the key type. The values then hang on the key itself, and
//     what refers to its key is collected with it, whatever cycles there are.
//     KeyMap does this by itself when it finds Slots in the type, and is faster,
//     too. [NewKey] wraps a type that cannot be changed. Now a value must not lead
//     to its map, or the map lives as long as the key; see [Slots];
//   - let the value refer to the key by a [Ref];
//   - call [KeyMap.Cycles] in a test: it names every entry that keeps itself alive,
//     and the path by which it does.
//
// The zero KeyMap is empty and ready to use. Its fields are set before first use;
// it must not be copied after that. See [ValueMap] for a field that is set later.
//
// # What is guaranteed
//
//   - Load returns the value stored for that very object. An object at an address
//     that was another's before is not mistaken for it.
//   - An object that a finalizer has brought back has no value: its entry died.
//   - The map does not keep a key alive, except the one that a running call or
//     iterator is dealing with, and except through the values as said above.
//   - A dead entry leaves without anyone calling the map, within two collections;
//     its value is released then, and with Slots at once with the key.
//   - The map is itself collectable, whatever its keys do, and its values go with it,
//     unless a value leads to the map and the key type has Slots.
//   - A look-up leaves no trace on the object, found or not.
//
// Each operation is linearizable; iteration is not one operation, nor is
// [KeyMap.Clear] if the key type has Slots.
//
// # Cost
//
// Load takes 5 to 30 ns in small and middling maps, less with Slots, does not
// allocate, never waits and never makes others wait. Store of a new key makes the
// runtime's weak record for the object, if no map has made it before: see [Make]. Each
// value is an object of its own. A map in use takes some 600 bytes, its first seven
// entries included, beside the values.
type KeyMap[K, V any] struct {
	// Name is shown by Stats and in reports.
	Name string

	// OnCollect, if set, is called with the value of every entry that was removed
	// because its key had been collected, once. See [ValueMap.OnCollect] for how it
	// is called. If the key type has Slots the value dies with the key, so the two
	// do not go together: first use of the map panics.
	//
	// What OnCollect refers to lives as long as the map, so a key that it reaches is
	// never collected.
	OnCollect func(value V)

	state lazy.Value[keyState[K, V]] // begun at the first write

	// An object that nothing else refers to, so that its death is the map's. Only
	// where values hang on their keys.
	sentinel atomic.Pointer[sentinel]
}

// Load returns the value of an object, and whether there is one.
func (m *KeyMap[K, V]) Load(key *K) (V, bool) {
	if s := m.state.Load(); s != nil && key != nil {
		if p := s.load(key); p != nil {
			return *p, true
		}
	}
	var zero V
	return zero, false
}

// Store sets the value of an object. It panics with an [*UnsupportedError] if key
// is nil or of a type that cannot be weakly referenced; see [Check] for pointers
// that must not be passed at all.
func (m *KeyMap[K, V]) Store(key *K, value V) {
	m.writable(key).store(key, func(*V) *V { return &value })
	runtime.KeepAlive(m) // see onKeys.drop
}

// LoadOrStore returns the value of an object if there is one. If not, it stores
// value and returns it. loaded says which. It panics as Store does.
func (m *KeyMap[K, V]) LoadOrStore(key *K, value V) (actual V, loaded bool) {
	s := m.writable(key)
	if p := s.load(key); p != nil {
		return *p, true
	}
	s.store(key, func(old *V) *V {
		if old != nil {
			actual, loaded = *old, true
			return nil
		}
		actual = value
		v := value // so that only a value that is stored is allocated
		return &v
	})
	runtime.KeepAlive(m)
	return actual, loaded
}

// Swap sets the value of an object and returns the previous one, if there was one.
// It panics as Store does.
func (m *KeyMap[K, V]) Swap(key *K, value V) (previous V, loaded bool) {
	m.writable(key).store(key, func(old *V) *V {
		if old != nil {
			previous, loaded = *old, true
		}
		return &value
	})
	runtime.KeepAlive(m)
	return previous, loaded
}

// CompareAndSwap replaces the value of an object if it equals old, and reports
// whether it did. It panics if V's values cannot be compared, and as Store does.
func (m *KeyMap[K, V]) CompareAndSwap(key *K, old, new V) (swapped bool) {
	mustSupport[K]()
	mustNotBeNil(key)
	s := m.state.Load()
	if s == nil {
		return false
	}
	s.change(key, func(was *V) (*V, bool) {
		if swapped = any(*was) == any(old); !swapped {
			return nil, false
		}
		v := new
		return &v, true
	})
	runtime.KeepAlive(m)
	return swapped
}

// CompareAndDelete deletes the entry of an object if its value equals old, and
// reports whether it did. It panics if V's values cannot be compared.
func (m *KeyMap[K, V]) CompareAndDelete(key *K, old V) (deleted bool) {
	if s := m.state.Load(); s != nil && key != nil {
		s.change(key, func(was *V) (*V, bool) {
			deleted = any(*was) == any(old)
			return nil, deleted
		})
	}
	return deleted
}

// LoadAndDelete deletes the entry of an object and returns the value it had.
func (m *KeyMap[K, V]) LoadAndDelete(key *K) (value V, loaded bool) {
	if s := m.state.Load(); s != nil && key != nil {
		s.change(key, func(was *V) (*V, bool) {
			value, loaded = *was, true
			return nil, true
		})
	}
	return value, loaded
}

// Delete deletes the entry of an object, if there is one.
func (m *KeyMap[K, V]) Delete(key *K) { m.LoadAndDelete(key) }

// DeleteFunc deletes the entries for which del reports true and returns how many it
// has deleted. It deletes no value but the one that del has seen: if another has been
// stored meanwhile, the entry stays. It goes through the map as All does; del is called
// under no lock and may change the map.
func (m *KeyMap[K, V]) DeleteFunc(del func(key *K, value V) bool) (deleted int) {
	mustHaveFunc(del != nil, "DeleteFunc")
	s := m.state.Load()
	if s == nil {
		return 0
	}
	for key := range s.keys {
		p := s.load(key)
		if p == nil || !del(key, *p) {
			continue
		}
		s.change(key, func(is *V) (*V, bool) {
			if is == p {
				deleted++
			}
			return nil, is == p
		})
	}
	return deleted
}

// Compute changes the value of an object to what f makes of it, as one operation: f
// gets the value, if there is one, and returns the new one and what to do. See
// [ValueMap.Compute], which it is like in everything. It panics as Store does.
func (m *KeyMap[K, V]) Compute(key *K, f func(old V, loaded bool) (value V, op ComputeOp)) (actual V, ok bool) {
	mustHaveFunc(f != nil, "Compute")
	s := m.writable(key)
	defer runtime.KeepAlive(m)
	var zero V
	for {
		was, old := s.load(key), zero
		if was != nil {
			old = *was
		}
		value, op := f(old, was != nil)
		switch mustBeOp(op); {
		case op == CancelOp:
			return old, was != nil
		case op == UpdateOp && s.replace(key, was, &value):
			return value, true
		case op == DeleteOp && s.replace(key, was, nil):
			return zero, false
		}
	}
}

// Insert stores the entries of a sequence, like [maps.Insert]. It panics as Store
// does, after what came before has been stored.
func (m *KeyMap[K, V]) Insert(seq iter.Seq2[*K, V]) {
	for k, v := range seq {
		m.Store(k, v)
	}
}

// LoadOrCreate returns the value of an object. If there is none, it calls create,
// stores what that returns, and returns it. See [ValueMap.LoadOrCreate] for how
// create is called and what becomes of its errors and panics.
func (m *KeyMap[K, V]) LoadOrCreate(key *K, create func() (V, error)) (V, error) {
	mustHaveFunc(create != nil, "LoadOrCreate")
	s := m.writable(key)
	if v, ok := m.Load(key); ok {
		return v, nil // even if somebody is creating one that is not needed any more
	}
	v, err := s.calls.Do(key,
		func() (V, bool) { return m.Load(key) },
		func(v V) V {
			v, _ = m.LoadOrStore(key, v)
			return v
		},
		create)
	if err != nil {
		var zero V
		return zero, creationError(err, key)
	}
	return v, nil
}

// Clear deletes all entries. OnCollect is not called for them. If the key type has
// [Slots], it deletes them one after the other, as an iteration does: others may see
// some gone while the rest are still there, and an entry that is stored meanwhile
// may stay or not.
func (m *KeyMap[K, V]) Clear() {
	if s := m.state.Load(); s != nil {
		s.values.clear()
	}
}

// Len returns the number of entries not yet known to be dead, which is never less
// than the number of those alive. It costs one load and keeps nothing alive.
func (m *KeyMap[K, V]) Len() int {
	if s := m.state.Load(); s != nil {
		return s.table.Len()
	}
	return 0
}

// All returns an iterator over the entries of live objects, in no order. It yields
// no key more than once. It yields every entry that is in the map from the beginning
// of the loop to its end, with a value that it has at that moment; an entry that is
// stored, replaced or deleted meanwhile is yielded as it is then, or not at all. The
// loop may change the map. It keeps one object alive at a time.
func (m *KeyMap[K, V]) All() iter.Seq2[*K, V] {
	return func(yield func(*K, V) bool) {
		s := m.state.Load()
		if s == nil {
			return
		}
		for key := range s.keys {
			if p := s.load(key); p != nil && !yield(key, *p) {
				return
			}
		}
	}
}

// Keys returns an iterator over the objects, as All does.
func (m *KeyMap[K, V]) Keys() iter.Seq[*K] {
	return func(yield func(*K) bool) {
		for key := range m.All() {
			if !yield(key) {
				return
			}
		}
	}
}

// Values returns an iterator over the values, as All does.
func (m *KeyMap[K, V]) Values() iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, v := range m.All() {
			if !yield(v) {
				return
			}
		}
	}
}

// Sweep removes the entries whose objects the collector has found dead and returns
// their number. The map does this by itself after every collection; after a call
// of [runtime.GC], Sweep misses none.
func (m *KeyMap[K, V]) Sweep() int {
	if s := m.state.Load(); s != nil {
		return s.table.Sweep()
	}
	return 0
}

// Stats returns the map's counters.
func (m *KeyMap[K, V]) Stats() Stats {
	st := Stats{Name: m.Name}
	if s := m.state.Load(); s != nil {
		reportTable(&st, &s.table)
		if s.collect != nil {
			st.Pending, st.Panics = s.collect.Pending(), s.collect.Panics()
		}
	}
	return st
}

// writable returns the state for storing under key, and makes it if need be.
func (m *KeyMap[K, V]) writable(key *K) *keyState[K, V] {
	mustSupport[K]()
	mustNotBeNil(key)
	s := m.state.Load()
	if s == nil {
		s = m.begin()
	}
	mustBeUnchanged(s.onCollect, funcWord(&m.OnCollect))
	return s
}

// String returns the type of the map, its name and its length. It does not look at
// the entries.
func (m *KeyMap[K, V]) String() string { return describe(m, m.Name, m.Len()) }
