package heap

import (
	"reflect"
	"runtime"
	"unsafe"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/hidden"
)

// Target is an object to ask about, held weakly: see [TargetOf].
type Target struct {
	typ string
	// with calls f with the address of the object, which is alive during the
	// call, or with 0 if it has been collected.
	with func(f func(addr uintptr))
}

// TargetOf is what r refers to.
func TargetOf[T any](r weakref.Ref[T]) Target {
	return Target{reflect.TypeFor[T]().String(), func(f func(uintptr)) {
		p := r.Value()
		f(uintptr(unsafe.Pointer(p)))
		runtime.KeepAlive(p)
	}}
}

// hide is where the object is now, 0 if it has been collected.
func (t Target) hide() (h hidden.Addr) {
	t.with(func(addr uintptr) { h = hidden.Of(addr) })
	return h
}
