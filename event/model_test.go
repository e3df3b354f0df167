package event_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/weaktest"
)

// The model of a bus is a list of names in order of subscription. A script is run
// against both; handlers are part of it: what they do is decided when they are called,
// and done to the bus and to the model.

// actor is a listener of the script. Its handlers tell the script.
type actor struct {
	id int
	w  *world
}

func (a *actor) first(o order)  { a.w.handled(subscriber{a.id, 0}, o) }
func (a *actor) second(o order) { a.w.handled(subscriber{a.id, 1}, o) }

// subscriber is an owner and one of its handlers.
type subscriber struct{ id, handler int }

// subscription is one that the model knows of.
type subscription struct {
	key subscriber
	sub *event.Subscription
	got bool // an event
}

type world struct {
	t      *testing.T
	r      *rand.Rand
	bus    event.Bus[order]
	actors map[int]*actor // those that are held
	nextID int
	order  []*subscription   // the model
	got    [][]*subscription // by whom each event under way has been received
	died   int
	silent int // died without having received an event
}

// find returns the model's subscription, or nil.
func (w *world) find(key subscriber) *subscription {
	for _, s := range w.order {
		if s.key == key {
			return s
		}
	}
	return nil
}

// step does one random thing to the bus and the model.
func (w *world) step() {
	switch p := w.r.IntN(100); {
	case p < 35:
		w.subscribe()
	case p < 50:
		w.close()
	case p < 60 && len(w.got) == 0:
		w.forget()
	case p < 62 && len(w.got) == 0:
		w.collect()
	case len(w.got) < 3:
		w.publish()
	}
}

func (w *world) anyActor() *actor {
	if len(w.actors) < 2 || len(w.actors) < 10 && w.r.IntN(4) == 0 {
		w.nextID++
		a := &actor{w.nextID, w}
		w.actors[a.id] = a
		return a
	}
	ids := make([]int, 0, len(w.actors))
	for id := range w.actors {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return w.actors[ids[w.r.IntN(len(ids))]]
}

func (w *world) subscribe() {
	a, handler := w.anyActor(), w.r.IntN(2)
	key := subscriber{a.id, handler}
	handle := (*actor).first
	if handler == 1 {
		handle = (*actor).second
	}
	sub := event.Subscribe(&w.bus, a, handle)
	if was := w.find(key); was == nil {
		w.order = append(w.order, &subscription{key: key, sub: sub})
	} else if was.sub != sub {
		w.t.Error("a second subscription of the same owner and handler")
	}
}

func (w *world) close() {
	if len(w.order) == 0 {
		return
	}
	i := w.r.IntN(len(w.order))
	w.order[i].sub.Close()
	w.order = slices.Delete(w.order, i, i+1)
}

// forget drops the last pointer to an actor and waits until it is dead.
func (w *world) forget() {
	if len(w.actors) == 0 {
		return
	}
	a := w.anyActor()
	id := a.id
	a = nil
	delete(w.actors, id)
	if w.remove(id) > 0 {
		weaktest.Eventually(w.t, "the forgotten listener has left", func() bool { return w.bus.Len() == len(w.order) })
	}
}

// remove removes the subscriptions of a dead actor from the model.
func (w *world) remove(id int) (removed int) {
	w.order = slices.DeleteFunc(w.order, func(s *subscription) bool {
		if s.key.id != id {
			return false
		}
		removed++
		if !s.got {
			w.silent++
		}
		return true
	})
	w.died += removed
	return removed
}

func (w *world) collect() {
	runtime.GC()
	w.bus.Sweep()
}

// publish publishes an event, whose handlers may run steps of their own.
func (w *world) publish() {
	before := slices.Clone(w.order)
	w.got = append(w.got, nil)
	reached := w.bus.Publish(order{len(w.got)})
	last := len(w.got) - 1
	got := w.got[last]
	w.got = w.got[:last]
	if reached != len(got) {
		w.t.Errorf("Publish returned %d, but %d received", reached, len(got))
	}
	w.check(before, got)
}

// check compares who received an event with who was subscribed at its beginning.
// Whoever was and still is must have received it, in order; whoever was but is not any
// more, perhaps; nobody else.
func (w *world) check(before, got []*subscription) {
	i := 0
	for _, s := range before {
		if i < len(got) && got[i] == s {
			i++
		} else if slices.Contains(w.order, s) {
			w.t.Fatalf("%v did not receive the event", s.key)
		}
	}
	if i != len(got) {
		w.t.Fatalf("%d of %d who received the event were not subscribed, or it was not their turn", len(got)-i, len(got))
	}
}

func (w *world) handled(key subscriber, o order) {
	s := w.find(key)
	if s == nil || o.n != len(w.got) {
		w.t.Errorf("%v received event %d, subscribed is %v, under way is %d", key, o.n, s, len(w.got))
		return
	}
	s.got = true
	last := len(w.got) - 1
	w.got[last] = append(w.got[last], s)
	if w.r.IntN(12) == 0 {
		w.step()
	}
}

func TestModel(t *testing.T) {
	steps := 1000
	if light() {
		steps = 200
	}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			w := &world{t: t, r: rand.New(rand.NewPCG(seed, 1)), actors: make(map[int]*actor)}
			for range steps {
				w.step()
				if t.Failed() {
					return
				}
			}
			for id := range w.actors {
				w.remove(id)
			}
			w.actors = nil
			weaktest.Eventually(t, "the bus is empty", func() bool { return w.bus.Len() == 0 })
			if st := w.bus.Stats(); st.Collected != uint64(w.died) || st.Unreached != uint64(w.silent) || st.Capacity > 4*32 {
				t.Errorf("%+v, want %d dead, %d of them unfired", st, w.died, w.silent)
			}
			t.Logf("%d died, %d of them unfired", w.died, w.silent)
		})
	}
}

// TestConcurrentScripts has goroutines subscribe, close, forget and publish at once.
// Each knows of its own listeners what they must and must not receive.
func TestConcurrentScripts(t *testing.T) {
	steps := 1500
	if light() {
		steps = 150
	}
	var bus event.Bus[order]
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 2))
			var mine []*gauge
			for i := range steps {
				switch p := r.IntN(20); {
				case p < 6:
					c := &gauge{queued: p < 2}
					if c.queued {
						c.sub = event.SubscribeWith(&bus, c, (*gauge).handle, event.Options{Queue: 4, Full: event.DropOldest})
					} else {
						c.sub = event.Subscribe(&bus, c, (*gauge).handle)
					}
					mine = append(mine, c)
				case p < 8 && len(mine) > 0:
					j := r.IntN(len(mine))
					c := mine[j]
					if err := c.sub.CloseWait(t.Context()); err != nil || c.inside.Load() != 0 {
						t.Errorf("CloseWait returned %v while the handler was running", err)
					}
					c.closed.Store(true)
					mine = slices.Delete(mine, j, j+1)
				case p < 10 && len(mine) > 0:
					j := r.IntN(len(mine))
					mine = slices.Delete(mine, j, j+1)
				case p < 11 && i%10 == 0:
					runtime.GC()
				default:
					before := make([]int64, len(mine))
					for j, c := range mine {
						before[j] = c.calls.Load()
					}
					reached := bus.Publish(order{1})
					if reached < len(mine) {
						t.Errorf("reached %d, but %d were subscribed all the time", reached, len(mine))
					}
					for j, c := range mine {
						if !c.queued && c.calls.Load() == before[j] {
							t.Error("a listener did not receive the event")
						}
					}
				}
			}
			runtime.KeepAlive(mine)
		})
	}
	wg.Wait()
	weaktest.Eventually(t, "the bus is empty", func() bool { return bus.Len() == 0 })
	if n := bus.Stats().Panics; n != 0 {
		t.Errorf("%d handlers were called after CloseWait", n)
	}
}

// gauge is a listener that counts its calls and complains of those after Close.
type gauge struct {
	sub    *event.Subscription
	queued bool
	calls  atomic.Int64
	inside atomic.Int64
	closed atomic.Bool
}

func (c *gauge) handle(order) {
	c.inside.Add(1)
	defer c.inside.Add(-1)
	if c.closed.Load() {
		panic("called after CloseWait")
	}
	c.calls.Add(1)
}

// TestSoak subscribes and forgets listeners under publishing, and looks at the heap.
// WEAKREF_SOAK=1000000 has it do so a million times.
func TestSoak(t *testing.T) {
	cycles := 50_000
	if light() {
		cycles = 10_000
	}
	if n, err := strconv.Atoi(os.Getenv("WEAKREF_SOAK")); err == nil {
		cycles = n
	}
	soak(t, cycles)
}

func soak(t *testing.T, cycles int) {
	var bus event.Bus[order]
	stop := make(chan struct{})
	published := async(func() {
		for isOpen(stop) {
			bus.Publish(order{1})
			runtime.Gosched()
		}
	})
	heap := func() uint64 {
		live := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(live)
		return live[0].Value.Uint64()
	}
	churn := func(n int) {
		for i := range n {
			q := new(quiet)
			event.Subscribe(&bus, q, (*quiet).handle)
			if i%10_000 == 0 {
				runtime.GC() // a soak of a program that allocates nothing else would take long
			}
		}
	}
	churn(cycles / 10)
	weaktest.Collect(t)
	before := heap()
	churn(cycles)
	close(stop) // an event that comes during every marking phase keeps the dead
	<-published
	weaktest.Eventually(t, "the bus is empty", func() bool { return bus.Len() == 0 })
	weaktest.Eventually(t, "the heap is as small as before", func() bool { return heap() < before+256<<10 })
	if st := bus.Stats(); st.Len != 0 || st.Collected != uint64(cycles+cycles/10) || st.Capacity > 256 {
		t.Errorf("%+v", st)
	}
}
