package event_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/internal/waits"
	"github.com/weakref-go/weakref/weaktest"
)

func TestQueueKeepsOrder(t *testing.T) {
	var b event.Bus[order]
	var mu sync.Mutex
	var got []int
	m := &mailer{}
	event.SubscribeWith(&b, m, func(_ *mailer, o order) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, o.n)
	}, event.Options{Queue: 3, Full: event.Wait})
	const n = 1000
	for i := range n {
		if b.Publish(order{i}) != 1 {
			t.Fatal("not queued")
		}
	}
	waitFor(t, "all are handled", func() bool { mu.Lock(); defer mu.Unlock(); return len(got) == n })
	for i := range n {
		if got[i] != i {
			t.Fatalf("event %d was handled in place of %d", got[i], i)
		}
	}
	waitFor(t, "all are counted", func() bool { st := b.Stats(); return st.Delivered == n && st.Dropped == 0 })
	runtime.KeepAlive(m)
}

// slow is a listener with a queue whose handler blocks until it is told to go on.
type slow struct {
	*blocker
	mu  sync.Mutex
	got []int
}

func (s *slow) handle(o order) {
	s.mu.Lock()
	s.got = append(s.got, o.n)
	s.mu.Unlock()
	s.blocker.handle(o)
}

func (s *slow) received() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(s.got)
}

func TestFullQueue(t *testing.T) {
	for _, c := range []struct {
		full    event.Full
		reached int // by the events 1, 2, 3 and 4
		err     bool
		got     string
	}{
		{event.DropOldest, 4, false, "[1 3 4]"},
		{event.Fail, 3, true, "[1 2 3]"},
	} {
		var b event.Bus[order]
		s := &slow{blocker: newBlocker()}
		event.SubscribeWith(&b, s, (*slow).handle, event.Options{Queue: 2, Full: c.full})
		b.Publish(order{1})
		<-s.entered // the queue is empty again
		reached := 1
		var err error
		for i := 2; i <= 4; i++ {
			var n int
			n, err = b.PublishContext(t.Context(), order{i})
			reached += n
		}
		var full *event.FullError
		if errors.As(err, &full) != c.err || c.err && (full.Listeners != 1 || !strings.Contains(err.Error(), "Options.Queue")) {
			t.Errorf("policy %v: error %v", c.full, err)
		}
		for l := range b.Listeners() {
			if l.Queued != 2 {
				t.Errorf("policy %v: %d events are queued, want 2", c.full, l.Queued)
			}
		}
		close(s.release)
		waitFor(t, "three are handled", func() bool { return s.calls.Load() == 3 })
		if got := s.received(); got != c.got || reached != c.reached {
			t.Errorf("policy %v: reached %d, received %s, want %d and %s", c.full, reached, got, c.reached, c.got)
		}
		if st := b.Stats(); st.Dropped != 1 {
			t.Errorf("policy %v: %+v", c.full, st)
		}
		runtime.KeepAlive(s)
	}
}

func TestWaitForRoom(t *testing.T) {
	var b event.Bus[order]
	s := &slow{blocker: newBlocker()}
	sub := event.SubscribeWith(&b, s, (*slow).handle, event.Options{Queue: 1, Full: event.Wait})
	b.Publish(order{1})
	<-s.entered
	b.Publish(order{2})

	ctx, cancel := context.WithCancel(t.Context())
	var n int
	var err error
	waiting := async(func() { n, err = b.PublishContext(ctx, order{3}) })
	cancel()
	<-waiting
	if n != 0 || err != context.Canceled {
		t.Errorf("reached %d, %v", n, err)
	}

	waiting = async(func() { n = b.Publish(order{4}) })
	s.release <- struct{}{} // 2 is taken, so that there is room for 4
	<-waiting
	if n != 1 {
		t.Error("the event was not queued")
	}

	waiting = async(func() { n = b.Publish(order{5}) })
	waitFor(t, "the publisher waits", func() bool { return waits.Waiting() > 0 })
	closed := async(func() { sub.CloseWait(t.Context()) })
	<-waiting // CloseWait ends the wait
	if n != 0 {
		t.Error("a closed subscription took an event")
	}
	<-s.entered
	if !isOpen(closed) {
		t.Error("CloseWait did not wait for the handler")
	}
	close(s.release)
	<-closed
	if got := s.received(); got != "[1 2]" {
		t.Errorf("received %s; something ran after CloseWait, or before it did not", got)
	}
}

func TestPublishToOwnFullQueue(t *testing.T) {
	var b event.Bus[order]
	m := &mailer{log: new(journal)}
	done := make(chan int)
	m.on = func(o order) {
		if o.n == 1 {
			done <- b.Publish(order{2}) + b.Publish(order{2})
		}
	}
	event.SubscribeWith(&b, m, (*mailer).handle, event.Options{Queue: 1, Full: event.Wait})
	b.Publish(order{1})
	if n := <-done; n != 1 {
		t.Errorf("reached %d, want 1", n)
	}
	runtime.KeepAlive(m)
}

func TestCloseFromQueuedHandler(t *testing.T) {
	var b event.Bus[order]
	m := &mailer{log: new(journal)}
	var s *event.Subscription
	both, done := make(chan bool), make(chan bool)
	m.on = func(order) {
		<-both
		s.Close()
		close(done)
	}
	s = event.SubscribeWith(&b, m, (*mailer).handle, event.Options{Queue: 64})
	b.Publish(order{1})
	b.Publish(order{2})
	close(both)
	<-done
	m.log.want(t, ".")
	if st := b.Stats(); st.Dropped != 1 {
		t.Errorf("%+v", st)
	}
}

// TestDeadListenerDropsItsQueue holds the worker up while the listener dies: events
// that wait do not keep it, and are dropped.
func TestDeadListenerDropsItsQueue(t *testing.T) {
	var b event.Bus[order]
	entered, release := make(chan bool), make(chan bool)
	dropped := func() weakref.Ref[mailer] {
		m := &mailer{}
		event.SubscribeWith(&b, m, func(_ *mailer, o order) {
			entered <- true // the listener is not used any more
			<-release
		}, event.Options{Queue: 64})
		b.Publish(order{1})
		return weakref.Make(m)
	}()
	<-entered
	b.Publish(order{2})
	b.Publish(order{3})
	weaktest.MustCollect(t, dropped)
	close(release)
	waitFor(t, "one is delivered and the others are dropped", func() bool { st := b.Stats(); return st.Delivered == 1 && st.Dropped == 2 })
}

func TestQueuedPanicAndGoexit(t *testing.T) {
	silence(t)
	var b event.Bus[order]
	m := &mailer{log: new(journal), on: func(o order) {
		if o.n == 1 {
			panic("boom")
		}
		if o.n == 2 {
			runtime.Goexit()
		}
	}}
	event.SubscribeWith(&b, m, (*mailer).handle, event.Options{Queue: 64})
	for i := 1; i <= 3; i++ {
		b.Publish(order{i})
	}
	waitFor(t, "all are handled", func() bool { return b.Stats().Delivered == 3 })
	if st := b.Stats(); st.Panics != 1 {
		t.Errorf("%+v", st)
	}
	waitFor(t, "the third is logged", func() bool { m.log.mu.Lock(); defer m.log.mu.Unlock(); return len(m.log.lines) == 3 })
	m.log.want(t, ". .. ...")
}

func TestNoGoroutineRemains(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 50 {
		var b event.Bus[order]
		m := &mailer{log: new(journal)}
		event.SubscribeWith(&b, m, (*mailer).handle, event.Options{Queue: 64})
		b.Publish(order{1})
		waitFor(t, "the event is handled", func() bool { return b.Stats().Delivered == 1 })
		runtime.KeepAlive(m)
	}
	waitFor(t, "as few goroutines as before", func() bool { return runtime.NumGoroutine() <= before })
}

// TestQueued checks that what waits is counted while it does, of all listeners.
func TestQueued(t *testing.T) {
	var b event.Bus[int]
	a, c := new(blocked), new(blocked)
	for _, h := range []*blocked{a, c} {
		h.begun, h.free = make(chan struct{}, 9), make(chan struct{})
		event.SubscribeWith(&b, h, (*blocked).hear, event.Options{Queue: 3, Full: event.DropOldest})
	}
	b.Publish(1)
	<-a.begun
	<-c.begun
	for range 2 {
		b.Publish(1)
	}
	if n := b.Stats().Queued; n != 4 {
		t.Errorf("%d events wait", n)
	}
	for range 5 {
		b.Publish(1)
	}
	if n := b.Stats().Queued; n != 6 {
		t.Errorf("%d events wait", n)
	}
	close(a.free)
	waitFor(t, "one has handled all", func() bool { return b.Stats().Queued == 3 })
	b.Clear()
	if n := b.Stats().Queued; n != 0 {
		t.Errorf("%d events wait for nobody", n)
	}
	close(c.free)
	runtime.KeepAlive(a)
	runtime.KeepAlive(c)
}

// blocked is a listener that is held up.
type blocked struct{ begun, free chan struct{} }

func (h *blocked) hear(int) {
	h.begun <- struct{}{}
	<-h.free
}
