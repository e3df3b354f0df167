package event

import (
	"context"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/internal/usercode"
)

// delivery is one event on its way to the listeners.
type delivery[E any] struct {
	core *core[E]
	ctx  context.Context // of PublishContext, or nil
	subs []atomic.Pointer[listener[E]]

	next    int   // the listener whose turn it is
	reached int   // handlers and queues
	queued  int   // queues
	full    int   // queues that had no room and want that known
	err     error // of ctx
}

func (d *delivery[E]) publish(e E) {
	at, phase := d.core.grace.enter(uintptr(unsafe.Pointer(d)))
	defer d.leave(at, phase) // also if a handler ends the goroutine
	d.subs = d.core.snapshot()
	d.rest(e)
}

func (d *delivery[E]) leave(at *stripe, phase uint64) {
	if n := d.reached - d.queued; n > 0 {
		at.delivered.Add(uint64(n))
	}
	d.core.grace.leave(at, phase)
}

// rest goes on until all listeners have had their turn.
func (d *delivery[E]) rest(e E) {
	for d.next < len(d.subs) {
		d.run(e)
	}
}

// run goes on until all listeners have had their turn, or a handler has panicked: there
// is one deferred call for all, not one for each. This is the hot loop; it takes no lock
// and allocates nothing.
func (d *delivery[E]) run(e E) {
	var s *listener[E]
	finished := false
	defer func() {
		if !finished {
			d.failed(s, e, usercode.Outcome(false, recover(), nil))
		}
	}()
	plain := d.ctx == nil
	for d.next < len(d.subs) {
		s = d.subs[d.next].Load()
		d.next++
		if s == nil {
			continue
		}
		// CloseWait relies on this load, which comes after enter.
		if s.state.Load() != 0 || !plain {
			d.admit(s, e)
		} else if s.call(e) {
			d.reached++
		}
	}
	finished = true
}

// failed is called when a handler has not returned. If the goroutine ends, the others get
// the event first.
func (d *delivery[E]) failed(s *listener[E], e E, err error) {
	d.reached++
	exits := true
	defer func() {
		if exits {
			d.rest(e)
		}
	}()
	exits = d.core.failed(s, err)
}

// admit is for listeners that are new, have ended or have queues, and if there is a
// context.
func (d *delivery[E]) admit(s *listener[E], e E) {
	ctx, o := d.ctx, refused
	if ctx == nil {
		ctx = context.Background()
	}
	if d.err = ctx.Err(); d.err == nil && s.state.Load()&ended == 0 {
		if s.queue != nil {
			o, d.err = s.queue.here().put(ctx, e)
		} else if s.call(e) {
			d.reached++
			s.heard()
		}
	}
	switch {
	case d.err != nil:
		d.next = len(d.subs)
	case o == full:
		d.full++
	case o == taken:
		d.queued++
		d.reached++
	}
}
