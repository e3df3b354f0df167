package a

import (
	"runtime"
	"weak"

	"github.com/weakref-go/weakref"
)

type K string

type T struct {
	name  string
	inner struct{ n [4]int }
	next  *T
}

func (t *T) touch()  {}
func (t T) get() int { return 0 }

type cache[V any] struct{ m map[K]weak.Pointer[V] }

func release(int) {}
func remove(k K)  {}
func use(...any)  {}

// The bad examples of the specification.

func (c *cache[V]) Set(k K, v V) {
	c.m[k] = weak.Make(&v) // want `the weak pointer refers to v, a local variable that nothing keeps: it is nil after the next collection, whether or not the value is in use; point to the object that its users hold`
}

func pointerVariable() *T {
	t := &T{}
	runtime.AddCleanup(&t, release, 1) // want `the cleanup is attached to the variable t, not what it points to; did you mean t instead of &t\?`
	return t
}

var pool []byte

func header(i, j int) []byte {
	b := pool[i:j]
	runtime.AddCleanup(&b, release, i) // want `the cleanup is attached to b, a local variable that nothing keeps: it runs as soon as the function has returned, whether or not the value is in use; attach it`
	return b
}

func weakItself(v *T, k K) weak.Pointer[T] {
	wp := weak.Make(v)
	runtime.AddCleanup(&wp, remove, k) // want `the cleanup is attached to wp`
	return wp
}

// The good ones.

func (c *cache[V]) SetPointer(k K, v *V) { c.m[k] = weak.Make(v) }

func (c *cache[V]) SetNew(k K, x V) *V {
	v := new(V)
	*v = x
	c.m[k] = weak.Make(v)
	return v
}

func returned() *T {
	var d T
	runtime.AddCleanup(&d, release, 1)
	return &d
}

// More of both.

var kept []*T
var weaks = map[K]weak.Pointer[T]{}

func stored(t T) {
	weaks[""] = weak.Make(&t)
	kept = append(kept, &t)
}

func storedBefore(t T) {
	kept[0] = &t
	weaks[""] = weak.Make(&t)
}

func captured(t T) func() string {
	weaks[""] = weak.Make(&t)
	return func() string { return t.name }
}

func methodCalled(t T) {
	weaks[""] = weak.Make(&t)
	t.touch() // may keep its receiver
}

func methodOfValue(t T) int {
	weaks[""] = weak.Make(&t) // want `the weak pointer refers to t`
	return t.get()
}

func field(t T) {
	runtime.SetFinalizer(&t.inner, func(*struct{ n [4]int }) {}) // want `the finalizer is attached to t`
}

func slicedField(t T) []int {
	weaks[""] = weak.Make(&t)
	return t.inner.n[:]
}

func addressOfField(t T) *[4]int {
	weaks[""] = weak.Make(&t)
	return &t.inner.n
}

func throughPointer(t T) *string {
	weaks[""] = weak.Make(&t) // want `the weak pointer refers to t`
	return &t.next.name
}

func throughVariable(t T) T {
	p := &t
	weaks[""] = weak.Make(p) // want `the weak pointer refers to t`
	return *p
}

func throughKeptVariable(t T) {
	p := &t
	weaks[""] = weak.Make(p)
	kept = append(kept, p)
}

func ranged(ts []T) {
	for _, t := range ts {
		weaks[K(t.name)] = weak.Make(&t) // want `the weak pointer refers to t`
	}
	for i := range ts {
		weaks[K(ts[i].name)] = weak.Make(&ts[i])
	}
}

func literal() func(T) {
	return func(t T) {
		weaks[""] = weak.Make(&t) // want `the weak pointer refers to t`
	}
}

func keepAlive(t T) {
	weaks[""] = weak.Make(&t) // want `the weak pointer refers to t`
	runtime.KeepAlive(&t)
}

func takenBack(t T) {
	runtime.SetFinalizer(&t, nil)
}

func converted(t T) {
	weaks[""] = weak.Make((*T)(&t)) // want `the weak pointer refers to t`
}

var global T

func ofGlobal() { weaks[""] = weak.Make(&global) }

// Functions that hold a parameter weakly: the package's own, and ours.

func add(k K, t *T) {
	if t == nil {
		return
	}
	weaks[k] = weak.Make(t)
}

func addTwo(t, u *T) {
	add("t", t)
	add("u", u)
	kept = append(kept, u)
}

func callers(t, u, v T) {
	add("", &t)    // want `the weak pointer refers to t`
	addTwo(&u, &v) // want `the weak pointer refers to u`
}

func ours(m *weakref.ValueMap[K, T], s *weakref.Set[T], t, u, v, w T) {
	m.Store("", &t)       // want `the weak pointer refers to t`
	s.Add(&u)             // want `the weak pointer refers to u`
	m.LoadOrStore("", &v) // want `the weak pointer refers to v`
	p, _ := m.LoadOrStore("", &w)
	use(p)
	weakref.Finalize(&t, release, 0) // want `the cleanup is attached to t`
}
