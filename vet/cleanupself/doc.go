// Package cleanupself reports cleanups and finalizers that keep their own object alive.
//
// What a cleanup's function and argument refer to stays alive until the cleanup
// has run. If they refer to the object itself, it is never collected, and the
// cleanup never runs.
//
// WRONG:
//
//	runtime.AddCleanup(r, func(int) { r.Close() }, 0) // the closure captures r
//	runtime.AddCleanup(r, r.release, 0)               // so does the method value
//	runtime.AddCleanup(r, release, r)                 // panics
//	runtime.AddCleanup(&r.state, release, r)          // the object around r.state
//	runtime.AddCleanup(r, release, io.Closer(r))      // hidden in an interface
//	runtime.AddCleanup(r, release, r.buf[:])          // a slice of an array inside r
//	runtime.SetFinalizer(r, r.finalize)               // bound to r
//
// RIGHT:
//
//	runtime.AddCleanup(r, syscall.Close, r.fd)        // a copy of what it needs
//	runtime.AddCleanup(r, (*impl).close, r.impl)      // an inner object that does not know r
//	runtime.SetFinalizer(r, (*R).finalize)            // gets r as its argument
//
// From Go 1.26 on runtime.AddCleanup panics in the plainest of these cases: the
// argument is the object or points into it, the function is a closure or a
// method value that refers to it directly. Older versions leak the object
// without a word, and so do all versions when the reference is one step away: a
// variable captured by reference, a struct, a slice, an interface.
//
// The same goes for Finalize of the weakref module.
//
// The fix, for runtime.SetFinalizer(r, r.method) with a method that has no
// parameters, is the method expression. The call could only have ended the
// program before.
package cleanupself
