//go:build go1.27

package event

// Subscribe is [Subscribe] as a method.
func (b *Bus[E]) Subscribe[O any](owner *O, handler func(owner *O, e E)) *Subscription {
	return Subscribe(b, owner, handler)
}

// SubscribeQueued is [SubscribeQueued] as a method.
func (b *Bus[E]) SubscribeQueued[O any](owner *O, handler func(owner *O, e E), q Queue) *Subscription {
	return SubscribeQueued(b, owner, handler, q)
}
