package a

import (
	"io"
	"runtime"
	"unsafe"

	"github.com/weakref-go/weakref"
)

type T struct {
	n    int
	next *T
}

func (t *T) close()  {}
func (t T) get() int { return t.n }
func (t *T) read()   { _ = t.n }

func use(...any) {}

// The bad example of the specification, and the bug in published code behind
// it: a key that is wiped when it is collected.
func bad(p *T, key []byte) {
	runtime.AddCleanup(p, func(x *T) { *x = T{} }, nil) // want `the cleanup gets nil as x and dereferences it, so it crashes the program when it runs; pass what it needs as the third argument`
	runtime.AddCleanup(&key[0], func(first *byte) {     // want `the cleanup gets nil as first and passes it to unsafe.Slice`
		clear(unsafe.Slice(first, 32))
	}, nil)
}

// Good ones.
func good(p *T) {
	runtime.AddCleanup(p, func(*T) {}, nil)
	runtime.AddCleanup(p, func(_ *T) { use("x") }, nil)
	runtime.AddCleanup(p, func(x *T) { use(x) }, nil)
	runtime.AddCleanup(p, func(x *T) { use(x.n) }, p.next)
	runtime.AddCleanup(p, func(x *T) {
		if x != nil {
			use(x.n)
		}
	}, nil)
	runtime.AddCleanup(p, func(x *T) { x.close() }, nil) // may handle nil
	runtime.AddCleanup(p, func(m map[string]int) { use(m["a"]) }, nil)
	runtime.AddCleanup(p, func(b []byte) { use(len(b)) }, nil)
	runtime.SetFinalizer(p, nil)
}

func uses(p *T) {
	runtime.AddCleanup(p, func(x *T) { use(x.n) }, nil)        // want `selects n of it`
	runtime.AddCleanup(p, func(x *T) { use(x.get()) }, nil)    // want `selects get of it`
	runtime.AddCleanup(p, func(b []byte) { use(b[0]) }, nil)   // want `indexes it`
	runtime.AddCleanup(p, func(a *[4]byte) { use(a[0]) }, nil) // want `indexes it`
	runtime.AddCleanup(p, func(f func()) { f() }, nil)         // want `calls it`
	runtime.AddCleanup(p, func(c chan int) { close(c) }, nil)  // want `closes it`
	runtime.AddCleanup(p, func(c chan int) { c <- 1 }, nil)    // want `sends to it`
	runtime.AddCleanup(p, func(c chan int) { <-c }, nil)       // want `receives from it`
	runtime.AddCleanup(p, func(x *T) { use(x.n) }, (*T)(nil))  // want `selects n of it`
	runtime.AddCleanup(p, named, nil)                          // want `selects n of it`
	local := func(x *T) { use((x).n) }
	runtime.AddCleanup(p, local, nil)                       // want `selects n of it`
	runtime.AddCleanup(p, (*T).read, nil)                   // want `gets nil as t and selects n of it`
	weakref.Finalize(p, func(x *T) { use(x.n) }, (*T)(nil)) // want `selects n of it`
	runtime.AddCleanup(p, func(x *T) {
		x = new(T)
		use(x.n)
	}, nil)
}

func named(x *T) { use(x.n) }

func interfaces(p *T, c io.Closer) {
	runtime.AddCleanup(p, func(any) {}, nil)                    // want `a nil interface as the argument of runtime.AddCleanup is a nil dereference in the runtime \(golang/go#81517\); pass struct\{\}\{\} to a func\(struct\{\}\)`
	runtime.AddCleanup(p, func(err error) {}, nil)              // want `a nil interface`
	runtime.AddCleanup(p, func(c io.Closer) {}, io.Closer(nil)) // want `a nil interface`
	runtime.AddCleanup(p, func(c io.Closer) { c.Close() }, c)
	runtime.AddCleanup(p, func(any) {}, any((*T)(nil)))
	weakref.Finalize(p, func(any) {}, any(nil))
}

func generic[S any](p *T, f func(S), arg S) {
	runtime.AddCleanup(p, f, arg)
}

func ignored(p *T) {
	//weakvet:ignore nilarg a test of the directive
	runtime.AddCleanup(p, func(x *T) { use(x.n) }, nil)
}
