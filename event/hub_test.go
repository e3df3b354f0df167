package event_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/weaktest"
)

func routes(h *event.Hub) []string {
	var all []string
	for r, st := range h.All() {
		all = append(all, fmt.Sprint(r.Topic, " ", r.Event, " ", st.Len))
	}
	slices.Sort(all)
	return all
}

func TestHub(t *testing.T) {
	var h event.Hub
	var j journal
	m := &mailer{name: "m", log: &j}
	if n := event.PublishTopic(&h, "new", order{1}); n != 0 {
		t.Errorf("reached %d in an empty hub", n)
	}
	s1 := event.Subscribe(event.Topic[order](&h, "new"), m, (*mailer).handle)
	s2 := event.Subscribe(event.Topic[order](&h, "new"), m, (*mailer).other)
	event.Subscribe(event.Topic[string](&h, "new"), m, func(m *mailer, s string) { m.log.add(s, 0) })
	event.SubscribeWith(event.Topic[order](&h, "paid"), m, (*mailer).handle, event.Options{Queue: 64})
	if got := routes(&h); !slices.Equal(got, []string{"new event_test.order 2", "new string 1", "paid event_test.order 1"}) {
		t.Errorf("routes %q", got)
	}
	weaktest.Collect(t) // a bus with listeners stays, though nobody refers to it
	if n := event.PublishTopic(&h, "new", order{1}); n != 2 {
		t.Errorf("reached %d, want 2", n)
	}
	event.PublishTopic(&h, "new", "text")
	j.want(t, "m. m'. text")
	event.PublishTopic(&h, "paid", order{2})
	waitFor(t, "the queued event is handled", func() bool { j.mu.Lock(); defer j.mu.Unlock(); return len(j.lines) == 1 })
	j.want(t, "m..")

	s1.Close()
	s2.Close()
	if got := routes(&h); len(got) != 2 {
		t.Errorf("routes %q after the last listener of one was closed", got)
	}
	event.Subscribe(event.Topic[order](&h, "new"), m, (*mailer).handle)
	event.PublishTopic(&h, "new", order{3})
	j.want(t, "m...")
	runtime.KeepAlive(m)
	m = nil
	weaktest.Eventually(t, "all routes are dropped", func() bool { return len(routes(&h)) == 0 })
}

func TestHubIsCollectable(t *testing.T) {
	keep := &mailer{log: new(journal)}
	ref := func() weakref.Ref[event.Hub] {
		h := new(event.Hub)
		event.Subscribe(event.Topic[order](h, "t"), keep, (*mailer).handle)
		return weakref.Make(h)
	}()
	weaktest.MustCollect(t, ref)
	runtime.KeepAlive(keep)
}

// TestHubDropsAndMakesAtOnce has goroutines be the first and the last listener of a
// topic over and over.
func TestHubDropsAndMakesAtOnce(t *testing.T) {
	var h event.Hub
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 2000 {
				var got atomic.Bool
				m := &mailer{log: new(journal), on: func(order) { got.Store(true) }}
				s := event.SubscribeWith(event.Topic[order](&h, "t"), m, (*mailer).other, event.Options{Queue: 64})
				u := event.Subscribe(event.Topic[order](&h, "t"), m, (*mailer).handle)
				s.Close()
				if event.PublishTopic(&h, "t", order{1}) == 0 {
					t.Error("a publish did not reach the subscriber")
				}
				u.Close()
				runtime.KeepAlive(m)
				if !got.Load() {
					t.Error("the subscriber did not receive the event")
				}
			}
		})
	}
	wg.Wait()
	if got := routes(&h); len(got) != 0 {
		t.Errorf("routes %q are left", got)
	}
}
