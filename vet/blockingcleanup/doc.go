// Package blockingcleanup reports cleanups and finalizers that can block.
//
// All cleanups of a program share a few goroutines, all finalizers share one. A
// cleanup that waits delays the cleanups of everybody else, those of package
// unique included.
//
// WRONG:
//
//	runtime.AddCleanup(p, func(w *workers) { w.quit <- struct{}{} }, p.workers)
//	runtime.AddCleanup(p, func(w *workers) { w.stop(); w.wg.Wait() }, p.workers)
//	runtime.AddCleanup(p, func(c net.Conn) { c.Write(bye) }, p.conn)
//
// RIGHT:
//
//	runtime.AddCleanup(p, func(w *workers) { go w.close() }, p.workers)
//	runtime.AddCleanup(p, func(c chan T) { close(c) }, p.c)
//
//	func(done chan struct{}) {
//		select {
//		case done <- struct{}{}:
//		default:
//		}
//	}
//
// Reported are sends and receives outside of a select statement with default,
// except sends on a channel that is made with a buffer or may be, Wait of package
// sync, time.Sleep, and what dials or speaks on the network. Functions of the package
// that the cleanup calls are followed. Locks are not reported: most are held for
// a moment only. Tests are not checked.
package blockingcleanup
