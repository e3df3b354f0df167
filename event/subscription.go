package event

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/handle"
)

// Subscription is a listener's place on a bus. It need not be kept: the owner's life
// decides. The zero Subscription is closed.
type Subscription struct {
	listener interface { // a *listener[E]; nil: closed
		close()
		await(context.Context) error
	}
}

// Close ends the subscription at once and does not wait. It may be called from anywhere,
// from the handler and under any lock. A handler that a publisher has chosen already may
// still be running, or just about to: see [Subscription.CloseWait]. What is queued is
// dropped. Closing again does nothing.
func (s *Subscription) Close() {
	if s.listener != nil {
		s.listener.close()
	}
}

// CloseWait ends the subscription and returns when its handler is not running and will
// not run any more, or with the error of ctx; the subscription has ended then, too.
//
// It waits for the publishes that are under way on the bus, whatever handlers they are in,
// and perhaps for some that begin meanwhile; or, if the subscription has a queue, for its
// handler. So it is not for calling from inside a handler of the bus, nor under a lock that a handler
// takes: it would wait until ctx ends. Use [Subscription.Close] there.
func (s *Subscription) CloseWait(ctx context.Context) error {
	if s.listener == nil {
		return nil
	}
	s.listener.close()
	_ = ctx.Err() // panics if ctx is nil, before it matters
	return s.listener.await(ctx)
}

// listener is a subscription of a bus of events of type E.
type listener[E any] struct {
	Subscription
	key      key          // fixed
	owner    handle.H     // fixed
	kind     reflect.Type // fixed; the owner's type
	priority int          // fixed
	core     *core[E]     // fixed
	call     func(E) bool // fixed; calls the handler; false: the owner is dead
	queue    *queue[E]    // fixed; nil: the handler runs on the publisher's goroutine
	state    atomic.Uint32
	index    uint32 // in the core's list; guarded by core.mu
}

// key says which subscriptions are one and the same, as long as the owner lives.
type key struct {
	owner   uintptr        // its address, which the index looks up; handle.Addr confirms it
	handler unsafe.Pointer // the func, which is a pointer to what it calls
}

// The state is a set of these bits. It is 0 when there is nothing to do but to call the
// handler.
const (
	ended  = 1 << iota // closed or dead; for good
	queued             // there is a queue
	silent             // the handler has not handled an event
)

// Subscribe has the bus call handler(owner, e) for every event e, for as long as
// owner lives and the subscription is not closed:
//
//	event.Subscribe(&bus, mailer, (*Mailer).OnOrder)
//
// owner is held weakly. handler is held strongly: it is a method expression, or any
// function whose first argument is the owner, and must not be a closure that refers to
// the owner, which would never die then. The owner is all that has a life here, so
// keep it; the result need not be kept.
//
// The same owner and the same handler twice is one subscription, in its old place and
// with its old options; the first is returned. Go does not tell whether two closures are
// the same, or two instantiations of a generic method; those are different handlers.
//
// Subscribe panics with a [*weakref.UnsupportedError] if owner is nil or of a type
// that cannot be weakly referenced, and if handler is nil. On a bus that has been closed
// the result is a closed subscription.
func Subscribe[E, O any](b *Bus[E], owner *O, handler func(owner *O, e E)) *Subscription {
	return SubscribeWith(b, owner, handler, Options{})
}

// SubscribeWith is [Subscribe] with options. It panics if they make no sense.
func SubscribeWith[E, O any](b *Bus[E], owner *O, handler func(owner *O, e E), o Options) *Subscription {
	o.check()
	// From 16 bytes on, every type can be weakly referenced.
	if owner == nil || unsafe.Sizeof(*owner) < 16 {
		if err := weakref.Check(owner); err != nil {
			panic(err)
		}
	}
	if handler == nil {
		panic("event: Subscribe needs a handler")
	}
	c := b.begin()
	if (b.OnPanic == nil) != (c.onPanic == nil) || (b.OnCollect == nil) != (c.notices == nil) || (b.OnActive == nil) != (c.onActive == nil) {
		panic("event: a field of the Bus has been set after its first use")
	}
	s := &listener[E]{
		key:      key{uintptr(unsafe.Pointer(owner)), *(*unsafe.Pointer)(unsafe.Pointer(&handler))},
		owner:    handle.Of(owner),
		kind:     reflect.TypeFor[O](),
		priority: o.Priority,
		core:     c,
	}
	s.listener = s
	s.call = caller(s, handler)
	s.state.Store(silent)
	if o.Queue != 0 {
		s.queue = &queue[E]{sub: s, limit: o.Queue, full: o.Full}
		s.state.Store(silent | queued)
		c.queues.Store(true)
	}
	s = s.core.add(s)
	runtime.KeepAlive(owner)
	return &s.Subscription
}

// caller returns the function that calls a handler. It is made once a subscription, so
// that listeners of all types can be in one list; see docs/decisions/0100. Inlined, it
// would be a third slower: calls in the function itself would not be inlined any more.
//
//go:noinline
func caller[E, O any](s *listener[E], handler func(*O, E)) func(E) bool {
	h := s.owner
	if !handle.Direct[O]() {
		return func(e E) bool {
			owner := handle.Strong[O](h)
			if owner == nil {
				return false
			}
			handler(owner, e)
			return true
		}
	}
	w := handle.Weak[O](h)
	return func(e E) bool {
		owner := w.Value()
		if owner == nil {
			return false
		}
		handler(owner, e)
		return true
	}
}

// heard notes that the handler has handled an event, or failed to.
func (s *listener[E]) heard() {
	if s.state.Load()&silent != 0 {
		s.state.And(^uint32(silent))
	}
}

// end sets the bit and reports whether it was not set before.
func (s *listener[E]) end() bool { return s.state.Or(ended)&ended == 0 }

func (s *listener[E]) close() {
	if s.end() {
		s.core.remove(s)
		s.core.tell()
	}
}

func (s *listener[E]) await(ctx context.Context) error {
	if s.queue == nil {
		return s.core.grace.wait(ctx)
	}
	return s.flush(ctx)
}

// flush returns when what the queues have taken by now has been handled or dropped.
func (s *listener[E]) flush(ctx context.Context) (err error) {
	for _, q := range s.queue.all() {
		if err == nil {
			err = q.await(ctx)
		}
	}
	return err
}

func (s *listener[E]) endQueues() {
	for _, q := range s.queue.all() {
		q.end()
	}
}

func (s *listener[E]) describe() Listener {
	l := Listener{Owner: s.kind, Handler: "func", Received: s.state.Load()&silent == 0}
	if f := runtime.FuncForPC(**(**uintptr)(unsafe.Pointer(&s.key.handler))); f != nil {
		l.Handler = f.Name()
	}
	for _, q := range s.queue.all() {
		l.Queued += q.Pending()
	}
	return l
}

// Listener describes a subscription, for inspection and reports.
type Listener struct {
	Owner    reflect.Type // what the owner's pointer points to
	Handler  string       // the function's name
	Received bool         // the handler has handled an event
	Queued   int          // events that wait in the subscription's queue
}

// String returns the handler and the type of its owner.
func (l Listener) String() string { return fmt.Sprintf("%s of a *%v", l.Handler, l.Owner) }
