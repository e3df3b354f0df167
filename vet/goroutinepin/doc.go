// Package goroutinepin reports goroutines that keep the object alive whose cleanup should stop them.
//
// A goroutine that waits or loops keeps everything it still refers to. If that
// is the object with the cleanup, the object is never collected and the cleanup
// never runs.
//
// WRONG:
//
//	runtime.AddCleanup(s, stop, s.quit)
//	go func() {
//		for {
//			select {
//			case <-s.quit: // the goroutine holds s
//				return
//			case m := <-s.in:
//				handle(m)
//			}
//		}
//	}()
//
//	runtime.AddCleanup(s, stop, s.quit)
//	go s.run()
//
// RIGHT:
//
//	type Server struct{ *server } // what users hold
//
//	in := &server{quit: make(chan struct{})}
//	s := &Server{in}
//	runtime.AddCleanup(s, stop, in.quit)
//	go in.run() // holds the inner object only
//	return s
//
// Reported are goroutines whose code the package shows and that refer to the
// object in or after an endless loop, a select statement without default or a
// loop over a channel. A goroutine that ends by itself before long is none of
// them; if yours does, say so in a //weakvet:ignore comment.
package goroutinepin
