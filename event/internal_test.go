package event

import (
	"runtime"
	"testing"
	"unsafe"
)

type owner [4]*int

// TestLayout guards what was chosen: a stripe is a cache line, and what a publish reads of
// a listener is on one.
func TestLayout(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("for 64 bits")
	}
	if n := unsafe.Sizeof(stripe{}); n != 64 {
		t.Errorf("a stripe takes %d bytes", n)
	}
	if n := unsafe.Sizeof(listener[int]{}); n != 96 {
		t.Errorf("a listener takes %d bytes", n)
	}
}

// TestEnding looks at a subscription between the moments at which one goroutine has
// ended it and at which it would remove it: others see it ended.
func TestEnding(t *testing.T) {
	var b Bus[int]
	o := new(owner)
	handler := func(_ *owner, e int) {
		if e == 1 {
			t.Error("called after the end")
		}
	}
	for _, options := range []Options{{}, {Queue: 5}} {
		s := SubscribeWith(&b, o, handler, options)
		b.Publish(0)
		s.listener.(*listener[int]).end()
		b.Publish(1)
		if again := Subscribe(&b, o, handler); again == s {
			t.Error("what has ended is subscribed again")
		}
		b.Clear()
	}
	runtime.KeepAlive(o)
}

// TestTakenThenEnded ends a subscription when events are queued and the worker is about to
// take one.
func TestTakenThenEnded(t *testing.T) {
	var b Bus[int]
	o := new(owner)
	entered, release := make(chan bool), make(chan bool)
	s := SubscribeWith(&b, o, func(_ *owner, e int) {
		if e == 1 {
			t.Error("called after the end")
		}
		entered <- true
		<-release
	}, Options{Queue: 5})
	b.Publish(0)
	<-entered
	b.Publish(1)
	s.listener.(*listener[int]).end()
	release <- true
	if err := s.CloseWait(t.Context()); err != nil {
		t.Error(err)
	}
	if st := b.Stats(); st.Dropped != 1 || st.Delivered != 1 {
		t.Error(st)
	}
	runtime.KeepAlive(o)
}

// TestPhases checks that wait is not held up by publishes that began after it.
func TestPhases(t *testing.T) {
	var g grace
	at, phase := g.enter(0)
	done := make(chan error)
	go func() { done <- g.wait(t.Context()) }()
	for g.waiting.Load() == 0 || g.flips.Load() == 0 {
		runtime.Gosched()
	}
	late, lates := g.enter(0)
	if late != at || lates == phase {
		t.Error("a publish that comes later enters the same phase")
	}
	select {
	case <-done:
		t.Error("wait has not waited for who was there")
	default:
	}
	g.leave(at, phase)
	if err := <-done; err != nil {
		t.Error(err)
	}
	g.leave(late, lates)
	if err := g.wait(t.Context()); err != nil {
		t.Error(err)
	}
}
