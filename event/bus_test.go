package event_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/weaktest"
)

// relay publishes on one bus what it hears on another, from its queue.
type relay struct{ out event.Bus[order] }

func (r *relay) pass(o order) { r.out.Publish(o) }

// TestNestedPublish is the order that the documentation promises: what a handler
// publishes is delivered before Publish goes on; by a relay, after.
func TestNestedPublish(t *testing.T) {
	var in event.Bus[order]
	var j journal
	a, z := &mailer{name: "a", log: &j}, &mailer{name: "z", log: &j}
	a.on = func(o order) {
		if o.n == 1 {
			in.Publish(order{2})
		}
	}
	event.Subscribe(&in, a, (*mailer).handle)
	event.Subscribe(&in, z, (*mailer).handle)
	in.Publish(order{1})
	j.want(t, "a. a.. z.. z.")

	in.Clear()
	r := new(relay)
	event.SubscribeWith(&in, r, (*relay).pass, event.Options{Queue: event.Unbounded})
	event.Subscribe(&r.out, a, (*mailer).handle)
	event.Subscribe(&r.out, z, (*mailer).handle)
	in.Publish(order{1})
	for range 2 { // the second is for what the first has caused
		if err := in.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	j.want(t, "a. z. a.. z..")
	runtime.KeepAlive([]any{a, z, r})
}

func TestPriority(t *testing.T) {
	var b event.Bus[order]
	var j journal
	var all []*mailer
	add := func(name string, priority int) {
		m := &mailer{name: name, log: &j}
		all = append(all, m)
		event.SubscribeWith(&b, m, (*mailer).handle, event.Options{Priority: priority})
	}
	add("c", 0)
	add("a", 7)
	add("d", 0)
	add("e", -1)
	add("b", 7)
	b.Publish(order{1})
	j.want(t, "a. b. c. d. e.")
	add("f", -1)
	b.Publish(order{1})
	j.want(t, "a. b. c. d. e. f.")
	add("d'", 0)
	var names []string
	for l := range b.Listeners() {
		names = append(names, l.String())
	}
	if len(names) != 7 {
		t.Errorf("%d listeners, want 7", len(names))
	}
	b.Publish(order{1})
	j.want(t, "a. b. c. d. d'. e. f.")
	runtime.KeepAlive(all)
}

// TestPriorityConcurrent has listeners come out of order while others publish: each
// publish calls those of the higher priority first.
func TestPriorityConcurrent(t *testing.T) {
	var b event.Bus[*atomic.Int64]
	type owner [2]*int
	stop := make(chan struct{})
	var publishers, subscribers sync.WaitGroup
	for range 2 {
		publishers.Go(func() {
			for isOpen(stop) {
				var last atomic.Int64
				last.Store(100)
				b.Publish(&last)
			}
		})
	}
	for range 2 {
		subscribers.Go(func() {
			var all []*owner
			for i := range 300 {
				o, priority := new(owner), int64(i*7%11)
				all = append(all, o)
				event.SubscribeWith(&b, o, func(_ *owner, last *atomic.Int64) {
					if was := last.Swap(priority); was < priority {
						t.Errorf("priority %d after %d", priority, was)
					}
				}, event.Options{Priority: int(priority)})
			}
			runtime.KeepAlive(all)
		})
	}
	subscribers.Wait()
	close(stop)
	publishers.Wait()
}

func TestClear(t *testing.T) {
	var b event.Bus[order]
	var j journal
	var all []*mailer
	for i := range 100 {
		m := &mailer{name: "m", log: &j}
		all = append(all, m)
		s := event.SubscribeWith(&b, m, (*mailer).handle, event.Options{Queue: i % 2})
		if i == 50 {
			m.on = func(order) { b.Clear() } // in the middle of a publish
		} else if i > 50 && i%10 == 0 {
			s.Close() // holes are no matter
		}
	}
	b.Publish(order{1})
	if b.Len() != 0 || b.Publish(order{1}) != 0 {
		t.Error("somebody still listens")
	}
	if got := strings.Count(j.take(), "m."); got > 51 {
		t.Errorf("%d received the event, want no more than those before the 51st", got)
	}
	event.Subscribe(&b, all[0], (*mailer).handle)
	if b.Publish(order{1}) != 1 {
		t.Error("nobody can listen any more")
	}
	runtime.KeepAlive(all)
}

func TestFlushAndClose(t *testing.T) {
	var b event.Bus[order]
	var j journal
	m := &mailer{name: "m", log: &j}
	q := newBlocker()
	event.Subscribe(&b, m, (*mailer).handle)
	s := event.SubscribeWith(&b, q, (*blocker).handle, event.Options{Queue: event.Unbounded})
	const n = 100
	for range n {
		b.Publish(order{1})
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Flush(ended); err != context.Canceled {
		t.Errorf("Flush returned %v", err)
	}
	flushed := async(func() {
		if err := b.Flush(t.Context()); err != nil || q.calls.Load() < n {
			t.Errorf("Flush returned %v after %d calls", err, q.calls.Load())
		}
	})
	for range n - 1 {
		q.release <- struct{}{}
	}
	if !isOpen(flushed) {
		t.Error("Flush did not wait for the last")
	}
	q.release <- struct{}{}
	<-flushed

	b.Publish(order{1})
	b.Publish(order{1})
	closed := async(func() {
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	waitFor(t, "nobody is reached any more", func() bool { return b.Publish(order{1}) == 0 })
	if _, err := b.PublishContext(t.Context(), order{1}); err != event.ErrClosed {
		t.Errorf("PublishContext returned %v", err)
	}
	if got := event.Subscribe(&b, m, (*mailer).other); b.Len() != 0 || got == nil {
		t.Error("subscribed to a bus that is closed")
	}
	close(q.release)
	<-closed
	if got := q.calls.Load(); got < n+2 || b.Stats().Dropped != 0 {
		t.Errorf("%d calls, want %d; %v", got, n+2, b.Stats())
	}
	s.Close()
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.CloseWait(t.Context()); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(m)
}

// TestClosingIsNoticed: who reaches nobody since the bus has been closed is told so, at any
// moment.
func TestClosingIsNoticed(t *testing.T) {
	for range 5_000 {
		var b event.Bus[order]
		m := &mailer{name: "m", log: new(journal)}
		event.Subscribe(&b, m, (*mailer).handle)
		closed := async(func() {
			if err := b.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
		for n, err := 1, error(nil); err == nil; n, err = b.PublishContext(t.Context(), order{1}) {
			if n == 0 {
				t.Fatal("an event reached nobody, and there is no error")
			}
		}
		if n, err := b.PublishContext(t.Context(), order{1}); n != 0 || err != event.ErrClosed {
			t.Fatalf("PublishContext returned %d, %v", n, err)
		}
		<-closed
		runtime.KeepAlive(m)
	}
}

// TestCloseBusEndsQueues closes a bus with a context that ends: what is queued is
// dropped.
func TestCloseBusEndsQueues(t *testing.T) {
	var b event.Bus[order]
	q := newBlocker()
	s := event.SubscribeWith(&b, q, (*blocker).handle, event.Options{Queue: 10})
	for range 3 {
		b.Publish(order{1})
	}
	<-q.entered
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Close(ended); err != context.Canceled {
		t.Errorf("Close returned %v", err)
	}
	close(q.release)
	if err := s.CloseWait(t.Context()); err != nil || q.calls.Load() != 1 {
		t.Errorf("%v, %d calls", err, q.calls.Load())
	}
	if st := b.Stats(); st.Dropped != 2 {
		t.Errorf("%v", st)
	}
}

// TestOnActive checks that the calls come in turn, however listeners come and go, and
// that the last of them is true to what is left.
func TestOnActive(t *testing.T) {
	silence(t)
	var calls []bool // by one goroutine at a time, so the race detector watches
	var n atomic.Int64
	b := event.Bus[order]{}
	b.OnActive = func(active bool) {
		calls = append(calls, active)
		n.Add(1)
		b.Publish(order{1}) // no lock is held
		if len(calls)%5 == 0 {
			panic("in OnActive")
		}
	}
	m := &mailer{log: new(journal)}
	s := event.Subscribe(&b, m, (*mailer).handle)
	if !slices.Equal(calls, []bool{true}) {
		t.Errorf("calls %v after the first listener", calls)
	}
	event.Subscribe(&b, m, (*mailer).other)
	s.Close()
	b.Clear()
	if !slices.Equal(calls, []bool{true, false}) {
		t.Errorf("calls %v after the last has been closed", calls)
	}
	subscribeDropped(&b, m.log, 10)
	weaktest.Eventually(t, "the death of the last is told", func() bool { return b.Len() == 0 && n.Load()%2 == 0 })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			m := &mailer{log: new(journal)}
			for range 500 {
				event.Subscribe(&b, m, (*mailer).handle).Close()
			}
		})
	}
	wg.Wait()
	waitFor(t, "nobody is left", func() bool { return n.Load()%2 == 0 })
	for i, active := range calls {
		if active != (i%2 == 0) {
			t.Fatalf("call %d said %v", i, active)
		}
	}
}

// TestOnActiveGoexit ends the goroutine that is told: the next change is told by another.
func TestOnActiveGoexit(t *testing.T) {
	var calls []bool
	b := event.Bus[order]{OnActive: func(active bool) {
		calls = append(calls, active)
		runtime.Goexit()
	}}
	m := &mailer{log: new(journal)}
	<-async(func() { event.Subscribe(&b, m, (*mailer).handle) })
	<-async(func() { b.Clear() })
	if !slices.Equal(calls, []bool{true, false}) {
		t.Errorf("calls %v", calls)
	}
	runtime.KeepAlive(m)
}

// TestGoexitGoesOn checks that a handler that ends the publisher's goroutine does not keep
// the event from the others, nor do a second such handler and one that panics.
func TestGoexitGoesOn(t *testing.T) {
	silence(t)
	var b event.Bus[order]
	var j journal
	var all []*mailer
	for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
		m := &mailer{name: name, log: &j}
		switch i {
		case 1, 4:
			m.on = func(order) { runtime.Goexit() }
		case 2, 3:
			m.on = func(order) { panic("boom") }
		}
		all = append(all, m)
		event.Subscribe(&b, m, (*mailer).handle)
	}
	returned := false
	<-async(func() { b.Publish(order{1}); returned = true })
	if returned {
		t.Error("Publish has returned from a goroutine that has ended")
	}
	j.want(t, "a. b. c. d. e. f.")
	if st := b.Stats(); st.Delivered != 6 || st.Published != 1 || st.Panics != 2 {
		t.Error(st)
	}
	if err := b.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(all)
}

// TestOnPanicGoexit has the hook end the goroutine.
func TestOnPanicGoexit(t *testing.T) {
	silence(t)
	b := event.Bus[order]{OnPanic: func(event.Listener, *weakref.PanicError) { runtime.Goexit() }}
	var j journal
	a, z := &mailer{name: "a", log: &j, on: func(order) { panic("boom") }}, &mailer{name: "z", log: &j}
	event.Subscribe(&b, a, (*mailer).handle)
	event.Subscribe(&b, z, (*mailer).handle)
	<-async(func() { b.Publish(order{1}) })
	j.want(t, "a. z.")
	event.SubscribeWith(&b, a, (*mailer).other, event.Options{Queue: 1})
	if err := b.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive([]*mailer{a, z})
}

// TestManyPublishesAtOnce has many goroutines in handlers of a bus, and one publish many
// levels deep. Neither takes anything that remains, and a fault that makes it quadratic
// makes it long.
func TestManyPublishesAtOnce(t *testing.T) {
	n := 20_000
	if light() {
		n = 2_000
	}
	var b event.Bus[int]
	gate := make(chan struct{})
	var inside sync.WaitGroup
	inside.Add(n)
	type owner [2]*int
	o := new(owner)
	s := event.Subscribe(&b, o, func(*owner, int) { inside.Done(); <-gate })
	var all sync.WaitGroup
	for range n {
		all.Go(func() { b.Publish(1) })
	}
	inside.Wait()
	closed := async(func() {
		if err := s.CloseWait(t.Context()); err != nil {
			t.Error(err)
		}
	})
	close(gate)
	all.Wait()
	<-closed

	depth := 0
	event.Subscribe(&b, o, func(_ *owner, e int) {
		if depth++; e < n {
			b.Publish(e + 1)
		}
	})
	b.Publish(1)
	if depth != n {
		t.Errorf("%d levels, want %d", depth, n)
	}
	if st := b.Stats(); st.Published != uint64(2*n) || st.Delivered != uint64(2*n) {
		t.Error(st)
	}
	runtime.KeepAlive(o)
}

// TestManyPanics has every listener panic: the publisher's stack does not grow with them.
func TestManyPanics(t *testing.T) {
	silence(t)
	var b event.Bus[order]
	var all []*mailer
	for range 3000 {
		m := &mailer{log: new(journal), on: func(order) { panic("boom") }}
		all = append(all, m)
		event.Subscribe(&b, m, (*mailer).handle)
	}
	if n := b.Publish(order{1}); n != len(all) {
		t.Errorf("reached %d", n)
	}
	runtime.KeepAlive(all)
}

func TestStatsPrint(t *testing.T) {
	b := event.Bus[order]{Name: "orders"}
	m := &mailer{log: new(journal)}
	event.Subscribe(&b, m, (*mailer).handle)
	b.Publish(order{1})
	st := b.Stats()
	st.Panics = 2
	if s := fmt.Sprint(st); s != "orders: 1 listeners; 1 published, 1 delivered, 0 dropped; 0 collected, 0 of them unreached; 2 panicked" {
		t.Errorf("%q", s)
	}
	if s := st.LogValue().String(); !strings.Contains(s, "name=orders len=1") || !strings.Contains(s, "published=1 delivered=1") {
		t.Errorf("%q", s)
	}
	for f, want := range map[event.Full]string{event.Fail: "Fail", event.DropOldest: "DropOldest", event.Wait: "Wait", 7: "Full(7)", -1: "Full(-1)"} {
		if text, err := f.MarshalText(); string(text) != want || err != nil || f.String() != want {
			t.Errorf("%d is %q, %v", int(f), text, err)
		}
	}
	runtime.KeepAlive(m)
}

// TestPingPong is two listeners that answer each other by queues: it goes on, whatever the
// policy, and is told when an event could not be queued without waiting for ever.
func TestPingPong(t *testing.T) {
	for _, o := range []event.Options{{Queue: 4}, {Queue: 4, Full: event.DropOldest}, {Queue: 4, Full: event.Wait}, {Queue: event.Unbounded}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			silence(t)
			const most, balls = 2000, 50
			var pings, pongs event.Bus[order]
			var handled, over, lost atomic.Int64
			send := func(b *event.Bus[order]) {
				_, err := b.PublishContext(context.Background(), order{0})
				if full := (*event.FullError)(nil); errors.As(err, &full) {
					lost.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			}
			answer := func(b *event.Bus[order]) func(order) {
				return func(order) {
					if handled.Add(1) < most {
						send(b)
					} else {
						over.Add(1)
					}
				}
			}
			a, z := &mailer{log: new(journal), on: answer(&pongs)}, &mailer{log: new(journal), on: answer(&pings)}
			event.SubscribeWith(&pings, a, (*mailer).handle, o)
			event.SubscribeWith(&pongs, z, (*mailer).handle, o)
			var wg sync.WaitGroup
			for range balls {
				wg.Go(func() { send(&pings) })
			}
			wg.Wait()
			waitFor(t, "each ball is over or lost", func() bool {
				return over.Load()+int64(pings.Stats().Dropped+pongs.Stats().Dropped) == balls
			})
			if o.Full != event.DropOldest && lost.Load()+over.Load() != balls {
				t.Errorf("%d were over and %d told as lost, of %d", over.Load(), lost.Load(), balls)
			}
			t.Logf("%d handled, %d lost", handled.Load(), lost.Load())
			runtime.KeepAlive([]*mailer{a, z})
		})
	}
}
