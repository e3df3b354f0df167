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

	next    int  // the listener whose turn it is
	reached int  // handlers and queues
	queued  int  // queues
	careful bool // whatever is written to the place is written atomically
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
	d.at.delivered.Add(uint64(d.reached - d.queued))
	d.core.running.leave(d.at)
}

// run goes on with the listeners, and returns when all have had their turn, or one
// has panicked: there is one deferred call for a publish, not one for each handler.
// This is the hot loop; it takes no lock and allocates nothing.
func (d *delivery[E]) run(e E) (finished bool) {
	var s *Subscription
	defer func() {
		if !finished {
			d.core.recovered(s, recover())
		}
	}()
	running, at, subs, direct := &d.core.running, d.at, d.subs, handle.Direct[E]()
	for d.next < len(subs) {
		s = subs[d.next].Load()
		d.next++
		if s == nil {
			continue
		}
		announce(&at.current, address(s))
		state := s.state.Load() // after that; see places
		if (state != fired || d.careful || running.closing.Load() != 0) && !d.admit(s, e) {
			continue
		}
		var owner *byte
		if direct {
			owner = handle.Weak[byte](s.owner).Value() // Strong, but for one call
		} else {
			owner = handle.Strong[byte](s.owner)
		}
		if owner == nil {
			continue
		}
		if state != fired {
			s.state.Or(fired)
		}
		d.reached++
		call(s.key.handler, owner, e)
	}
	return true
}

// admit does what is rarely to be done before a handler is called, and reports
// whether it shall be called. If the subscription has a queue, the event is put there.
func (d *delivery[E]) admit(s *Subscription, e E) bool {
	if d.careful || d.core.running.closing.Load() != 0 {
		d.careful = true
		d.at.set(s)
		d.core.running.moved()
	}
	switch state := s.state.Load(); { // after the store; see places
	case d.isDone() || state&ended != 0:
		return false
	case state&queued == 0:
		return true
	}
	switch s.queue.pending.(*queue[E]).put(d.done, e) {
	case put:
		d.reached++
		d.queued++
	case wasFull:
		d.full.Listeners++
	case stopped:
		d.stop()
	}
	return false
}

func (d *delivery[E]) isDone() bool {
	select {
	case <-d.done:
		d.stop()
		return true
	default:
		return false
	}
}

func (d *delivery[E]) stop() {
	d.stopped = true
	d.next = len(d.subs)
}
