package event

import (
	"iter"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
)

// Hub routes events by topic and by their Go type: for each pair that somebody listens
// to it has a [Bus], which is made for the first listener and dropped after the last.
// Two types under one topic do not meet.
//
// The zero Hub is ready to use. Its fields are set before first use; it must not be
// copied after that. All that is done with a Hub is safe for concurrent use.
type Hub struct {
	// OnPanic and OnUnfired are those of the buses. The name of a bus is its topic.
	OnPanic   func(*PanicError)
	OnUnfired func(Listener)

	state atomic.Pointer[routes] // made at first use; apart, for buses refer to it
}

// routes is the buses of a hub, a *Bus[E] for each Route.
type routes struct{ sync.Map }

// Route is what a hub routes by.
type Route struct {
	Topic string
	Event reflect.Type
}

// SubscribeTopic is [Subscribe] to the events of type E under a topic.
func SubscribeTopic[E, O any](h *Hub, topic string, owner *O, handler func(owner *O, e E)) *Subscription {
	return subscribeTopic[E](h, topic, func() *Subscription { return newSubscription(owner, handler) }, owner)
}

// SubscribeTopicQueued is [SubscribeQueued] to the events of type E under a topic.
func SubscribeTopicQueued[E, O any](h *Hub, topic string, owner *O, handler func(owner *O, e E), q Queue) *Subscription {
	return subscribeTopic[E](h, topic, func() *Subscription { return newQueued(owner, handler, q) }, owner)
}

// subscribeTopic adds a subscription to the bus of a topic, which may be dropped at
// any time and is replaced then.
func subscribeTopic[E, O any](h *Hub, topic string, create func() *Subscription, owner *O) *Subscription {
	for {
		b := busOf[E](h, topic)
		if s, ok := b.begin().add(create()); ok {
			runtime.KeepAlive(owner)
			return s
		}
	}
}

// PublishTopic is [Bus.Publish] to those who listen to events of type E under a topic.
func PublishTopic[E any](h *Hub, topic string, e E) int {
	if v, ok := h.routes().Load(routeOf[E](topic)); ok {
		return v.(*Bus[E]).Publish(e)
	}
	return 0
}

// All returns an iterator over the routes that have listeners and the counters of
// their buses, in no order. What the buses of dropped routes counted is gone.
func (h *Hub) All() iter.Seq2[Route, Stats] {
	return func(yield func(Route, Stats) bool) {
		for k, v := range h.routes().Range {
			if !yield(k.(Route), v.(interface{ Stats() Stats }).Stats()) {
				return
			}
		}
	}
}

func routeOf[E any](topic string) Route { return Route{topic, reflect.TypeFor[E]()} }

func (h *Hub) routes() *routes {
	if r := h.state.Load(); r != nil {
		return r
	}
	h.state.CompareAndSwap(nil, new(routes))
	return h.state.Load()
}

// busOf returns the bus of a route, which may be dropped before the caller uses it.
func busOf[E any](h *Hub, topic string) *Bus[E] {
	routes, route := h.routes(), routeOf[E](topic)
	if v, ok := routes.Load(route); ok {
		return v.(*Bus[E])
	}
	b := &Bus[E]{Name: topic, OnPanic: h.OnPanic, OnUnfired: h.OnUnfired}
	// The bus has no listener yet, so nobody calls this before the first has come and
	// gone.
	b.begin().onEmpty = func() { routes.CompareAndDelete(route, b) }
	v, _ := routes.LoadOrStore(route, b)
	return v.(*Bus[E])
}
