// Package nilarg reports cleanups that get nil as their argument and use it.
//
// A cleanup does not get the object: it is gone. It gets the third argument of
// runtime.AddCleanup. If that is nil and the cleanup uses it, the program
// crashes at some collection, far from the mistake.
//
// WRONG:
//
//	runtime.AddCleanup(&key[0], func(first *byte) { // first is nil
//		clear(unsafe.Slice(first, 32))
//	}, nil)
//
//	runtime.AddCleanup(p, func(any) {}, nil) // panics at once, golang/go#81517
//
// RIGHT:
//
//	runtime.AddCleanup(p, func(s *state) { s.close() }, p.state)
//	runtime.AddCleanup(p, func(*T) { count.Add(-1) }, nil) // does not use it
//
// With the flag -nilarg.iface, which is opt-in, each argument of an interface
// type is reported: the runtime does not notice there that the argument is the
// object itself.
package nilarg
