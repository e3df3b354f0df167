package linear

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/weakref-go/weakref/event"
)

// listening is the model of a bus: who is subscribed, and whose handler may start. Close
// ends the first; what CloseWait adds, the op Wait, ends the second. A publish is not one
// moment for all listeners, so it is an op for each.
type listening struct{ subscribed, may ids }

func (s *listening) step(in input, out output) bool {
	switch in.op {
	case "Subscribe":
		s.subscribed, s.may = s.subscribed.with(in.a), s.may.with(in.a)
	case "Close":
		s.subscribed &^= ids(0).with(in.a)
	case "Wait":
		s.may &^= ids(0).with(in.a)
	case "Reach":
		return out.ok == s.subscribed.has(in.a)
	case "Handle":
		return s.may.has(in.a)
	}
	return true
}

var listeningModel = modelOf(listening{}, (*listening).step)

// bus is one history of a Bus. Each client subscribes and closes a listener of its own,
// and all publish.
type bus struct {
	scenario
	history
	b    event.Bus[*published]
	ears [busClients]*ear
}

const busClients = 3

// published is an event: who publishes, and whom it has reached.
type published struct {
	client  int
	reached ids
}

// ear is a listener. The last one has a queue.
type ear struct {
	id  uint8
	sub *event.Subscription
	h   *bus
	mu  sync.Mutex // workers of an old and a new subscription
}

func (e *ear) hear(p *published) {
	client := p.client
	if e.isQueued() {
		client = busClients // the workers'
		e.mu.Lock()
		defer e.mu.Unlock()
	} else {
		p.reached = p.reached.with(e.id)
	}
	e.h.do(client, input{op: "Handle", a: e.id}, func() output { return output{} })
	if e.id == 2 {
		runtime.Gosched()
	}
}

func (e *ear) options() event.Options {
	if e.isQueued() {
		return event.Options{Queue: 8, Full: event.DropOldest}
	}
	return event.Options{Priority: int(e.id)}
}

func (e *ear) isQueued() bool { return e.id == busClients }

func TestBus(t *testing.T) {
	many(t, scenario{}, func(t *testing.T, s scenario) int {
		h := &bus{scenario: s}
		for i := range h.ears {
			h.ears[i] = &ear{id: uint8(i + 1), h: h}
		}
		fillers := make([]object, 100)
		h.run([]func(int){h.client(10, h.step), h.client(10, h.step), h.client(10, h.step), func(int) {}}, h.collector(), func() {
			for i := range fillers { // so that the list is replaced
				event.SubscribeWith(&h.b, &fillers[i], func(*object, *published) {}, event.Options{Priority: i % 3})
			}
			for i := range fillers {
				event.Subscribe(&h.b, &fillers[i], func(*object, *published) {}).Close()
			}
			h.b.Sweep()
		})
		if err := h.b.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		runtime.KeepAlive(h)
		return h.check(t, listeningModel)
	})
}

func (h *bus) step(rnd *rand.Rand, client int) {
	e := h.ears[client]
	switch op := rnd.IntN(8); {
	case op < 3:
		h.do(client, input{op: "Subscribe", a: e.id}, func() output {
			e.sub = event.SubscribeWith(&h.b, e, (*ear).hear, e.options())
			return output{}
		})
	case op == 3 && e.sub != nil:
		h.do(client, input{op: "Close", a: e.id}, func() output { e.sub.Close(); return output{} })
	case op == 4 && e.sub != nil:
		call := h.clock.Add(1)
		h.do(client, input{op: "Close", a: e.id}, func() output { e.sub.CloseWait(context.Background()); return output{} })
		ops := h.ops[client]
		wait := ops[len(ops)-1]
		wait.Input, wait.Call = input{op: "Wait", a: e.id}, call
		h.ops[client] = append(ops, wait)
	default:
		p := &published{client: client}
		call := h.clock.Add(1)
		h.do(client, input{op: "Publish"}, func() output { h.b.Publish(p); return output{} })
		ops := h.ops[client]
		for _, e := range h.ears {
			if !e.isQueued() {
				reach := ops[len(ops)-1]
				reach.Input, reach.Output, reach.Call = input{op: "Reach", a: e.id}, output{ok: p.reached.has(e.id)}, call
				h.ops[client] = append(h.ops[client], reach)
			}
		}
	}
}
