package a

import (
	"runtime"
	"sync"
)

type S struct {
	ch, quit chan struct{}
	in       *inner
	closed   bool
}

type inner struct{ ch, quit chan struct{} }

func stop(chan struct{}) {}
func handle()            {}
func log(*S)             {}

// The bad example of the specification.
func bad(s *S) {
	runtime.AddCleanup(s, stop, s.ch)
	go func() { // want `this goroutine refers to s as long as it runs, so s is not collected and its cleanup does not run; let the goroutine hold an inner object that does not refer to s`
		for {
			select {
			case <-s.ch:
				return
			}
		}
	}()
}

// The good one.
func good() *S {
	in := &inner{ch: make(chan struct{})}
	s := &S{in: in}
	runtime.AddCleanup(s, stop, in.ch)
	go in.run()
	go func() {
		for {
			<-in.ch
		}
	}()
	return s
}

func (in *inner) run() {
	for range in.ch {
	}
}

// More of both.

func (s *S) run() {
	for {
		select {
		case <-s.quit:
			return
		case <-s.ch:
		}
	}
}

func (s *S) runCopies() {
	quit, ch := s.quit, s.ch
	for {
		select {
		case <-quit:
			return
		case <-ch:
		}
	}
}

func (s *S) once() { log(s) }

func (s *S) start() { s.prepare(); s.run() }

func (s *S) prepare() {}

func (s *S) loopUntilClosed() {
	for !s.closed {
		handle()
	}
}

func serve(n int, s *S) {
	for range s.ch {
		log(s)
	}
}

func methods() *S {
	s := &S{ch: make(chan struct{})}
	go s.run() // want `this goroutine refers to s`
	runtime.SetFinalizer(s, func(*S) {})
	go s.start() // want `this goroutine refers to s`
	go s.once()
	go s.runCopies()
	go s.loopUntilClosed() // want `refers to s`
	go serve(1, s)         // want `its finalizer does not run`
	return s
}

func value() *S {
	var s S
	runtime.AddCleanup(&s, stop, s.ch)
	go s.run()      // want `refers to s`
	go serve(1, &s) // want `refers to s`
	return &s
}

func literals(s *S, xs []int) {
	runtime.AddCleanup(s, stop, s.ch)
	alias := s
	go func() { // want `refers to s`
		for range alias.ch {
		}
	}()
	go func(s *S) { // want `refers to s`
		for range s.ch {
		}
	}(s)
	go func() {
		ch := s.ch
		for range ch {
		}
	}()
	go func() { // want `refers to s`
		ch := s.ch
		for range ch {
		}
		log(s)
	}()
	go func() {
		for range xs {
			log(s)
		}
	}()
	go func() {
		select {
		case <-s.ch:
		default:
		}
	}()
	go func() { // want `refers to s`
		select {
		case <-s.ch:
		case <-s.quit:
		}
	}()
	go func() { // want `refers to s`
		s.run()
	}()
	loop := func() {
		for {
			log(s)
		}
	}
	go loop() // want `refers to s`
	var wg sync.WaitGroup
	wg.Go(func() { // want `refers to s`
		for {
			log(s)
		}
	})
	wg.Go(s.run) // want `refers to s`
	s.run()      // no goroutine
}

// The goroutine makes one object after the other.
func inside(in chan *S) {
	go func() {
		for c := range in {
			s := &S{in: c.in}
			runtime.AddCleanup(s, stop, c.ch)
			log(s)
		}
	}()
}

func other(s, t *S) {
	runtime.AddCleanup(s, stop, s.ch)
	go t.run()
}

func noCleanup(s *S) {
	go s.run()
}

func takenBack(s *S) {
	runtime.SetFinalizer(s, nil)
	go s.run()
}

func ignored(s *S) {
	runtime.AddCleanup(s, stop, s.ch)
	//weakvet:ignore goroutinepin ends with the program
	go s.run()
}
