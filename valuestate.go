package weakref

import (
	"cmp"
	"reflect"
	"runtime"
	"slices"
	"unsafe"

	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/flight"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/keyhash"
	"github.com/weakref-go/weakref/internal/table"
)

// valueState is a ValueMap in use. It is apart from the ValueMap so that the
// collector's clock can refer to it weakly wherever the ValueMap is: it may be a
// package-level variable or part of something larger.
type valueState[K comparable, V any] struct {
	keys    keyhash.Hasher[K]
	table   table.Table[K]
	calls   flight.Group[K, *V]
	collect *callback.Queue[K] // nil without OnCollect
	name    string             // Name at the first write

	onCollect unsafe.Pointer // which OnCollect that is; see funcWord
}

// writable returns the state for storing v, and makes it if need be.
func (m *ValueMap[K, V]) writable(v *V) *valueState[K, V] {
	mustSupport[V]()
	mustNotBeNil(v)
	s := m.state.Load()
	if s == nil {
		s = m.begin()
	}
	mustBeUnchanged(s.onCollect, funcWord(&m.OnCollect))
	return s
}

func (m *ValueMap[K, V]) begin() *valueState[K, V] {
	return m.state.Begin(m.newState, func(s *valueState[K, V]) {
		gcclock.Watch(s, (*valueState[K, V]).sweep)
	})
}

func (m *ValueMap[K, V]) newState() *valueState[K, V] {
	s := &valueState[K, V]{keys: keyhash.Make[K](), name: m.Name, onCollect: funcWord(&m.OnCollect)}
	s.table.Policy = table.Policy[K]{
		Hash:     func(slot *table.Slot[K], _ handle.H) (uint64, bool) { return s.keys.Hash(slot.Side), true },
		Pointers: hasPointers(reflect.TypeFor[K]()),
	}
	if m.OnCollect != nil {
		// The queue outlives the map while calls are to be made, so it must not refer
		// to the state.
		s.collect = &callback.Queue[K]{Call: m.OnCollect, What: cmp.Or(m.Name, reflect.TypeOf(m).Elem().String()) + ".OnCollect"}
		s.table.Policy.Dead = s.collect.Push
	}
	return s
}

// funcWord returns the word that a variable of a function type is, to tell whether it
// has been changed. F is a function type.
func funcWord[F any](f *F) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(f)) }

// mustBeUnchanged panics if a callback is not the one with which a map has begun.
func mustBeUnchanged(was, is unsafe.Pointer) {
	if was != is {
		panic("weakref: OnCollect has been changed after the first write; set it before, as the map has been using the other")
	}
}

func (s *valueState[K, V]) sweep() { s.table.Sweep() }

// loadAgain is Load for a key whose value was found dead. The value may have been
// replaced before it died: only if it is still the entry's, there was a moment at
// which the key had none.
func (s *valueState[K, V]) loadAgain(hash uint64, key K) (*V, bool) {
	for {
		view := s.table.Read(hash)
		slot := table.FindKey(view, hash, key)
		if slot == nil {
			return nil, false
		}
		ref := slot.Ref()
		if ref == nil {
			return nil, false
		}
		if v := handle.Strong[V](ref); v != nil {
			return v, true
		}
		if s.table.Read(hash) == view && slot.Ref() == ref {
			s.table.TryBury(view, hash, slot)
			return nil, false
		}
	}
}

// lock locks the segment of a key and returns its slot, if it has one.
func (s *valueState[K, V]) lock(key K) (table.Locked[K], *table.Slot[K]) {
	hash := s.keys.Hash(key)
	l := s.table.Lock(hash)
	return l, table.FindKey(l.View(), hash, key)
}

// view returns what table.FindKey needs.
func (s *valueState[K, V]) view(key K) (table.View[K], uint64, K) {
	hash := s.keys.Hash(key)
	return s.table.Read(hash), hash, key
}

// put stores a value under a key whatever there was before.
func (s *valueState[K, V]) put(key K, ref handle.H) {
	l, slot := s.lock(key)
	defer l.Unlock()
	if slot == nil {
		l.Insert(ref, key)
		return
	}
	if slot.IsDead() {
		l.Bury(slot)
	}
	l.Set(slot, ref)
}

// strong returns the value of a slot, or nil if it has none. It buries an entry
// that it finds dead.
func (s *valueState[K, V]) strong(l table.Locked[K], slot *table.Slot[K]) *V {
	ref := slot.Ref()
	if ref == nil {
		return nil
	}
	v := handle.Strong[V](ref)
	if v == nil {
		l.Bury(slot)
	}
	return v
}

// holds reports whether the slot's value is v, which the caller holds and which is
// not nil.
func holds[K, V any](slot *table.Slot[K], v *V) bool {
	if slot == nil {
		return false
	}
	ref := slot.Ref()
	same := ref != nil && handle.Addr[V](ref) == uintptr(unsafe.Pointer(v))
	runtime.KeepAlive(v)
	return same
}

// report adds to what the container says of itself.
func (s *valueState[K, V]) report(st *Stats) {
	reportTable(st, &s.table)
	if s.collect != nil {
		st.Pending, st.Panics = s.collect.Pending(), s.collect.Panics()
	}
}

// handlesOf returns the handles of objects, in their order. It makes them in
// descending order of address, in which the runtime is fastest; see internal/nursery.
func handlesOf[T any](objects []*T) []handle.H {
	order := make([]int, len(objects))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return -cmp.Compare(uintptr(unsafe.Pointer(objects[i])), uintptr(unsafe.Pointer(objects[j])))
	})
	refs := make([]handle.H, len(objects))
	for _, i := range order {
		refs[i] = handle.Of(objects[i])
	}
	return refs
}
