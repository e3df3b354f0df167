package a

import (
	"fmt"
	"runtime"
	"weak"
	"weakdiscard/lib"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/leak"
)

type T struct {
	name string
	next *T
}

func (t *T) start() {}

var m = map[string]weak.Pointer[T]{}
var kept []*T

// The bad examples of the specification.

func bad(k string) {
	m[k] = weak.Make(&T{}) // want `nothing but this weak pointer refers to the new object, so it is nil after the next collection; keep a pointer to it where it is used`
	w := weak.Make(new(T)) // want `nothing but this weak pointer refers to the new object`
	_ = w
}

// The call needs the flag.
func call(k string) {
	m[k] = weak.Make(build())
	lib.Registry.Add(lib.New(k))
}

func build() *T { return &T{} }

// The good ones.

func good(k string) *T {
	t := &T{}
	m[k] = weak.Make(t)
	return t
}

func keptAlive() {
	t := &T{}
	w := weak.Make(t)
	fmt.Println(w.Value() != nil)
	runtime.KeepAlive(t)
}

// More of both.

func converted(k string) { m[k] = weak.Make((*T)(&T{})) } // want `the new object`

func local(k string) {
	t := &T{name: k}
	t.next = &T{}
	m[k] = weak.Make(t) // want `nothing but this weak pointer refers to the object of t once the function has returned`
}

func localWithCleanup(k string) string {
	t := &T{name: k}
	m[k] = weak.Make(t) // want `the object of t`
	runtime.AddCleanup(t, func(k string) { delete(m, k) }, k)
	return t.name
}

func stored(k string) {
	t := &T{}
	kept = append(kept, t)
	m[k] = weak.Make(t)
}

func started(k string) {
	t := &T{}
	t.start()
	m[k] = weak.Make(t)
}

func param(t *T) { m[""] = weak.Make(t) }

func sent(c chan *T) {
	t := &T{}
	m[""] = weak.Make(t)
	c <- t
}

func captured() func() string {
	t := &T{}
	m[""] = weak.Make(t)
	return func() string { return t.name }
}

func several(b bool) {
	t := &T{}
	if b {
		t = kept[0]
	}
	m[""] = weak.Make(t)
}

// A sentinel tells of collections.
func sentinel() {
	runtime.AddCleanup(&T{}, func(int) {}, 0)
	weakref.Finalize(&T{}, func(int) {}, 0)
	leak.Watch(&T{}, "t")
}

func ours(vm *weakref.ValueMap[string, T], km *weakref.KeyMap[T, int], set *weakref.Set[T]) *T {
	vm.Store("", &T{})       // want `the new object`
	vm.Swap("", &T{})        // want `the new object`
	vm.LoadOrStore("", &T{}) // want `the new object`
	km.Store(&T{}, 1)        // want `the new object`
	set.Add(&T{})            // want `the new object`
	_ = weakref.Make(&T{})   // want `the new object`
	t, _ := vm.LoadOrStore("", &T{})
	return t
}

func theirs(k string) {
	lib.Registry.Add(&lib.T{}) // want `the new object`
}

func ignored(k string) {
	//weakvet:ignore weakdiscard a test of the directive
	m[k] = weak.Make(&T{})
}
