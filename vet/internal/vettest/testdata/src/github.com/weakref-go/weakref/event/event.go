// Package event is a fake with the signatures that the checks know.
package event

type Bus[E any] struct{ _ *E }

type Subscription struct{ _ int }

func Subscribe[E, O any](b *Bus[E], owner *O, handle func(*O, E)) *Subscription { panic("fake") }

func (b *Bus[E]) Publish(e E) int { panic("fake") }
func (s *Subscription) Cancel()   {}

// Options says how a listener is called.
type Options struct{ Queue int }

func SubscribeWith[E, O any](b *Bus[E], owner *O, handler func(owner *O, e E), o Options) *Subscription {
	return nil
}
