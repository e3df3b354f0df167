package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/event"
)

// buses is a Bus and a Hub. Each worker subscribes and closes listeners of its own, and
// all publish. A listener that is held receives what its worker publishes; one that
// CloseWait was called for receives nothing more.
type buses struct {
	*world
	bus     *event.Bus[int]
	hub     *event.Hub
	held    [workers][]*ear
	missing atomic.Int64 // listeners subscribed, less those closed
	noticed atomic.Int64 // deaths, as OnCollect was told
}

// ear is a listener.
type ear struct {
	id     int
	queued bool
	closed atomic.Bool
	heard  atomic.Int64
	sub    *event.Subscription
	_      [2]*ear
}

func newBuses(w *world) *buses {
	s := &buses{world: w, hub: new(event.Hub)}
	noticed := &s.noticed
	s.bus = &event.Bus[int]{OnCollect: func(event.Listener) { noticed.Add(1) }}
	return s
}

// hear is the handler. It is a method of the world, which outlives the buses.
func (s *buses) hear(e *ear, n int) {
	if e.closed.Load() {
		s.violate("event", "a handler started after CloseWait had returned")
	}
	e.heard.Add(1)
	switch n % 500 {
	case 0:
		s.panics.Add(1)
		panic(errFault)
	case 1:
		if e.queued {
			s.goexits.Add(1)
			runtime.Goexit()
		}
	}
}

func (s *buses) step(rnd *rand.Rand, worker int) {
	held := &s.held[worker]
	switch op := rnd.IntN(100); {
	case op < 25 && len(*held) < perWorker:
		s.subscribe(rnd, worker)
	case op < 35 && len(*held) > 0:
		s.take(rnd, worker) // and it dies
	case op < 45 && len(*held) > 0:
		s.close(s.take(rnd, worker))
	case op < 47:
		if err := s.bus.Flush(context.Background()); err != nil {
			s.violate("event", "Flush: %v", err)
		}
	case op < 55:
		s.topic(rnd)
	default:
		s.publish(rnd, worker)
	}
}

func (s *buses) subscribe(rnd *rand.Rand, worker int) {
	e := &ear{id: rnd.IntN(1 << 20), queued: rnd.IntN(3) == 0}
	o := event.Options{Priority: rnd.IntN(3)}
	if e.queued {
		o.Queue, o.Full = 1+rnd.IntN(20), event.Full(rnd.IntN(3))
	}
	e.sub = event.SubscribeWith(s.bus, e, s.hear, o)
	s.missing.Add(1)
	s.held[worker] = append(s.held[worker], e)
}

// take removes one of those that a worker holds, and leaves nothing behind.
func (s *buses) take(rnd *rand.Rand, worker int) *ear {
	held := &s.held[worker]
	i, last := rnd.IntN(len(*held)), len(*held)-1
	e := (*held)[i]
	(*held)[i], (*held)[last] = (*held)[last], nil
	*held = (*held)[:last]
	return e
}

func (s *buses) close(e *ear) {
	if err := e.sub.CloseWait(context.Background()); err != nil {
		s.violate("event", "CloseWait: %v", err)
	}
	e.closed.Store(true)
	s.missing.Add(-1)
	runtime.KeepAlive(e)
}

func (s *buses) publish(rnd *rand.Rand, worker int) {
	held := s.held[worker]
	before := make([]int64, len(held))
	for i, e := range held {
		before[i] = e.heard.Load()
	}
	s.bus.Publish(rnd.IntN(1 << 20))
	for i, e := range held {
		if !e.queued && e.heard.Load() == before[i] {
			s.violate("event", "a listener did not receive an event")
		}
	}
}

// topic uses a topic that few others use, so that buses come and go.
func (s *buses) topic(rnd *rand.Rand) {
	name := fmt.Sprint(rnd.IntN(20))
	e := new(ear)
	sub := event.Subscribe(event.Topic[int](s.hub, name), e, func(e *ear, _ int) { e.heard.Add(1) })
	if event.PublishTopic(s.hub, name, 1) == 0 || e.heard.Load() == 0 {
		s.violate("event", "a topic's listener did not receive an event")
	}
	if rnd.IntN(2) == 0 {
		sub.Close() // else it dies
	}
	runtime.KeepAlive(e)
}

func (s *buses) settle() {}

func (s *buses) settled() error {
	live := 0
	for _, held := range s.held {
		live += len(held)
	}
	st := s.bus.Stats()
	if st.Len != live || st.Capacity > 8*live+256 {
		return fmt.Errorf("%d listen and there is room for %d, %d are alive", st.Len, st.Capacity, live)
	}
	if n := s.noticed.Load(); uint64(n) != st.Collected || s.missing.Load()-n != int64(live) {
		return fmt.Errorf("%d deaths were told, of %d; %d had subscribed and not closed, %d are alive", n, st.Collected, s.missing.Load(), live)
	}
	for route, st := range s.hub.All() {
		return fmt.Errorf("topic %v has %d listeners, want none", route, st.Len)
	}
	return nil
}

func (s *buses) died() uint64      { return s.bus.Stats().Collected }
func (s *buses) dead() func() bool { return dead(weakref.Make(s.bus)) }
