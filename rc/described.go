package rc

import (
	"reflect"

	"github.com/weakref-go/weakref/internal/described"
)

// listing stands for a pool in the list of what package inspect lists. That is held weakly,
// and a pool cannot be, wherever it is: it may be a package-level variable, or part of
// something larger. Only the pool refers to it.
type listing[K comparable, V any] struct{ pool *Pool[K, V] }

// Describe is what the pool says of itself to package inspect, which alone calls it.
func (l *listing[K, V]) Describe() described.Container {
	st := l.pool.Stats()
	return described.Container{
		Kind: "Pool", Name: l.pool.Name, Type: reflect.TypeFor[Pool[K, V]]().String(),
		Len: st.InUse + st.Idle + st.Opening + st.Closing, Stats: st,
	}
}

// EachKey yields the keys that there are at the beginning.
func (l *listing[K, V]) EachKey(yield func(key any) bool) {
	for key := range l.pool.Keys() {
		if !yield(key) {
			return
		}
	}
}
