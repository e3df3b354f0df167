package weakref

import (
	"cmp"
	"iter"
	"runtime"
	"slices"
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
)

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

// Insert stores the entries of a sequence, like [maps.Insert]. It panics as Store
// does, after what came before has been stored.
func (m *KeyMap[K, V]) Insert(seq iter.Seq2[*K, V]) {
	for k, v := range seq {
		m.Store(k, v)
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
