//go:build go1.27

package event

// Subscribe is [Subscribe] as a method.
func (b *Bus[E]) Subscribe[O any](owner *O, handler func(owner *O, e E)) *Subscription {
	return Subscribe(b, owner, handler)
}

// SubscribeWith is [SubscribeWith] as a method.
func (b *Bus[E]) SubscribeWith[O any](owner *O, handler func(owner *O, e E), o Options) *Subscription {
	return SubscribeWith(b, owner, handler, o)
}
