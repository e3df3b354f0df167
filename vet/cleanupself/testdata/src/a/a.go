package a

import (
	"io"
	"runtime"
	"sync"
	"unsafe"

	"github.com/weakref-go/weakref"
)

type R struct {
	fd    int
	buf   [64]byte
	data  []byte
	state state
	impl  *impl
	next  *R
	self  any
}

type state struct{ n, m int }

func (s *state) clean(int) {}

type impl struct {
	fd    int
	owner *R
	done  func()
}

func (i *impl) close()       {}
func (i *impl) closeInt(int) {}

func (r *R) Close() error { return nil }
func (r *R) fin(int)      {}
func (r R) byValue(int)   {}

type wrapper struct{ *R }

type inline struct{ R }

func release(int)           {}
func releaseR(*R)           {}
func releaseAny(any)        {}
func releaseBytes([]byte)   {}
func releaseFuncs([]func()) {}
func closeIt(io.Closer)     {}

// The bad examples of the specification.

func bad(r *R) {
	runtime.AddCleanup(r, func(int) { r.Close() }, 0) // want `the cleanup refers to r, so r is never collected \(Go 1.26 panics here\); pass what it needs as the argument`
	runtime.AddCleanup(r, r.fin, 0)                   // want `the cleanup refers to r, so r is never collected \(Go 1.26 panics here\)`
	runtime.AddCleanup(r, releaseR, r)                // want `the argument of the cleanup is r itself, so this call panics`
	runtime.AddCleanup(&r.state, releaseR, r)         // want `the argument of the cleanup points into the object of r, so r is never collected \(Go 1.26 panics here\)`
	runtime.AddCleanup(r, closeIt, io.Closer(r))      // want `the argument of the cleanup refers to r, so r is never collected and the cleanup never runs`
	runtime.AddCleanup(r, releaseBytes, r.buf[:])     // want `the argument of the cleanup refers to r`
	runtime.SetFinalizer(r, r.fin)                    // want `the finalizer refers to r, so r is never collected and the finalizer never runs`
}

// The good ones.

func good(r *R) {
	runtime.AddCleanup(r, release, r.fd)
	runtime.AddCleanup(r, (*impl).close, r.impl)
	runtime.SetFinalizer(r, (*R).Close)
	runtime.SetFinalizer(r, func(r *R) { r.Close() })
	runtime.SetFinalizer(r, nil)
}

// Functions that refer to the object.

func functions(r *R) {
	local := func(int) { r.Close() }
	runtime.AddCleanup(r, local, 0) // want `the cleanup refers to r, so r is never collected \(Go 1.26 panics here\)`
	bound := r.fin
	runtime.AddCleanup(r, bound, 0) // want `the cleanup refers to r, so r is never collected \(Go 1.26 panics here\)`

	alias := r
	runtime.AddCleanup(r, func(int) { alias.Close() }, 0) // want `the cleanup refers to r, so r is never collected \(Go 1.26`
	runtime.AddCleanup(alias, func(int) { r.Close() }, 0) // want `the cleanup refers to r`

	inner := &impl{owner: r}
	runtime.AddCleanup(r, func(int) { inner.close() }, 0) // want `the cleanup refers to r through inner, so r is never collected and the cleanup never runs`
	runtime.AddCleanup(r, inner.closeInt, 0)              // want `the cleanup refers to r, so r is never collected and the cleanup never runs`

	nested := func() { r.Close() }
	runtime.AddCleanup(r, func(int) { nested() }, 0) // want `the cleanup refers to r through nested`

	runtime.AddCleanup(r, func(int) { // want `the cleanup refers to r`
		go func() { r.Close() }()
	}, 0)
	runtime.AddCleanup(r, releaser(r), 0) // want `the cleanup refers to r`
	runtime.AddCleanup(r, named(r.fd), 0)

	fd := r.fd
	runtime.AddCleanup(r, func(int) { release(fd) }, 0)
	runtime.AddCleanup(r, func(r *R) { r.Close() }, r.next) // another r
	runtime.AddCleanup(r, r.byValue, 0)                     // a copy
	runtime.AddCleanup(r, r.impl.closeInt, 0)               // another object
	runtime.AddCleanup(r, r.state.clean, 0)                 // want `the cleanup refers to r`
}

func releaser(r *R) func(int) { return func(int) { r.Close() } }
func named(fd int) func(int)  { return func(int) { release(fd) } }

func reassigned(r *R) {
	if r == nil {
		r = new(R)
	}
	runtime.AddCleanup(r, func(int) { r.Close() }, 0) // want `the cleanup refers to r, so r is never collected \(Go 1.26 panics`
}

func reassignedLater(r *R) {
	runtime.AddCleanup(r, func(int) { r.Close() }, 0) // want `the cleanup refers to r, so r is never collected and the cleanup never runs`
	r = nil
}

func result() (r *R) {
	r = new(R)
	runtime.AddCleanup(r, func(int) { r.Close() }, 0) // want `so r is never collected and the cleanup never runs`
	return r
}

func value() *R {
	var r R
	runtime.AddCleanup(&r, func(int) { r.Close() }, 0) // want `the cleanup refers to r`
	runtime.AddCleanup(&r, r.fin, 0)                   // want `the cleanup refers to r`
	runtime.AddCleanup(&r, release, r.fd)
	return &r
}

func embedded(w wrapper, in *inline) {
	runtime.AddCleanup(&w, w.fin, 0)  // bound to w.R
	runtime.AddCleanup(in, in.fin, 0) // want `the cleanup refers to in`
}

// Arguments that refer to the object.

func arguments(r *R) {
	runtime.AddCleanup[R, io.Closer](r, closeIt, r)                     // want `the argument of the cleanup refers to r, so r is never collected and the cleanup never runs`
	runtime.AddCleanup(r, func(p *state) {}, &r.state)                  // want `points into the object of r`
	runtime.AddCleanup(r, func(p unsafe.Pointer) {}, unsafe.Pointer(r)) // want `is r itself, so this call panics`
	runtime.AddCleanup(r, func(p uintptr) {}, uintptr(unsafe.Pointer(r)))
	runtime.AddCleanup(r, func(s impl) {}, impl{owner: r})                // want `the argument of the cleanup refers to r`
	runtime.AddCleanup(r, func(s *impl) {}, &impl{owner: r})              // want `the argument of the cleanup refers to r`
	runtime.AddCleanup(r, func(s []*R) {}, []*R{r})                       // want `the argument of the cleanup refers to r`
	runtime.AddCleanup(r, releaseFuncs, []func(){func() { r.Close() }})   // want `the argument of the cleanup refers to r`
	runtime.AddCleanup(r, func(f func() error) {}, r.Close)               // want `the argument of the cleanup refers to r`
	runtime.AddCleanup(r, func(m map[string]*R) {}, map[string]*R{"": r}) // want `the argument of the cleanup refers to r`

	var closer io.Closer = r
	runtime.AddCleanup(r, closeIt, closer) // want `the argument of the cleanup refers to r, so r is never collected and the cleanup never runs`

	var st impl
	st.owner = r
	runtime.AddCleanup(r, func(s impl) {}, st) // want `the argument of the cleanup refers to r`

	var later impl
	runtime.AddCleanup(r, func(s impl) {}, later) // a copy from before
	later.owner = r

	var cleared impl
	cleared.owner = r
	cleared.owner = nil
	runtime.AddCleanup(r, func(s impl) {}, cleared)

	list := []*R{}
	list = append(list, r)
	_ = list

	in := &impl{fd: r.fd}
	r.impl = in
	runtime.AddCleanup(r, (*impl).close, r.impl)
	runtime.AddCleanup(r, (*impl).close, in)
	runtime.AddCleanup(r, releaseAny, any(r.fd))
	runtime.AddCleanup(r, releaseBytes, r.data)
	runtime.AddCleanup(r, func(a [64]byte) {}, r.buf)
	runtime.AddCleanup(r, func(s state) {}, r.state)
	runtime.AddCleanup(r, releaseR, r.next)
}

func backReference() *R {
	in := &impl{}
	r := &R{impl: in}
	in.owner = r
	runtime.AddCleanup(r, (*impl).close, r.impl) // want `the argument of the cleanup refers to r`
	return r
}

func callback(r *R) {
	r.impl = &impl{done: func() { r.Close() }}
	runtime.AddCleanup(r, (*impl).close, r.impl) // want `the argument of the cleanup refers to r`
}

func slices(key []byte) {
	runtime.AddCleanup(&key[0], releaseBytes, key) // want `the argument of the cleanup refers to key`
	runtime.AddCleanup(&key[0], func(n int) {}, len(key))
}

func field(w *wrapper) {
	runtime.AddCleanup(w.R, releaseR, w.R)              // want `the argument of the cleanup is w.R itself, so this call panics`
	runtime.AddCleanup[R, io.Closer](w.R, closeIt, w.R) // want `w.R is never collected and the cleanup never runs`
	runtime.AddCleanup(w.R, releaseR, w.R.next)
}

// A pointer variable: the cleanup is on the variable, not on what it points to.
func variable(r *R) *R {
	runtime.AddCleanup(&r, releaseR, r)
	return r
}

type generic[T any] struct{ v T }

func (g *generic[T]) free(int) {}

func generics[T any](g *generic[T]) {
	runtime.AddCleanup(g, g.free, 0)                                 // want `the cleanup refers to g`
	runtime.AddCleanup[generic[T], int](g, func(int) { _ = g.v }, 0) // want `the cleanup refers to g`
	runtime.SetFinalizer(g, (*generic[T]).free)
}

// weakref.Finalize runs its function at the same moment.
func finalize(r *R) {
	weakref.Finalize(r, func(int) { r.Close() }, 0) // want `the cleanup refers to r, so r is never collected and the cleanup never runs`
	weakref.Finalize(r, releaseR, r)                // want `the argument of the cleanup refers to r, so r is never collected`
	weakref.Finalize(r, release, r.fd)
}

func ignored(r *R) {
	runtime.AddCleanup(r, r.fin, 0) //weakvet:ignore cleanupself a test of the directive
	//weakvet:ignore cleanuplocal,cleanupself a test of the directive
	runtime.AddCleanup(r, r.fin, 0)
	runtime.AddCleanup(r, r.fin, 0) // want `the cleanup refers to r`
	//weakvet:ignore cleanupself
	runtime.AddCleanup(r, r.fin, 0) // want `the cleanup refers to r`
	//weakvet:ignore cleanuplocal not this one
	runtime.AddCleanup(r, r.fin, 0) // want `the cleanup refers to r`
	_ = 0                           //weakvet:ignore cleanupself for this line only
	runtime.AddCleanup(r, r.fin, 0) // want `the cleanup refers to r`
}

var pool sync.Pool

var global = new(R)

func init() {
	// Reachable from the variable anyway.
	runtime.AddCleanup(global, func(int) { global.Close() }, 0)
}
