package event

import (
	"iter"
	"reflect"
	"sync"

	"github.com/weakref-go/weakref"
)

// Hub is buses by topic and by the Go type of their events: [Topic] finds them. Two types
// under one topic do not meet. A hub keeps those buses that have listeners, and the others
// for as long as somebody else refers to them, so that topics may be many and short-lived.
//
// The zero Hub is ready to use. Its fields are set before first use; it must not be
// copied after that. All that is done with a Hub is safe for concurrent use.
type Hub struct {
	// OnPanic and OnCollect are those of the buses. The name of a bus is its topic.
	OnPanic   func(Listener, *weakref.PanicError)
	OnCollect func(Listener)

	buses weakref.ValueMap[Route, topic]
	busy  sync.Map // a *topic for each Route that has listeners
}

// Route is what a hub finds a bus by.
type Route struct {
	Topic string
	Event reflect.Type
}

// topic is a bus of any type. The two refer to each other.
type topic struct {
	bus interface{ Stats() Stats } // a *Bus[E]
}

// Topic returns the bus for events of type E under a topic: the same one as long as
// anybody refers to it or listens.
func Topic[E any](h *Hub, name string) *Bus[E] {
	route := Route{name, reflect.TypeFor[E]()}
	t, ok := h.buses.Load(route)
	if !ok {
		t = new(topic)
		t.bus = &Bus[E]{Name: name, OnPanic: h.OnPanic, OnCollect: h.OnCollect, keep: t, OnActive: func(active bool) {
			if active {
				h.busy.Store(route, t)
			} else {
				h.busy.Delete(route)
			}
		}}
		t, _ = h.buses.LoadOrStore(route, t)
	}
	return t.bus.(*Bus[E])
}

// PublishTopic is [Bus.Publish] to those who listen to events of type E under a topic. It
// makes no bus if there is none.
func PublishTopic[E any](h *Hub, name string, e E) int {
	if t, ok := h.buses.Load(Route{name, reflect.TypeFor[E]()}); ok {
		return t.bus.(*Bus[E]).Publish(e)
	}
	return 0
}

// All returns an iterator over the routes that have listeners and the counters of
// their buses, in no order.
func (h *Hub) All() iter.Seq2[Route, Stats] {
	return func(yield func(Route, Stats) bool) {
		for k, v := range h.busy.Range {
			if !yield(k.(Route), v.(*topic).bus.Stats()) {
				return
			}
		}
	}
}
