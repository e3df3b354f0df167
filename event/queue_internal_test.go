package event

import (
	"runtime"
	"testing"
)

// TestTakenThenClosed closes a subscription between the moments at which the worker has
// taken an event and at which it would call the handler.
func TestTakenThenClosed(t *testing.T) {
	var b Bus[int]
	owner := new([4]*int)
	s := SubscribeQueued(&b, owner, func(*[4]*int, int) { t.Error("called after Close") }, Queue{})
	s.Close()
	at := s.core.running.take()
	s.queue.pending.(*queue[int]).handle(at, 1)
	s.core.running.leave(at)
	if st := b.Stats(); st.Dropped != 1 || st.Delivered != 0 {
		t.Errorf("%+v", st)
	}
	runtime.KeepAlive(owner)
}

// TestEndedAfterSnapshot ends a subscription after a publish has begun, with the
// publisher in either mode.
func TestEndedAfterSnapshot(t *testing.T) {
	for _, careful := range []bool{false, true} {
		var b Bus[int]
		owner := new([4]*int)
		s := Subscribe(&b, owner, func(_ *[4]*int, e int) {
			if e == 2 {
				t.Error("called after its end")
			}
		})
		b.Publish(1)
		d := delivery[int]{core: s.core, subs: s.core.snapshot(), careful: careful}
		s.end()
		d.publish(2)
		if d.reached != 0 {
			t.Errorf("reached %d", d.reached)
		}
		runtime.KeepAlive(owner)
	}
}

// TestSettle checks that a publisher in a long handler is believed after the world has
// been stopped, and is careful from its next handler on.
func TestSettle(t *testing.T) {
	var b Bus[int]
	owner := new([4]*int)
	entered, release := make(chan bool), make(chan bool)
	wait := func(*[4]*int, int) { entered <- true; <-release }
	first := Subscribe(&b, owner, func(o *[4]*int, e int) { wait(o, e) })
	second := Subscribe(&b, owner, func(o *[4]*int, e int) { wait(o, e) })
	done := make(chan bool)
	go func() { b.Publish(1); b.Publish(2); close(done) }()
	for range 2 { // the first publish admits both, the second goes the fast way
		<-entered
		release <- true
	}
	<-entered
	p := &first.core.running
	p.closing.Add(1)
	p.settle(1) // nobody's
	where := func() (at *place) {
		for at = range p.all {
		}
		return at
	}
	if at := where(); !at.is(first) || at.careful.Load() {
		t.Error("the publisher is not in its first handler, or is careful already")
	}
	release <- true
	<-entered
	if at := where(); !at.is(second) || !at.careful.Load() {
		t.Error("the publisher is not in its second handler, or is not careful")
	}
	p.closing.Add(-1)
	release <- true
	<-done
	for i := range p.few {
		if p.few[i].careful.Load() {
			t.Error("a free place is careful")
		}
	}
	runtime.KeepAlive(owner)
}
