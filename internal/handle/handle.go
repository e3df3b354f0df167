// Package handle turns a weak pointer into one machine word that can be loaded,
// stored and compared atomically, and asks whether its target is dead without
// keeping the target alive.
//
// Everything in this module that leans on the runtime's representation of weak
// pointers is in this file. It is checked when the program starts; if a future
// runtime represents them otherwise, handles become pointers to boxes, which
// cost an allocation each and are correct on any runtime.
//
// What is relied on (runtime/mheap.go, specialWeakHandle):
//
//   - weak.Pointer[T] is one unsafe.Pointer, to a word that the runtime
//     allocates, the same for every weak pointer made from equal pointers;
//   - the word holds the address that the weak pointer was made from while the
//     target is alive, and zero once the target has been swept;
//   - it never holds anything else, and is not reused while a handle refers to
//     it.
//
// In between, when a collection has found the target dead but has not yet swept
// it, the word still holds the address. Only [Strong] can tell then: it sweeps
// that part of the heap first.
package handle

import (
	"reflect"
	"sync/atomic"
	"unsafe"
	"weak"
)

// H is a weak pointer as one word. nil refers to nothing. The collector must
// see it, so it is a pointer; where it points to is this package's business.
type H = unsafe.Pointer

// Of returns the handle of p, which must not be nil. Handles of equal pointers
// lead to the same address, but are equal words only if direct.
func Of[T any](p *T) H {
	w := weak.Make(p)
	if direct {
		return *(*unsafe.Pointer)(unsafe.Pointer(&w))
	}
	return boxOf(w)
}

// Strong returns the target of h, or nil if it is dead. During a marking phase
// it makes the collector keep the target for the rest of the cycle.
func Strong[T any](h H) *T {
	if direct {
		return (*(*weak.Pointer[T])(unsafe.Pointer(&h))).Value()
	}
	return (*T)((*box)(h).value())
}

// Direct reports whether handles are words of the runtime, so that Weak may be
// used. The two are for the one place where a call of Strong would show. T is
// there for the compiler: code of this module that is instantiated in a user's
// package can have generic functions inlined, but no plain ones of packages that
// the user does not import.
func Direct[T any]() bool { return direct }

// Weak returns a direct handle as a weak pointer.
func Weak[T any](h H) weak.Pointer[T] { return *(*weak.Pointer[T])(unsafe.Pointer(&h)) }

// Addr returns the address of the target of h, or 0 if the target is known to be
// dead. It never keeps the target alive, costs one load, and after a completed
// sweep it is exact. To compare it with the address of an object that the caller
// holds is exact at any time: while that object lives, no other target can be at
// its address, and a dead one has been swept before the address was used again.
// This rests on the collector not moving objects. T means nothing; see [Direct].
func Addr[T any](h H) uintptr {
	if direct {
		return atomic.LoadUintptr((*uintptr)(h))
	}
	return (*box)(h).addr()
}

// Word returns a handle that a container makes of a word of its own, which is alive as
// long as the word is not zero: a pointer to the target, say, or a mark of something that
// has no target yet. If it points to an object, it keeps that alive; that is the
// difference from a weak pointer.
func Word(p unsafe.Pointer) H {
	if direct {
		return p
	}
	return unsafe.Pointer(&box{
		value: func() unsafe.Pointer { return atomic.LoadPointer((*unsafe.Pointer)(p)) },
		word:  p,
	})
}

// IsMark reports whether h was made by [Word] of a word that points to itself, as a mark
// does. No weak pointer does: its target is never its own record. Of other words it says
// what it likes.
func IsMark(h H) bool {
	if direct {
		return atomic.LoadUintptr((*uintptr)(h)) == uintptr(h)
	}
	return (*box)(h).word != nil
}

// WordOf returns what h was made of by [Word].
func WordOf(h H) unsafe.Pointer {
	if direct {
		return h
	}
	return (*box)(h).word
}

// box is a handle on a runtime whose weak pointers are not one word.
type box struct {
	value func() unsafe.Pointer
	word  unsafe.Pointer // see Word
}

func (b *box) addr() uintptr { return uintptr(b.value()) }

func boxOf[T any](w weak.Pointer[T]) H {
	return unsafe.Pointer(&box{value: func() unsafe.Pointer { return unsafe.Pointer(w.Value()) }})
}

// direct says that weak pointers are represented as described above. It does not
// change once handles are in use.
var direct = check()

func check() bool {
	type target struct{ a, b *int }
	t := reflect.TypeFor[weak.Pointer[target]]()
	if t.Size() != unsafe.Sizeof(uintptr(0)) {
		return false
	}
	// The word must be a pointer before it may be followed.
	last := t.Field(t.NumField() - 1)
	if last.Type.Kind() != reflect.UnsafePointer || last.Offset != 0 {
		return false
	}
	p := new(target)
	outer, inner := weak.Make(p), weak.Make(&p.b)
	word := func(w unsafe.Pointer) uintptr {
		h := *(*unsafe.Pointer)(w)
		if h == nil {
			return 0
		}
		return atomic.LoadUintptr((*uintptr)(h))
	}
	return word(unsafe.Pointer(&outer)) == uintptr(unsafe.Pointer(p)) &&
		word(unsafe.Pointer(&inner)) == uintptr(unsafe.Pointer(&p.b)) &&
		outer == weak.Make(p) && outer.Value() == p
}
