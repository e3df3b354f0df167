// Package real holds bugs found in published code, rewritten in minimal form.
package real

import (
	"runtime"
	"sync"
	"weak"
)

// A cache that takes its values by value (found in five projects).
type weakCache[K comparable, V any] struct {
	mu sync.Mutex
	m  map[K]weak.Pointer[V]
}

func (c *weakCache[K, V]) Set(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[key] = weak.Make(&value) // want `the weak pointer refers to value`
}

func (c *weakCache[K, V]) SetCopy(key K, value V) {
	valueCopy := value
	p := weak.Make(&valueCopy) // want `the weak pointer refers to valueCopy`
	c.m[key] = p
}

// A code cache that points into its by-value argument.
type entry struct {
	code []byte
	hash [32]byte
}

func (c *codeCache) add(v entry) {
	c.m[v.hash] = weak.Make(&v.code) // want `the weak pointer refers to v`
}

type codeCache struct {
	m map[[32]byte]weak.Pointer[[]byte]
}

// A memo that keeps a copy next to a weak pointer to the variable.
type memo[T any] struct {
	cached T
	weak   *weak.Pointer[T]
}

func (m *memo[T]) compute(f func() T) T {
	var value T
	value = f()
	m.cached = value
	if m.weak == nil {
		w := weak.Make(&value) // want `the weak pointer refers to value`
		m.weak = &w
	}
	return value
}

// A cache that stores what a callback returns by value.
func (c *weakCache[K, V]) Compute(key K, f func(V) (V, bool)) {
	update := func(old weak.Pointer[V]) weak.Pointer[V] {
		p := old.Value()
		if p == nil {
			return old
		}
		v, ok := f(*p)
		if !ok {
			return old
		}
		return weak.Make(&v) // want `the weak pointer refers to v`
	}
	c.m[key] = update(c.m[key])
}

// A cleanup on the local weak pointer, which dies at once; its helper is given
// the address of a field of a result that is returned by value.
type result struct {
	Val   string
	Found bool
}

type stringCache struct{ data sync.Map }

func (c *stringCache) set(key string, val *string) {
	w := weak.Make(val)
	runtime.AddCleanup(&w, func(key string) { c.data.Delete(key) }, key) // want `the cleanup is attached to w`
	c.data.Store(key, w)
}

func (c *stringCache) get(key string) result {
	r := result{Val: key, Found: true}
	c.set(key, &r.Val) // want `the weak pointer refers to r`
	return r
}

// A buffer of a pool that goes back while its reader uses it.
type buffers struct{ free [][]byte }

func (b *buffers) put(buf []byte) { b.free = append(b.free, buf) }

func (b *buffers) getAuto(n int) []byte {
	buf := make([]byte, n)
	runtime.AddCleanup(&buf, func(b *buffers) { b.put(nil) }, b) // want `the cleanup is attached to buf`
	return buf
}

// A tensor returned by value whose device memory is freed in use.
type tensor struct {
	ptr  uintptr
	size int
}

func newTensor(size int) tensor {
	t := tensor{ptr: 1, size: size}
	runtime.AddCleanup(&t, func(p uintptr) {}, t.ptr) // want `the cleanup is attached to t`
	return t
}

// A consumer that is closed while it is live.
type consumer struct{ subs []int }

func (c *consumer) cleanup() {}

func newConsumer() *consumer {
	c := &consumer{}
	runtime.AddCleanup(&c, func(c *consumer) { c.cleanup() }, c) // want `the cleanup is attached to the variable c`
	return c
}
