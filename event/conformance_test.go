package event_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/event"
)

// What tests and documentation of others say of their event buses, done here. Where this
// package differs, the test says so.

// TestNode_modify_in_emit is test-event-emitter-modify-in-emit.js. It differs where a
// listener removes one behind it: Node still calls that, since it walks over a copy;
// here closed is closed.
func TestNode_modify_in_emit(t *testing.T) {
	var b event.Bus[order]
	var j journal
	m := &mailer{log: &j}
	named := func(name string, then func()) func(*mailer, order) {
		return func(*mailer, order) {
			j.add(name, 0)
			then()
		}
	}
	var s1 *event.Subscription
	s1 = event.Subscribe(&b, m, named("callback1", func() {
		event.Subscribe(&b, m, named("callback2", func() {}))
		event.Subscribe(&b, m, named("callback3", func() {}))
		s1.Close()
	}))
	b.Publish(order{})
	j.want(t, "callback1")
	b.Publish(order{})
	j.want(t, "callback2 callback3")

	b.Clear() // removeAllListeners
	var s2 *event.Subscription
	event.Subscribe(&b, m, named("callback1", func() { s2.Close() }))
	s2 = event.Subscribe(&b, m, named("callback2", func() {}))
	b.Publish(order{})
	j.want(t, "callback1") // Node: callback1 callback2
	runtime.KeepAlive(m)
}

// TestNode_prepend is test-event-emitter-prepend.js, by priorities.
func TestNode_prepend(t *testing.T) {
	var b event.Bus[order]
	var j journal
	m := &mailer{log: &j}
	event.Subscribe(&b, m, func(*mailer, order) { j.add("third", 0) })
	event.SubscribeWith(&b, m, func(*mailer, order) { j.add("second", 0) }, event.Options{Priority: 1})
	event.SubscribeWith(&b, m, func(*mailer, order) { j.add("first", 0) }, event.Options{Priority: 2})
	b.Publish(order{})
	j.want(t, "first second third")
	runtime.KeepAlive(m)
}

// TestNode_same_listener_twice differs: Node, Guava and Qt's plain connections call a
// listener as often as it was added; here, as with Qt.UniqueConnection, it is there once.
func TestNode_same_listener_twice(t *testing.T) {
	var b event.Bus[order]
	m := &mailer{name: "m", log: new(journal)}
	for range 2 {
		event.Subscribe(&b, m, (*mailer).handle)
	}
	b.Publish(order{})
	m.log.want(t, "m")
}

// TestQt_deleted_receiver is Qt's promise that a receiver's connections end with it, for
// a receiver that is closed while an event is on its way.
func TestQt_deleted_receiver(t *testing.T) {
	var b event.Bus[order]
	var j journal
	a, r := &mailer{name: "a", log: &j}, &mailer{name: "r", log: &j}
	var subs []*event.Subscription
	a.on = func(order) {
		for _, s := range subs {
			s.Close()
		}
	}
	event.Subscribe(&b, a, (*mailer).handle)
	subs = append(subs, event.Subscribe(&b, r, (*mailer).handle), event.Subscribe(&b, r, (*mailer).other),
		event.SubscribeWith(&b, r, func(r *mailer, o order) { r.handle(o) }, event.Options{Queue: 5}))
	b.Publish(order{})
	if err := b.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	j.want(t, "a")
	runtime.KeepAlive([]*mailer{a, r})
}

// TestGuava_unregister is EventBusTest.testUnregister: one that has left hears nothing,
// leaving again is nothing (Guava throws), and it may come back.
func TestGuava_unregister(t *testing.T) {
	var b event.Bus[order]
	m := &mailer{name: "m", log: new(journal)}
	s := event.Subscribe(&b, m, (*mailer).handle)
	b.Publish(order{1})
	s.Close()
	s.Close()
	b.Publish(order{2})
	event.Subscribe(&b, m, (*mailer).handle)
	b.Publish(order{3})
	m.log.want(t, "m. m...")
}

// TestGuava_registerThreadSafety is EventBusTest.testRegisterThreadSafety.
func TestGuava_registerThreadSafety(t *testing.T) {
	const n = 1000
	var b event.Bus[order]
	all := make([]*quiet, n)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			all[i] = new(quiet)
			event.Subscribe(&b, all[i], (*quiet).handle)
		})
	}
	wg.Wait()
	if got := b.Publish(order{}); got != n {
		t.Errorf("reached %d of %d", got, n)
	}
	runtime.KeepAlive(all)
}

// TestGuava_ReentrantEvents is ReentrantEventsTest.testNoReentrantEvents. It differs: see
// TestNestedPublish for the order, and for how to have Guava's.
func TestGuava_ReentrantEvents(t *testing.T) {
	var b event.Bus[order]
	var j journal
	m := &mailer{name: "m", log: &j}
	depth := 0
	m.on = func(o order) {
		depth++
		if o.n == 1 {
			b.Publish(order{2})
		} else if depth != 2 {
			t.Errorf("depth %d, want 2", depth)
		}
		depth--
	}
	event.Subscribe(&b, m, (*mailer).handle)
	b.Publish(order{1})
	j.want(t, "m. m..")
}

// TestEventBus_wrong_listener is what asaskevich/EventBus gets wrong: of two listeners of
// one type it removes the first, whichever is meant, because it compares methods.
func TestEventBus_wrong_listener(t *testing.T) {
	var b event.Bus[order]
	var j journal
	a, z := &mailer{name: "a", log: &j}, &mailer{name: "z", log: &j}
	event.Subscribe(&b, a, (*mailer).handle)
	event.Subscribe(&b, z, (*mailer).handle).Close()
	b.Publish(order{})
	j.want(t, "a")
	runtime.KeepAlive([]*mailer{a, z})
}

// TestShutdownWaitsForQueues checks that weakref.Shutdown waits for what is queued, and
// says what is left.
func TestShutdownWaitsForQueues(t *testing.T) {
	b := event.Bus[order]{Name: "orders"}
	l := newBlocker()
	event.SubscribeWith(&b, l, (*blocker).handle, event.Options{Queue: 10})
	for range 5 {
		b.Publish(order{})
	}
	<-l.entered
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := weakref.Shutdown(ended); err == nil {
		t.Error("Shutdown says that nothing is left")
	} else {
		t.Log(err)
	}
	close(l.release)
	if err := weakref.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if n := l.calls.Load(); n != 5 {
		t.Errorf("%d calls, want 5", n)
	}
	runtime.KeepAlive(l)
}
