package event

import (
	"runtime"
	"unsafe"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/handle"
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
// The same owner and the same handler twice is one subscription, in its old place; the
// first is returned. Go does not tell whether two closures are the same, or two
// instantiations of a generic method; those are different handlers.
//
// Subscribe panics with a [*weakref.UnsupportedError] if owner is nil or of a type
// that cannot be weakly referenced, and if handler is nil. It costs about what the
// first weak pointer to owner costs, and as much again.
func Subscribe[E, O any](b *Bus[E], owner *O, handler func(owner *O, e E)) *Subscription {
	s, _ := b.begin().add(newSubscription(owner, handler))
	runtime.KeepAlive(owner)
	return s
}

// newSubscription returns a subscription that belongs to no bus yet.
func newSubscription[E, O any](owner *O, handler func(*O, E)) *Subscription {
	// From 16 bytes on, every type can be weakly referenced.
	if owner == nil || unsafe.Sizeof(*owner) < 16 {
		if err := weakref.Check(owner); err != nil {
			panic(err)
		}
	}
	if handler == nil {
		panic("event: Subscribe needs a handler")
	}
	return &Subscription{
		key:   key{uintptr(unsafe.Pointer(owner)), funcWord(handler)},
		owner: handle.Of(owner),
		kind:  kindOf[O](),
	}
}
