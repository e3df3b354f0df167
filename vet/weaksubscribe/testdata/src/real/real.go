// Package real holds bugs found in published code, rewritten in minimal form.
package real

import "weak"

// A manager of listeners that holds each by a weak pointer to its parameter.
type EventManager struct{ listeners []weak.Pointer[func()] }

func (em *EventManager) AddListener(listener func()) {
	em.listeners = append(em.listeners, weak.Make(&listener)) // want `the weak pointer refers to the variable listener`
}

// A bus whose subscriptions are held by the function that ends them.
type Bus struct {
	subs map[string][]weak.Pointer[sub]
}

type sub struct{ f func(string) }

func (b *Bus) Subscribe(topic string, f func(string)) (unsubscribe func()) {
	s := &sub{f: f}
	b.subs[topic] = append(b.subs[topic], weak.Make(s))
	return func() { b.remove(topic, s) }
}

func (b *Bus) remove(topic string, s *sub) {}

func inPackage(b *Bus) {
	b.Subscribe("a", func(string) {}) // want `the result of Subscribe is dropped`
	stop := b.Subscribe("a", func(string) {})
	defer stop()
}

// A registry that keeps what it hands out.
type registry struct {
	all  []*sub
	weak []weak.Pointer[sub]
}

func (r *registry) Add() *sub {
	s := &sub{}
	r.all = append(r.all, s)
	r.weak = append(r.weak, weak.Make(s))
	return s
}

func dropsFromRegistry(r *registry) { r.Add() }
