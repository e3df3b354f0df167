// Package keepalive reports system calls with a handle whose owner may be dead.
//
// The collector may find an object dead as soon as its last mention has been
// evaluated, even inside one of its methods. If its cleanup closes the handle
// that a system call is about to use, the call hits whatever has that number
// next.
//
// WRONG:
//
//	f := &F{fd: fd}
//	runtime.AddCleanup(f, closeFD, fd)
//
//	func (f *F) Write(b []byte) (int, error) {
//		return unix.Write(f.fd, b) // f may be dead before the call is made
//	}
//
// RIGHT:
//
//	func (f *F) Write(b []byte) (int, error) {
//		defer runtime.KeepAlive(f)
//		return unix.Write(f.fd, b)
//	}
//
// Handles are the fields that a cleanup of the object is given, and those that
// its finalizer passes to such a call. Reported are calls of package syscall, of
// golang.org/x/sys/unix and windows, of C functions, of function variables that
// purego fills in, and of the functions and packages listed in the flag
// -keepalive.callees, if the function does not mention the owner on any way on
// from there.
//
// The caller may hold the owner all the same, so this check is opt-in.
//
// The fix adds defer runtime.KeepAlive, in files that import runtime.
package keepalive
