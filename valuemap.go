package weakref

import (
	"fmt"
	"iter"
	"runtime"

	"github.com/weakref-go/weakref/internal/flight"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/lazy"
	"github.com/weakref-go/weakref/internal/table"
	"github.com/weakref-go/weakref/internal/usercode"
)

// ValueMap is a map from keys to weakly held values: an entry vanishes when
// nothing but the map refers to its value. It is Python's WeakValueDictionary,
// safe for concurrent use, and the heart of any cache or registry that shall not
// keep what it lists.
//
// The zero ValueMap is empty and ready to use. Its fields are set before first
// use; it must not be copied after that. A write panics if OnCollect has been changed
// since the first write, because the change would have no effect. Name may be changed
// while nobody else uses the map; what is logged of OnCollect bears the name of the
// first write.
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
// As in a Go map, a key that does not equal itself, such as a NaN, is never found. Its
// entry leaves when the value dies, or by Clear, and an iteration during which the map
// grows or shrinks may miss it or yield it twice.
//
// # Cost
//
// Load takes 10 to 40 ns in small and middling maps, does not allocate, never
// waits and never makes others wait. Store of a new key costs what it takes the
// runtime to make a weak pointer, a fifth of a microsecond or more, and about a
// half of that again. An entry takes about 80 bytes beside key and value, half of
// it in the runtime's records. A map in use takes some 600 bytes, its first seven entries
// included, and one that has never been written 32. After a collection the map looks at each of its
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

	state lazy.Value[valueState[K, V]] // begun at the first write
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

// DeleteFunc deletes the entries for which del reports true and returns how many it
// has deleted. It deletes no value but the one that del has seen: if another has been
// stored meanwhile, the entry stays. It goes through the map as All does; del is called
// under no lock and may change the map.
func (m *ValueMap[K, V]) DeleteFunc(del func(key K, v *V) bool) (deleted int) {
	mustHaveFunc(del != nil, "DeleteFunc")
	for key, v := range m.All() {
		if del(key, v) && m.CompareAndDelete(key, v) {
			deleted++
		}
	}
	return deleted
}

// Compute changes the value of a key to what f makes of it, as one operation: f gets
// the value, if there is one that is alive, and returns the new one and what to do. The
// results are what the key has afterwards.
//
// f runs under no lock, on the caller's goroutine, and may use the map, for this key as
// well. If the entry has changed by the time f returns, what f made is dropped and f
// is called again with what there is then: so it may run several times, and had better
// do nothing that cannot be repeated. Nobody waits, whatever f does, and a panic of f
// changes nothing. To have a costly function run once, use LoadOrCreate.
//
// It panics as Store does if f wants nil to be stored.
func (m *ValueMap[K, V]) Compute(key K, f func(old *V, loaded bool) (v *V, op ComputeOp)) (actual *V, ok bool) {
	mustSupport[V]()
	mustHaveFunc(f != nil, "Compute")
	for {
		old, loaded := m.Load(key)
		v, op := f(old, loaded)
		switch mustBeOp(op); {
		case op == CancelOp:
			return old, loaded
		case op == DeleteOp && (!loaded || m.CompareAndDelete(key, old)):
			return nil, false
		case op == UpdateOp && m.replace(key, old, v):
			return v, true
		}
	}
}

// replace sets the value of a key if it is old, nil standing for none.
func (m *ValueMap[K, V]) replace(key K, old, new *V) bool {
	if old != nil {
		return m.CompareAndSwap(key, old, new)
	}
	_, loaded := m.LoadOrStore(key, new)
	return !loaded
}

// insertBatch is how many objects Insert registers at a time.
const insertBatch = 1024

// Insert stores the entries of a sequence, like [maps.Insert]: those that come later
// replace earlier ones with the same key. It panics as Store does, after what came
// before has been stored.
//
// It is faster than calling Store for each, because it registers 1024 values at a time,
// and keeps so many alive meanwhile.
func (m *ValueMap[K, V]) Insert(seq iter.Seq2[K, *V]) {
	var keys []K
	var values []*V
	flush := func() {
		for i, ref := range handlesOf(values) {
			m.writable(values[i]).put(keys[i], ref)
		}
		runtime.KeepAlive(values)
		clear(values)
		keys, values = keys[:0], values[:0]
	}
	defer flush() // also if the sequence panics
	for k, v := range seq {
		m.writable(v)
		keys, values = append(keys, k), append(values, v)
		if len(values) == insertBatch {
			flush()
		}
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

// All returns an iterator over the live entries, in no order. It yields no key more
// than once. It yields every entry that is in the map, and alive, from the beginning
// of the loop to its end, with a value that it has at that moment; an entry that is
// stored, replaced, deleted or dies meanwhile is yielded as it is then, or not at all.
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
			if slot != nil && slot.IsLive() && !yield(slot.Side) {
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

// String returns the type of the map, its name and its length. It does not look at
// the entries.
func (m *ValueMap[K, V]) String() string { return describe(m, m.Name, m.Len()) }

// ComputeOp is what [ValueMap.Compute] and [KeyMap.Compute] shall do with an entry. The
// zero ComputeOp leaves it alone.
type ComputeOp uint8

const (
	CancelOp ComputeOp = iota // leave the entry as it is, or missing
	UpdateOp                  // store the value
	DeleteOp                  // delete the entry, if there is one
)

var opNames = [...]string{"cancel", "update", "delete"}

// String returns the name of the operation in lower case.
func (op ComputeOp) String() string {
	if int(op) < len(opNames) {
		return opNames[op]
	}
	return fmt.Sprintf("ComputeOp(%d)", uint8(op))
}

// MarshalText returns what String does.
func (op ComputeOp) MarshalText() ([]byte, error) { return []byte(op.String()), nil }

func mustHaveFunc(has bool, method string) {
	if !has {
		panic("weakref: " + method + " needs a function")
	}
}

func mustBeOp(op ComputeOp) {
	if int(op) >= len(opNames) {
		panic("weakref: Compute: there is no " + op.String())
	}
}

// LoadOrCreate returns the value of a key. If there is none that is alive, it
// calls create, stores what that returns, and returns it.
//
// However many ask for a key at once, create runs once for all of them, on the
// goroutine of the first and under no lock; the others wait for it. Its error is
// returned to all who asked and nothing is stored, so that the next call tries
// again. If create panics, so does the call that ran it; those who waited get a
// [*PanicError]. If it ends its goroutine, they get an error as well.
//
// create may use the map, and may call LoadOrCreate for other keys. Asking for its
// own key, even through creators on other goroutines and in other maps, is an
// error that wraps [ErrDeadlock]. If somebody stores a value under the key
// while create runs, that value is returned, and the one created is dropped.
func (m *ValueMap[K, V]) LoadOrCreate(key K, create func() (*V, error)) (*V, error) {
	if v, ok := m.Load(key); ok {
		return v, nil
	}
	mustSupport[V]()
	if create == nil {
		panic("weakref: LoadOrCreate needs a function")
	}
	s := m.state.Load()
	if s == nil {
		s = m.begin()
	}
	v, err := s.calls.Do(key,
		func() (*V, bool) { return m.Load(key) },
		func(v *V) *V {
			v, _ = m.LoadOrStore(key, v)
			return v
		},
		func() (*V, error) {
			v, err := create()
			if err == nil && v == nil {
				err = fmt.Errorf("weakref: the creating function returned nil and no error for key %v", key)
			}
			return v, err
		})
	if err != nil {
		return nil, creationError(err, key)
	}
	return v, nil
}

// creationError puts the errors of a creation into this package's terms.
func creationError(err error, key any) error {
	switch {
	case err == flight.ErrDeadlock:
		return fmt.Errorf("weakref: the value of key %v is being created by a function that waits for it: %w", key, ErrDeadlock)
	case err == usercode.ErrGoexit:
		return fmt.Errorf("weakref: the creation of the value of key %v has ended: %w", key, err)
	}
	return publicError(err)
}
