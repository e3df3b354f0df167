package event

import (
	"reflect"
	"runtime"
	"unsafe"
)

// A bus keeps handlers of all owner types in one list and calls each with what the
// owner's handle yields. Their common form is a func(unsafe.Pointer, E), and this
// file is where a func(*O, E) is taken for one.
//
// What is relied on: a func is a pointer to what it calls, as package weakref relies
// on too, and all pointers are passed alike. reflect and the runtime's own calls of
// finalizers do the same. The alternative, a typed adapter for each owner type, costs
// a call through a dictionary for each listener: see docs/decisions/0051.

// funcWord returns a func as the pointer that it is.
func funcWord[F any](f F) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&f)) }

// call calls a handler. owner is what its subscription's handle yielded.
func call[E any](handler unsafe.Pointer, owner *byte, e E) {
	(*(*func(*byte, E))(unsafe.Pointer(&handler)))(owner, e)
}

// funcName returns the name of a func.
func funcName(f unsafe.Pointer) string {
	fn := runtime.FuncForPC(**(**uintptr)(unsafe.Pointer(&f)))
	if fn == nil {
		return "func"
	}
	return fn.Name()
}

// kindOf returns the type that an owner of type O is shown as.
func kindOf[O any]() reflect.Type { return reflect.TypeFor[O]() }
