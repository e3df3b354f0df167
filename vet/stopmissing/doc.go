// Package stopmissing reports cleanups that nobody stops when the object is closed by hand.
//
// If an object has both a Close method and a cleanup, and Close does not stop
// the cleanup, the resource is released twice: once by Close, and once when the
// object is collected, when its number may belong to something else.
//
// WRONG:
//
//	f.cleanup = runtime.AddCleanup(f, closeFD, f.fd)
//
//	func (f *File) Close() error { return closeFD(f.fd) } // f.cleanup is never stopped
//
//	runtime.AddCleanup(f, closeFD, f.fd) // with -stopmissing.dropped
//
// RIGHT:
//
//	func (f *File) Close() error {
//		f.cleanup.Stop()
//		err := closeFD(f.fd)
//		runtime.KeepAlive(f) // Stop needs a live object, golang/go#81435
//		return err
//	}
//
//	runtime.AddCleanup(f, (*state).closeOnce, f.state) // and Close calls it too
//
// A method counts as one that closes if it is called Close, Free, Release,
// Destroy, Stop or Shutdown.
//
// With the flag -stopmissing.dropped, which is opt-in, calls of
// runtime.AddCleanup whose result is dropped are reported if the object has such
// a method, except if the argument points to a state that the method uses too,
// so that the two can agree on who was first.
package stopmissing
