package heap

import (
	"reflect"
	"runtime"
	"unsafe"

	"github.com/weakref-go/weakref"
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

// hidden is the complement of an address, so that no stack has a word that looks
// like a pointer to the object.
type hidden uintptr

func (t Target) hide() (h hidden) {
	t.with(func(addr uintptr) { h = ^hidden(addr) })
	return h
}

func (h hidden) addr() uint64 { return uint64(^uintptr(h)) }
func (h hidden) alive() bool  { return ^uintptr(h) != 0 }
