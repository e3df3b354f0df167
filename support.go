package weakref

import (
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"unsafe"
)

// UnsupportedError says why a pointer cannot be the target of a weak reference
// and what to do instead. [Check] returns it; [Make] and the containers panic
// with it.
type UnsupportedError struct {
	Type   reflect.Type // the type pointed to
	Reason Reason
}

// Reason is the reason of an [UnsupportedError].
type Reason int

const (
	// NilPointer: there is nothing to refer to.
	NilPointer Reason = iota + 1
	// ZeroSize: values without size share one address, so all references to them
	// would be equal and none would ever clear.
	ZeroSize
	// Tiny: the runtime packs values of fewer than 16 bytes that hold no
	// pointers into blocks of several. A reference to one clears only when its
	// whole block is dead, which may be never.
	Tiny
	// NotManaged: the memory was not allocated by Go's collector: C memory, a
	// mapped file, the bytes of a string constant.
	NotManaged
)

// Error describes the reason and the remedy.
func (e *UnsupportedError) Error() string {
	var why string
	switch e.Reason {
	case NilPointer:
		why = "the pointer is nil; pass a pointer to a value"
	case ZeroSize:
		why = "values of no size share one address and are never collected; give the type a field, or wrap the value with weakref.Box"
	case Tiny:
		why = fmt.Sprintf("a value of %d bytes without pointers may share its memory with others and never be collected; wrap it with weakref.Box, or refer to the struct that holds it", e.Type.Size())
	case NotManaged:
		why = "its memory is not managed by the collector (C memory, a mapped file, the bytes of a string constant?); copy the value into Go memory, or wrap it with weakref.Box"
	default:
		why = "for an unknown reason"
	}
	return fmt.Sprintf("weakref: cannot refer weakly to a %v: %s", e.Type, why)
}

// Check reports whether *p can be the target of a weak reference: it returns
// nil if it can, and an [*UnsupportedError] if not.
//
// It refuses a nil pointer, a type of no size, a type of fewer than 16 bytes
// without pointers (a pointer to a field of such a type too, although the
// struct around it would do), and memory that the collector does not manage.
// It accepts a pointer to a package-level variable; such a variable is never
// collected.
//
// [Make] and the containers refuse by themselves what the type tells, so Check
// is for pointers of unknown origin. It costs about a microsecond.
func Check[T any](p *T) error {
	if p == nil {
		return &UnsupportedError{reflect.TypeFor[T](), NilPointer}
	}
	if err := supported[T](); err != nil {
		return err
	}
	if !managed(p) {
		return &UnsupportedError{reflect.TypeFor[T](), NotManaged}
	}
	return nil
}

// managed reports whether p points to memory that a weak pointer may refer to.
//
// weak.Make on any other memory is a fatal error, which no program can recover
// from. runtime.AddCleanup finds its target in the same way and panics instead,
// so the question is put to AddCleanup. The target is alive during the whole
// call, so the cleanup can be taken back (see golang/go#81435 for when it
// cannot).
func managed[T any](p *T) (ok bool) {
	defer func() {
		if !ok {
			recover()
		}
	}()
	c := runtime.AddCleanup(p, func(struct{}) {}, struct{}{})
	c.Stop()
	runtime.KeepAlive(p)
	return true
}

// tinySize is the size below which the runtime packs values without pointers
// into shared blocks (maxTinySize in runtime/malloc.go).
const tinySize = 16

// supported returns the error for a type that cannot be weakly referenced,
// whatever the pointer. For types of 16 bytes or more it compiles to nothing.
func supported[T any]() error {
	if unsafe.Sizeof(*new(T)) >= tinySize {
		return nil
	}
	return smallSupported(reflect.TypeFor[T]())
}

// mustSupport panics with the error of supported.
func mustSupport[T any]() {
	if err := supported[T](); err != nil {
		panic(err)
	}
}

// mustNotBeNil panics if p is nil.
func mustNotBeNil[T any](p *T) {
	if p == nil {
		panic(&UnsupportedError{reflect.TypeFor[T](), NilPointer})
	}
}

var smallTypes sync.Map // reflect.Type to error, nil where the type will do

func smallSupported(t reflect.Type) error {
	if err, ok := smallTypes.Load(t); ok {
		err, _ := err.(error)
		return err
	}
	var err error
	switch {
	case t.Size() == 0:
		err = &UnsupportedError{t, ZeroSize}
	case !hasPointers(t):
		err = &UnsupportedError{t, Tiny}
	}
	smallTypes.Store(t, err)
	return err
}

// hasPointers reports whether the collector looks for pointers in values of
// type t.
func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	case reflect.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	default:
		return true
	}
}

// Boxed is a value in an allocation of its own. See [Box].
type Boxed[T any] struct {
	V T
	// A pointer field keeps the runtime from packing the value with others and
	// gives a T without size an address of its own.
	_ *byte
}

// Box returns a pointer to a copy of v in an allocation of its own, which can be
// weakly referenced whatever T is. It is the counterpart of the wrapper class
// that Python asks for around an int.
//
// The box is what lives and dies: keep the pointer to it, not to its field V.
func Box[T any](v T) *Boxed[T] {
	return &Boxed[T]{V: v}
}
