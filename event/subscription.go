package event

import (
	"fmt"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
)

// Subscription is a listener's place on a bus. It need not be kept: the owner's life
// decides. The zero Subscription is closed.
type Subscription struct {
	key   key          // fixed
	owner handle.H     // fixed
	kind  reflect.Type // fixed; the owner's type
	core  *core        // fixed once the subscription has been added
	queue *waiting     // fixed; nil: handlers run on the publisher's goroutine
	state atomic.Uint32
	index uint32 // in the core's list; guarded by core.mu
}

// key says which subscriptions are one and the same, as long as the owner lives.
type key struct {
	owner   uintptr        // its address, which the index looks up; handle.Addr confirms it
	handler unsafe.Pointer // a func(*O, E)
}

// The state is a set of these bits. It is fired alone when there is nothing to do
// but to call the handler.
const (
	fired  = 1 << iota // the handler has been called
	ended              // closed or dead; for good
	queued             // the subscription has a queue
)

// Close ends the subscription. The handler is not called any more once Close has
// begun, but for calls that are under way; when Close returns, there are none.
//
// There are two exceptions, which would wait for ever. If Close is called from the handler
// itself, it does not wait, not for calls of the handler on other goroutines either. And
// it does not wait for a handler that in a Close of its own waits for the caller, directly
// or through others.
//
// A listener that has died but has not been collected still receives events, so
// Close is the way to be exact. Closing again does nothing but wait. What is queued is
// dropped.
func (s *Subscription) Close() {
	c := s.core
	if c == nil {
		return
	}
	if s.end() {
		c.remove(s)
	}
	if s.queue != nil {
		s.queue.end()
	}
	c.await(s)
}

// end sets the bit and reports whether it was not set before.
func (s *Subscription) end() bool { return s.state.Or(ended)&ended == 0 }

func (s *Subscription) listener() Listener {
	l := Listener{
		Owner:    s.kind,
		Handler:  funcName(s.key.handler),
		Received: s.state.Load()&fired != 0,
	}
	if s.queue != nil {
		l.Queued = s.queue.len()
	}
	return l
}

// Listener describes a subscription, for inspection and reports.
type Listener struct {
	Owner    reflect.Type // what the owner's pointer points to
	Handler  string       // the function's name
	Received bool         // the handler has been called
	Queued   int          // events that wait in the subscription's queue
}

// String returns the handler and the type of its owner.
func (l Listener) String() string { return fmt.Sprintf("%s of a *%v", l.Handler, l.Owner) }
