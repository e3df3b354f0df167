package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/rc"
)

// bubbled is one of everything, used inside of synctest bubbles and outside at the same
// time. Each bubble also has containers of its own, which live by its clock.
type bubbled struct {
	*world
	values weakref.ValueMap[int, object]
	keys   weakref.KeyMap[object, int]
	set    weakref.Set[object]
	cache  cache.Cache[int, object]
	bus    event.Bus[int]
	pool   rc.Pool[int, *object]
	queue  weakref.Queue[int]
	open   [bubbleKeys]atomic.Int32 // resources of the pool
	ended  *atomic.Int64            // finalizers that have run
	made   atomic.Int64             // of those set
	put    atomic.Int64
	got    atomic.Int64
}

const bubbleKeys = 8

func newBubbled(w *world) *bubbled {
	s := &bubbled{world: w, ended: new(atomic.Int64)}
	s.cache.Keep = bubbleKeys / 2
	s.cache.Load = func(_ context.Context, key int) (*object, error) {
		time.Sleep(time.Microsecond)
		return newObject(key), nil
	}
	s.pool.Open = func(_ context.Context, key int) (*object, error) {
		if n := s.open[key].Add(1); n != 1 {
			s.violate("G2", "bubbles: %d resources of one key are open", n)
		}
		time.Sleep(time.Microsecond)
		return newObject(key), nil
	}
	s.pool.Close = func(p *object) error {
		s.open[p.id].Add(-1)
		return nil
	}
	s.pool.Idle = time.Minute
	return s
}

func (s *bubbled) step(rnd *rand.Rand, _ int) {
	if rnd.IntN(2) == 0 {
		s.shared(rnd)
		return
	}
	synctest.Test(s.test, func(*testing.T) {
		for range 4 {
			s.shared(rnd)
		}
		s.own(rnd)
		_ = s.bus.Flush(context.Background()) // its queues have goroutines here
	})
}

// shared uses what others use as well, inside of bubbles or outside.
func (s *bubbled) shared(rnd *rand.Rand) {
	ctx := context.Background()
	k := rnd.IntN(bubbleKeys)
	switch rnd.IntN(8) {
	case 0:
		v, err := s.values.LoadOrCreate(k, func() (*object, error) {
			time.Sleep(time.Microsecond)
			return newObject(k), nil
		})
		again, ok := s.values.Load(k)
		if err != nil || !ok || again != v || !v.intact(k) {
			s.violate("G2", "bubbles: LoadOrCreate(%d) = %v, %v, then Load = %v", k, v, err, again)
		}
		runtime.KeepAlive(v)
	case 1:
		v, err := s.cache.Get(ctx, k)
		if err != nil || !v.intact(k) {
			s.violate("G2", "bubbles: Get(%d) = %v, %v", k, v, err)
		}
		if again, _ := s.cache.Lookup(k); again != v {
			s.violate("G2", "bubbles: two values of %d", k)
		}
		runtime.KeepAlive(v)
	case 2:
		s.listen(rnd)
	case 3:
		h, err := s.pool.Get(ctx, k)
		if err != nil || !h.Value().intact(k) {
			s.violate("G2", "bubbles: the pool gives %v", err)
			return
		}
		if err := h.Close(); err != nil {
			s.violate("G7", "bubbles: Close of a pool's handle: %v", err)
		}
	case 4:
		s.put.Add(1)
		s.queue.Put(k)
		if _, err := s.queue.Next(ctx); err != nil {
			s.violate("G7", "bubbles: Next: %v", err)
		}
		s.got.Add(1)
	case 5:
		s.made.Add(1)
		weakref.Finalize(newObject(k), func(n *atomic.Int64) { n.Add(1) }, s.ended)
	case 6:
		p := newObject(k)
		s.keys.Store(p, k)
		s.set.Add(p)
		if n, ok := s.keys.Load(p); !ok || n != k || !s.set.Has(p) {
			s.violate("G2", "bubbles: what was stored is not found")
		}
		runtime.KeepAlive(p)
	default:
		s.values.Sweep()
		s.keys.Sweep()
		s.set.Sweep()
	}
}

func (s *bubbled) listen(rnd *rand.Rand) {
	e := new(ear)
	o := event.Options{}
	if e.queued = rnd.IntN(2) == 0; e.queued {
		o.Queue = event.Unbounded
	}
	sub := event.SubscribeWith(&s.bus, e, func(e *ear, _ int) { e.heard.Add(1) }, o)
	s.bus.Publish(1)
	if err := s.bus.Flush(context.Background()); err != nil {
		s.violate("event", "bubbles: Flush: %v", err)
	}
	if e.heard.Load() == 0 {
		s.violate("event", "bubbles: a listener did not receive an event (queued: %v)", e.queued)
	}
	if rnd.IntN(2) == 0 {
		if err := sub.CloseWait(context.Background()); err != nil {
			s.violate("event", "bubbles: CloseWait: %v", err)
		}
	}
	runtime.KeepAlive(e)
}

// own uses what no one else does, so that all times are exact.
func (s *bubbled) own(rnd *rand.Rand) {
	switch rnd.IntN(6) {
	case 0:
		s.ownCache()
	case 1:
		s.ownPool()
	case 2:
		s.ownBus()
	case 3:
		s.ownMap()
	case 4:
		s.ownQueue()
	default:
		if rnd.IntN(10) == 0 { // for it collects
			s.ownDeath()
		}
	}
}

func (s *bubbled) ownCache() {
	loads := 0
	c := cache.Cache[int, object]{
		Keep: 10, ExpireAfterWrite: time.Hour,
		Load: func(_ context.Context, key int) (*object, error) {
			loads++
			time.Sleep(time.Second)
			return newObject(key), nil
		},
	}
	begun := time.Now()
	v, err := c.Get(context.Background(), 1)
	if d := time.Since(begun); err != nil || !v.intact(1) || d != time.Second {
		s.violate("G2", "a bubble's cache gives %v, %v after %v", v, err, d)
	}
	time.Sleep(59 * time.Minute)
	if _, ok := c.Lookup(1); !ok {
		s.violate("G2", "a bubble's cache has lost a value before its time")
	}
	time.Sleep(2 * time.Hour)
	if n := c.Len(); n != 0 || loads != 1 {
		s.violate("G4", "a bubble's cache has %d values after their time, and has loaded %d times", n, loads)
	}
}

func (s *bubbled) ownPool() {
	var open atomic.Int32
	p := rc.Pool[int, *object]{
		Idle: time.Minute,
		Open: func(_ context.Context, key int) (*object, error) {
			time.Sleep(time.Second)
			open.Add(1)
			return newObject(key), nil
		},
		Close: func(*object) error { open.Add(-1); return nil },
	}
	h, err := p.Get(context.Background(), 1)
	if err != nil {
		s.violate("G2", "a bubble's pool: %v", err)
		return
	}
	h.Close()
	time.Sleep(59 * time.Second)
	if n := open.Load(); n != 1 {
		s.violate("G2", "a bubble's pool has %d resources before the idle time is over", n)
	}
	time.Sleep(time.Minute)
	synctest.Wait()
	if n := open.Load(); n != 0 {
		s.violate("G4", "a bubble's pool has %d resources after the idle time", n)
	}
}

func (s *bubbled) ownBus() {
	var b event.Bus[int]
	e := new(ear)
	sub := event.SubscribeWith(&b, e, func(e *ear, n int) {
		time.Sleep(time.Second)
		e.heard.Add(int64(n))
	}, event.Options{Queue: 1, Full: event.Wait})
	for range 5 {
		b.Publish(1)
	}
	time.Sleep(10 * time.Second)
	sub.Close()
	if n := e.heard.Load(); n != 5 {
		s.violate("event", "a bubble's listener has received %d of 5 events", n)
	}
}

func (s *bubbled) ownMap() {
	var m weakref.ValueMap[int, object]
	var created atomic.Int32
	var got [5]*object
	var wg sync.WaitGroup
	begun := time.Now()
	for i := range got {
		wg.Go(func() {
			got[i], _ = m.LoadOrCreate(1, func() (*object, error) {
				created.Add(1)
				time.Sleep(time.Second)
				return newObject(1), nil
			})
		})
	}
	wg.Wait()
	for _, p := range got {
		if p != got[0] || !p.intact(1) {
			s.violate("G2", "a bubble's creators got %v and %v", p, got[0])
		}
	}
	if d := time.Since(begun); created.Load() != 1 || d != time.Second {
		s.violate("G2", "a bubble's map has created %d times in %v", created.Load(), d)
	}
}

func (s *bubbled) ownQueue() {
	var q weakref.Queue[int]
	begun := time.Now()
	go func() {
		time.Sleep(time.Second)
		q.Put(1)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if n, err := q.Next(ctx); n != 1 || err != nil || time.Since(begun) != time.Second {
		s.violate("G7", "a bubble's queue: %d, %v after %v", n, err, time.Since(begun))
	}
}

// ownDeath hears of a death in the bubble.
func (s *bubbled) ownDeath() {
	var q weakref.Queue[int]
	m := weakref.ValueMap[int, object]{OnCollect: q.Put}
	m.Store(1, newObject(1))
	for range 100 {
		if m.Len() == 0 {
			break
		}
		runtime.GC()
		m.Sweep()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if n, err := q.Next(ctx); n != 1 || err != nil {
		s.violate("G7", "a bubble hears of a death: %d, %v", n, err)
	}
}

func (s *bubbled) settle() {
	if err := s.pool.CloseIdle(); err != nil {
		s.violate("G7", "bubbles: CloseIdle: %v", err)
	}
}

func (s *bubbled) settled() error {
	for k := range s.open {
		if n := s.open[k].Load(); n != 0 {
			return fmt.Errorf("%d resources of key %d are open", n, k)
		}
	}
	if n, want := s.ended.Load(), s.made.Load(); n != want {
		return fmt.Errorf("%d of %d finalizers have run", n, want)
	}
	if n := s.queue.Len(); n != 0 || s.put.Load() != s.got.Load() {
		return fmt.Errorf("%d events were put and %d taken; %d wait", s.put.Load(), s.got.Load(), n)
	}
	for what, n := range map[string]int{"ValueMap": s.values.Len(), "KeyMap": s.keys.Len(), "Set": s.set.Len(), "Bus": s.bus.Stats().Len, "Pool": s.pool.Len()} {
		if n != 0 {
			return wrongLen(what, n, 0)
		}
	}
	return nil
}

func (s *bubbled) died() uint64      { return s.values.Stats().Collected }
func (s *bubbled) dead() func() bool { return dead(weakref.Make(s)) }
