package cache

import (
	"reflect"

	"github.com/weakref-go/weakref/internal/described"
)

// Describe is what the cache says of itself to package inspect, which alone calls it.
func (s *core[K, V]) Describe() described.Container {
	typ := reflect.TypeFor[Cache[K, V]]().String()
	st := s.stats(s.name)
	if st.Name == typ {
		st.Name = "" // the user has set none
	}
	return described.Container{Kind: "Cache", Name: st.Name, Type: typ, Len: st.Len, Capacity: s.tier.Cap(), Stats: st}
}

// EachKey yields the keys of live entries. It holds the value of one at a time, as All does.
func (s *core[K, V]) EachKey(yield func(key any) bool) {
	for key := range s.all {
		if !yield(key) {
			return
		}
	}
}
