package event

import (
	"sync/atomic"

	"github.com/weakref-go/weakref/internal/handle"
)

// delivery is one event on its way to the listeners.
type delivery[E any] struct {
	core *core
	at   *place
	subs []atomic.Pointer[Subscription]
	done <-chan struct{} // of the context; nil: none

	next    int // the listener whose turn it is
	current *Subscription
	called  int // handlers
	reached int // handlers and queues
	stopped bool
	full    FullError
}

func (d *delivery[E]) publish(e E) {
	d.at = d.core.running.take()
	defer d.leave() // also if a handler ends the goroutine
	for !d.run(e) {
	}
}

func (d *delivery[E]) leave() {
	d.at.published.Add(1)
	d.at.delivered.Add(uint64(d.called))
	d.core.running.leave(d.at)
}

// run goes on with the listeners, and returns when all have had their turn, or one
// has panicked: there is one deferred call for a publish, not one for each handler.
// This is the hot loop; it takes no lock and allocates nothing.
func (d *delivery[E]) run(e E) (finished bool) {
	defer func() {
		if !finished {
			d.core.recovered(d.current, recover())
		}
	}()
	running, at, subs := &d.core.running, d.at, d.subs
	for d.next < len(subs) {
		s := subs[d.next].Load()
		d.next++
		if s == nil {
			continue
		}
		at.current.Store(address(s))
		running.moved()
		if d.done != nil && d.isDone() {
			break
		}
		state := s.state.Load() // after the store to at.current
		if state != fired && !d.admit(s, state, e) {
			continue
		}
		owner := handle.Strong[byte](s.owner)
		if owner == nil {
			continue
		}
		if state != fired {
			s.state.Or(fired)
		}
		d.current = s
		d.called++
		d.reached++
		call(s.key.handler, owner, e)
	}
	return true
}

func (d *delivery[E]) isDone() bool {
	select {
	case <-d.done:
		d.stopped = true
		return true
	default:
		return false
	}
}

// admit reports whether the handler of a subscription that is not just fired shall
// be called now. If it has a queue, the event is put there.
func (d *delivery[E]) admit(s *Subscription, state uint32, e E) bool {
	switch {
	case state&ended != 0:
		return false
	case state&queued == 0:
		return true
	}
	switch s.queue.(*queue[E]).put(d.done, e) {
	case put:
		d.reached++
	case notPut:
	case wasFull:
		d.full.Listeners++
	case stopped:
		d.stopped = true
		d.next = len(d.subs)
	}
	return false
}
