package event

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"reflect"
	"slices"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/lazy"
)

// ErrClosed says that a bus has been closed.
var ErrClosed = errors.New("event: the bus is closed")

// Bus delivers events of type E to listeners that it holds weakly.
//
// The zero Bus is ready to use. Its fields are set before first use: Subscribe panics if
// a hook was set later. It must not be copied after that. All methods are safe for concurrent use, also from handlers.
type Bus[E any] struct {
	// Name is shown by Stats and in reports.
	Name string

	// OnPanic is called when a handler has panicked, on the goroutine that ran it and
	// under no lock, before the next listener gets its event. The panic is logged as
	// well.
	OnPanic func(Listener, *weakref.PanicError)

	// OnCollect is called when a subscription has ended because its owner died, once for
	// each, on a goroutine of its own and under no lock. Listener.Received tells whether
	// it had ever received an event: one that nobody but the bus referred to has not.
	OnCollect func(Listener)

	// OnActive is called with true when the bus has got its first listener, before
	// Subscribe returns, and with false when it has lost its last, by Close or by death:
	// for what feeds the bus from elsewhere. Calls come in turn and not two at once, under
	// no lock; a bus that gains and loses listeners meanwhile is not told of.
	OnActive func(active bool)

	state lazy.Value[core[E]]
	keep  any // what must live as long as the bus
}

// Publish calls the handlers of all listeners with e, by priority and then in the order
// in which they subscribed, on the caller's goroutine, and returns how many it reached:
// handlers called, whether or not they panicked, and queues that took the event.
//
// A listener that subscribes while Publish runs does not receive e; one that is
// closed while it runs receives e only if its turn came before. No lock is held
// while a handler runs. What a handler publishes is delivered before Publish goes on: see
// "Order" above.
func (b *Bus[E]) Publish(e E) int {
	d := delivery[E]{core: b.begin()}
	d.publish(e)
	return d.reached
}

// PublishContext is Publish with an end: when ctx is done, it returns how many
// listeners it has reached so far, and the error of ctx. It looks between handlers,
// and while it waits for room in a queue; it does not interrupt a handler.
//
// If queues with the policy [Fail] were full, it goes on with the other listeners and
// returns a [*FullError] in the end. On a bus that was closed it returns [ErrClosed], but
// not for what has reached anybody before.
func (b *Bus[E]) PublishContext(ctx context.Context, e E) (reached int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	d := delivery[E]{core: b.begin(), ctx: ctx}
	d.publish(e)
	switch {
	case d.err != nil:
		err = d.err
	case d.full > 0:
		err = &FullError{d.full}
	case d.reached == 0 && d.core.closed.Load():
		err = ErrClosed
	}
	return d.reached, err
}

// Flush returns when the publishes that were under way when it was called have ended, and
// all that the queues had taken by then has been handled or dropped; or with the error of
// ctx. It is not for calling from a handler of the bus, which it would wait for.
func (b *Bus[E]) Flush(ctx context.Context) error {
	c := b.begin()
	return c.flush(ctx, c.all)
}

// Clear ends all subscriptions at once and does not wait, as [Subscription.Close] does.
func (b *Bus[E]) Clear() {
	for _, s := range b.begin().removeAll(false) {
		s.close()
	}
}

// Close ends the bus: from now on nothing that is published reaches anybody, and nobody
// can subscribe. It waits, as Flush does, for what was published before, and then ends all
// subscriptions; if ctx ends earlier, it ends them at once, which drops what is queued,
// and returns the error of ctx. It is not for calling from a handler of the bus.
func (b *Bus[E]) Close(ctx context.Context) error {
	c := b.begin()
	all := c.removeAll(true)
	err := c.flush(ctx, slices.Values(all))
	for _, s := range all {
		s.close()
	}
	return err
}

// Len returns the number of listeners not yet known to be dead, which is never less
// than the number of those alive. It keeps nothing alive.
func (b *Bus[E]) Len() int { return int(b.begin().live.Load()) }

// Listeners returns an iterator over the live listeners in the order in which they are
// called. It yields those that are subscribed from the beginning of the loop to its end,
// each once; others perhaps. The loop may change the bus. It keeps no listener
// alive.
func (b *Bus[E]) Listeners() iter.Seq[Listener] {
	return func(yield func(Listener) bool) {
		subs := b.begin().snapshot()
		for i := range subs {
			s := subs[i].Load()
			if s != nil && s.state.Load()&ended == 0 && handle.Addr[byte](s.owner) != 0 && !yield(s.describe()) {
				return
			}
		}
	}
}

// Sweep removes the listeners that the collector has found dead and returns their
// number. The bus does this by itself after every collection; after a call of
// [runtime.GC], Sweep misses none.
func (b *Bus[E]) Sweep() int { return b.begin().sweep() }

// Stats returns the bus's counters.
func (b *Bus[E]) Stats() Stats { return b.begin().stats(b.Name) }

func (b *Bus[E]) begin() *core[E] {
	if c := b.state.Load(); c != nil {
		return c
	}
	return b.state.Begin(b.newCore, func(c *core[E]) {
		gcclock.Watch(c, func(c *core[E]) { c.sweep() })
	})
}

func (b *Bus[E]) newCore() *core[E] {
	c := &core[E]{name: cmp.Or(b.Name, reflect.TypeOf(b).Elem().String()), onPanic: b.OnPanic, onActive: b.OnActive}
	if b.OnCollect != nil {
		c.notices = &callback.Queue[Listener]{Call: b.OnCollect, What: c.name + ".OnCollect"}
	}
	c.list.Store(newList[E](4))
	return c
}
