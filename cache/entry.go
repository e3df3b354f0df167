package cache

import (
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/policy"
	"github.com/weakref-go/weakref/internal/table"
)

// entry is what the cache knows of a key: of its value, of the load that is to bring
// one, or of the error that has come instead. It becomes one of the others in its slot
// of the table, and never has another value: a new value is a new entry.
//
//	             slot.Ref leads to     strong     node.State
//	loading      the call              nil
//	failed       the failure           nil        failed
//	kept         strong                the value  filled
//	weak         the value, weakly     nil        filled, handled
//	kept again   the value, weakly     the value  filled, handled
//
// Who reads without a lock looks at strong, then at State, then at Ref: an entry is filled
// after its Ref has been set, and remains so.
type entry[K comparable, V any] struct {
	node   policy.Node       // first, so that it leads to the entry
	strong atomic.Pointer[V] // the value while the cache keeps it; written under the segment's lock
	key    K
}

// The bits of node.State that are the cache's. All are written under the segment's lock.
const (
	filled     = policy.Owner << iota // it has had its value
	failed                            // there is an error in its place
	handled                           // the slot has a weak handle of the value
	refreshing                        // there is a call that brings another value, in core.refreshes
)

func entryOf[K comparable, V any](n *policy.Node) *entry[K, V] {
	return (*entry[K, V])(unsafe.Pointer(n)) // safe: the first field of one
}

func (e *entry[K, V]) is(bits uint32) bool { return e.node.State.Load()&bits != 0 }

// isLoading reports whether there is a call that is to bring the value.
func (e *entry[K, V]) isLoading() bool { return !e.is(filled | failed) }

func (e *entry[K, V]) set(bits uint32) { e.node.State.Or(bits) }

func (e *entry[K, V]) unset(bits uint32) { e.node.State.And(^bits) }

// weighed is an entry of a cache that weighs its values.
type weighed[K comparable, V any] struct {
	entry[K, V]
	weight uint32
}

// timed is an entry of a cache that knows of time. It is weighed, too.
type timed[K comparable, V any] struct {
	weighed[K, V]
	age
}

// age is when things were done to an entry, or will be, in nanoseconds since the
// cache's start.
type age struct {
	written int64        // when it was stored
	expires int64        // when it expires, if it is used or not
	touched atomic.Int64 // when it was last used, roughly; for ExpireAfterAccess
	refresh atomic.Int64 // when it may be loaded anew
	seen    atomic.Int64 // when the timer last found it used; for KeepFor
}

// weight returns the weight of an entry of a cache that weighs.
func (e *entry[K, V]) weight() int64 {
	return int64((*weighed[K, V])(unsafe.Pointer(e)).weight) // safe: the first field of one
}

// age returns the age of an entry of a cache that knows of time.
func (e *entry[K, V]) age() *age {
	return &(*timed[K, V])(unsafe.Pointer(e)).age // safe: the first field of the first field of one
}

// newEntry returns an entry of the size that the cache's settings ask for.
func (s *core[K, V]) newEntry(hash uint64, key K) (e *entry[K, V]) {
	switch {
	case s.times.on:
		e = &new(timed[K, V]).entry
	case s.weigh != nil:
		e = &new(weighed[K, V]).entry
	default:
		e = new(entry[K, V])
	}
	e.key, e.node.Hash = key, uint32(hash>>24)
	return e
}

// fill notes what the settings say of a value that is to be the entry's, and that was
// loaded some time ago. It calls code of the user's.
func (s *core[K, V]) fill(e *entry[K, V], v *V, age int64) {
	weight := uint32(1)
	if s.weigh != nil {
		// Of values that weigh nothing, there would be no end.
		weight = max(1, s.weigh(e.key, v))
		(*weighed[K, V])(unsafe.Pointer(e)).weight = weight
	}
	s.soft.notice(v, weight)
	if !s.times.on {
		return
	}
	lifetime := int64(never)
	if s.times.each != nil {
		lifetime = s.lifetime(e.key, v)
	} else if s.times.write != 0 {
		lifetime = s.times.write
	}
	e.age().begin(&s.times, age, lifetime)
}

type (
	slot[K comparable, V any]   = table.Slot[*entry[K, V]]
	locked[K comparable, V any] = table.Locked[*entry[K, V]]
)

// mark is the beginning of what the slot of an entry refers to that has no value. It
// is a word that is never zero, as that of a value that lives.
type mark struct{ self unsafe.Pointer }

func (m *mark) ref() handle.H {
	if m.self == nil { // others may read it when it is used again
		m.self = unsafe.Pointer(m)
	}
	return handle.Word(unsafe.Pointer(m))
}

// callOf returns the call of an entry that is loading.
func callOf[K comparable, V any](at *slot[K, V]) *call[K, V] {
	return (*call[K, V])(handle.WordOf(at.Ref())) // safe: the mark is its first field
}

// failureOf returns the error of an entry that has failed.
func failureOf[K comparable, V any](at *slot[K, V]) *failure {
	return (*failure)(handle.WordOf(at.Ref())) // safe: the mark is its first field
}
