package cache

import (
	"math"
	"time"
)

// Entry is what a cache knows of a key. See [Cache.Peek].
type Entry[V any] struct {
	Value *V

	// Age is how long ago the value was stored, and Left how long it has until it expires,
	// or math.MaxInt64 if it does not. A cache without any setting of time does not note
	// when values were stored; Age is -1 then.
	Age, Left time.Duration

	Kept       bool   // the strong tier holds the value
	Weight     uint32 // as Weigh says; 1 without it
	Refreshing bool   // the value is being loaded anew
}

func (s *core[K, V]) peekEntry(key K) (Entry[V], bool) {
	v, e := s.find(s.keys.Hash(key), key)
	if v == nil || s.expired(e) {
		return Entry[V]{}, false
	}
	entry := Entry[V]{
		Value: v, Age: -1, Left: math.MaxInt64, Weight: 1,
		Kept:       e.strong.Load() != nil,
		Refreshing: e.is(refreshing),
	}
	if s.weigh != nil {
		entry.Weight = uint32(e.weight())
	}
	if s.times.on {
		a := e.age()
		entry.Age = time.Duration(s.times.now() - a.written)
		entry.Left = time.Duration(s.times.left(a))
	}
	return entry, true
}
