// Package bus holds what callers of another package get wrong.
package bus

import "weak"

type Bus struct {
	weak []weak.Pointer[func()]
	subs []weak.Pointer[sub]
}

type sub struct {
	topic string
	f     func()
}

// SubscribeWeakly loses its callback.
func (b *Bus) SubscribeWeakly(topic string, f func()) {
	b.weak = append(b.weak, weak.Make(&f)) // bad: weaksubscribe
}

// Subscribe returns what keeps the subscription.
func (b *Bus) Subscribe(topic string, f func()) (cancel func()) {
	s := &sub{topic, f}
	b.subs = append(b.subs, weak.Make(s))
	return func() { s.f = nil }
}
