package cache

import (
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/table"
)

// peek returns the value of a key and its entry, expired or not, or nil. It takes no
// lock. none says that there certainly is no value; without it, nil may mean that the
// entry is just being replaced, which takes two steps.
func (s *core[K, V]) peek(hash uint64, key K) (v *V, e *entry[K, V], none bool) {
	view := s.tier.Read(hash)
	at := findSlot(view, hash, key)
	if at == nil {
		return nil, nil, view == table.View[*entry[K, V]]{} // Len 0 would not say so
	}
	v, e = s.look(at)
	return v, e, false
}

// look returns the value of an entry, or nil, and the entry if it may have one. The slot
// may be out of date: its segment may have been rebuilt since it was found, and the entry
// have got its value in another slot. Then State is newer than Ref, which still leads to
// the call that has brought the value, and must not be taken for a weak handle.
func (s *core[K, V]) look(at *slot[K, V]) (v *V, e *entry[K, V]) {
	e = at.Side
	if v = e.strong.Load(); v != nil {
		return v, e
	}
	if !e.is(filled) {
		return nil, nil
	}
	if ref := at.Ref(); ref != nil && ref != unsafe.Pointer(&e.strong) && !handle.IsMark(ref) {
		v = handle.Strong[V](ref)
	}
	return v, e
}

// find is peek that takes a lock if it must. It returns no entry without a value.
func (s *core[K, V]) find(hash uint64, key K) (*V, *entry[K, V]) {
	v, e, none := s.peek(hash, key)
	if v != nil || none {
		return v, e
	}
	l := s.tier.Lock(hash)
	defer l.Unlock()
	at, v := s.current(l, hash, key)
	if v == nil {
		return nil, nil
	}
	return v, at.Side
}

// current returns the slot of a key, and its value if it has one. A slot without a
// value is that of an entry that is loading, or has failed. It buries an entry that is
// dead.
func (s *core[K, V]) current(l locked[K, V], hash uint64, key K) (*slot[K, V], *V) {
	at := findSlot(l.View(), hash, key)
	if at == nil {
		return nil, nil
	}
	return s.valueAt(l, at)
}

// slotOf is current for an entry.
func (s *core[K, V]) slotOf(l locked[K, V], hash uint64, e *entry[K, V]) (*slot[K, V], *V) {
	at := table.FindFunc(l.View(), hash, func(at *slot[K, V]) bool { return at.Side == e && at.Ref() != nil })
	if at == nil {
		return nil, nil
	}
	return s.valueAt(l, at)
}

func (s *core[K, V]) valueAt(l locked[K, V], at *slot[K, V]) (*slot[K, V], *V) {
	e := at.Side
	if v := e.strong.Load(); v != nil {
		return at, v
	}
	if !e.is(filled) {
		return at, nil
	}
	v := handle.Strong[V](at.Ref())
	if v == nil {
		l.Bury(at)
		return nil, nil
	}
	return at, v
}

// findSlot returns the slot of a key's entry, if it has one. A removed entry may
// have left another slot.
func findSlot[K comparable, V any](view table.View[*entry[K, V]], hash uint64, key K) *slot[K, V] {
	return table.FindFunc(view, hash, func(at *slot[K, V]) bool {
		return at.Side.key == key && at.Ref() != nil
	})
}
