package a

import (
	"runtime"
	"unsafe"
	"weak"

	"github.com/weakref-go/weakref"
)

type token struct{}

type id struct{ n int64 }

type pair struct{ a, b int64 }

type withPointer struct {
	n int
	_ *byte
}

type withString struct{ s string }

type big struct {
	id  id
	arr [8]id
}

func release(int) {}

func bad(n int64, i id, p *id) {
	_ = weak.Make(&token{})                // want `a token has no size, so all of them share one address: the weak pointer may never become nil; put it into a struct with a pointer field`
	runtime.AddCleanup(&id{7}, release, 7) // want `a id has 8 bytes and no pointers, so the runtime may pack it with others: the cleanup may never run`
	_ = weak.Make(new(int64))              // want `a int64 has 8 bytes`
	_ = weak.Make(&n)                      // want `a int64 has 8 bytes`
	_ = weak.Make(&i)                      // want `a id has 8 bytes`
	_ = weak.Make(p)                       // want `a id has 8 bytes`
	runtime.SetFinalizer(p, func(*id) {})  // want `the finalizer may never run`
	_ = weak.Make(new([0]*int))            // want `has no size`
	_ = weakref.Make(new(int64))           // want `a int64 has 8 bytes and no pointers, so the runtime may pack it with others: Make panics`
	q := new(bool)
	_ = weak.Make(q) // want `a bool has 1 bytes`
	var m weakref.ValueMap[string, id]
	m.Store("", p) // want `Store panics`
}

func good(n *int, b *big, s []id, ints []int, raw []byte, pw *withPointer) {
	_ = weak.Make(&pair{})
	_ = weak.Make(&withPointer{})
	_ = weak.Make(&withString{})
	_ = weak.Make(pw)
	_ = weak.Make(n)         // may be part of something
	_ = weak.Make(&b.id)     // is
	_ = weak.Make(&b.arr[2]) // is
	_ = weak.Make(&ints[0])
	_ = weak.Make((*int)(unsafe.Pointer(&raw[0])))
	_ = weak.Make((*id)(unsafe.Pointer(&raw[0])))
	runtime.SetFinalizer(n, nil)
	_ = weakref.Make(weakref.Box(7))
}

type generic[T any] struct{ v T }

func generics[T any](p *T, g *generic[T]) {
	_ = weak.Make(p)
	_ = weak.Make(g)
	_ = weak.Make(new(T))
	_ = weak.Make(new(generic[int8])) // want `a generic\[int8\] has 1 bytes`
}

func ignored() {
	//weakvet:ignore tinytarget a test of the directive
	_ = weak.Make(new(int64))
}
