package event

import (
	"cmp"
	"context"
	"iter"
	"reflect"
	"sync/atomic"

	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
)

// Bus delivers events of type E to listeners that it holds weakly.
//
// The zero Bus is ready to use. Its fields are set before first use; it must not be
// copied after that. All methods are safe for concurrent use, also from handlers.
type Bus[E any] struct {
	// Name is shown by Stats and in reports.
	Name string

	// OnPanic is called when a handler has panicked, on the goroutine that ran it and
	// under no lock, before the next listener gets its event. The panic is logged as
	// well.
	OnPanic func(*PanicError)

	// OnUnfired is called when a listener has died without ever having received an
	// event, as one does that nobody but the bus referred to. It is called on a
	// goroutine of its own, under no lock, once a listener.
	OnUnfired func(Listener)

	state atomic.Pointer[core] // made at first use
}

// Publish calls the handlers of all listeners with e, in the order in which they
// subscribed, on the caller's goroutine, and returns how many it reached: handlers
// called, whether or not they panicked, and queues that took the event.
//
// A listener that subscribes while Publish runs does not receive e; one that is
// closed while it runs receives e only if its turn came before. No lock is held
// while a handler runs.
func (b *Bus[E]) Publish(e E) int {
	c := b.begin()
	d := delivery[E]{core: c, subs: c.snapshot()}
	d.publish(e)
	return d.reached
}

// PublishContext is Publish with an end: when ctx is done, it returns how many
// listeners it has reached so far, and the error of ctx. It looks between handlers,
// and while it waits for room in a queue; it does not interrupt a handler.
//
// If queues with the policy [Fail] were full, it goes on with the other listeners and
// returns a [*FullError] in the end.
func (b *Bus[E]) PublishContext(ctx context.Context, e E) (reached int, err error) {
	c := b.begin()
	d := delivery[E]{core: c, subs: c.snapshot(), done: ctx.Done(), careful: true}
	d.publish(e)
	switch {
	case d.stopped:
		return d.reached, ctx.Err()
	case d.full.Listeners > 0:
		return d.reached, &FullError{d.full.Listeners}
	}
	return d.reached, nil
}

// Len returns the number of listeners not yet known to be dead, which is never less
// than the number of those alive. It keeps nothing alive.
func (b *Bus[E]) Len() int {
	if c := b.state.Load(); c != nil {
		return int(c.live.Load())
	}
	return 0
}

// Listeners returns an iterator over the live listeners in order of subscription.
// It yields those that are subscribed from the beginning of the loop to its end,
// each once; others perhaps. The loop may change the bus. It keeps no listener
// alive.
func (b *Bus[E]) Listeners() iter.Seq[Listener] {
	return func(yield func(Listener) bool) {
		c := b.state.Load()
		if c == nil {
			return
		}
		subs := c.snapshot()
		for i := range subs {
			s := subs[i].Load()
			if s == nil || s.state.Load()&ended != 0 || handle.Addr[byte](s.owner) == 0 {
				continue
			}
			if !yield(s.listener()) {
				return
			}
		}
	}
}

// Sweep removes the listeners that the collector has found dead and returns their
// number. The bus does this by itself after every collection; after a call of
// [runtime.GC], Sweep misses none.
func (b *Bus[E]) Sweep() int {
	if c := b.state.Load(); c != nil {
		return c.sweepDead()
	}
	return 0
}

// Stats returns the bus's counters.
func (b *Bus[E]) Stats() Stats {
	st := Stats{Name: b.Name}
	if c := b.state.Load(); c != nil {
		c.report(&st)
	}
	return st
}

func (b *Bus[E]) begin() *core {
	if c := b.state.Load(); c != nil {
		return c
	}
	name := cmp.Or(b.Name, reflect.TypeOf(b).Elem().String())
	c := newCore(name, b.OnPanic, b.OnUnfired)
	if !b.state.CompareAndSwap(nil, c) {
		return b.state.Load() // somebody else was first
	}
	gcclock.Watch(c, (*core).sweep)
	return c
}
