package event_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/weaktest"
)

// sleeper is a listener whose handler takes a while.
type sleeper struct {
	d     time.Duration
	calls atomic.Int64
}

func (s *sleeper) handle(order) {
	time.Sleep(s.d)
	s.calls.Add(1)
}

func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// TestBubbleAlone does in a bubble all that waits.
func TestBubbleAlone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var b event.Bus[order]
		direct, queued := &sleeper{d: time.Second}, &sleeper{d: time.Second}
		s := event.Subscribe(&b, direct, (*sleeper).handle)
		event.SubscribeWith(&b, queued, (*sleeper).handle, event.Options{Queue: 1, Full: event.Wait})
		begin := time.Now()
		go func() {
			for range 5 {
				b.Publish(order{1})
			}
		}()
		synctest.Wait()
		if err := s.CloseWait(t.Context()); err != nil || direct.calls.Load() != 1 {
			t.Errorf("CloseWait returned %v after %d calls", err, direct.calls.Load())
		}
		time.Sleep(time.Minute)
		if n := queued.calls.Load(); n != 5 {
			t.Errorf("%d calls, want 5", n)
		}
		b.Publish(order{1})
		if err := b.Flush(t.Context()); err != nil || queued.calls.Load() != 6 {
			t.Errorf("Flush returned %v after %d calls", err, queued.calls.Load())
		}
		b.Publish(order{1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := b.Close(ctx); err != context.DeadlineExceeded {
			t.Errorf("Close returned %v", err)
		}
		time.Sleep(time.Second) // the handler under way belongs to this bubble
		if d := time.Since(begin); d > 2*time.Minute {
			t.Errorf("it took %v of the bubble's time", d)
		}
		runtime.KeepAlive([]any{direct, queued})
	})
}

// TestBubblesShareABus uses one bus in bubbles and outside of them at once, as a
// package's variable is: publishing, queues that are full, and every kind of waiting.
func TestBubblesShareABus(t *testing.T) {
	rounds := 20
	if light() {
		rounds = 4
	}
	shared := event.Bus[order]{OnActive: func(bool) {}, OnCollect: func(event.Listener) {}}
	use := func(t *testing.T, d time.Duration) {
		direct, queued := &sleeper{d: d}, &sleeper{d: d}
		s := event.Subscribe(&shared, direct, (*sleeper).handle)
		q := event.SubscribeWith(&shared, queued, (*sleeper).handle, event.Options{Queue: 1, Full: event.Wait})
		ctx := t.Context() // a deadline would pass as fast as the bubble's clock
		done := make(chan bool)
		go func() {
			for range 3 {
				if _, err := shared.PublishContext(ctx, order{1}); err != nil {
					t.Error(err)
				}
			}
			close(done)
		}()
		<-done
		if direct.calls.Load() < 3 {
			t.Errorf("%d calls, want 3 or more", direct.calls.Load())
		}
		s.Close() // others may be in its handler, whose end only time can tell in a bubble
		if err := q.CloseWait(ctx); err != nil {
			t.Error(err)
		}
		calls := queued.calls.Load()
		shared.Publish(order{1})
		if now := queued.calls.Load(); now != calls {
			t.Errorf("%d calls after CloseWait", now-calls)
		}
		runtime.KeepAlive([]any{direct, queued})
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range rounds {
				inBubble(t, func(t *testing.T) {
					use(t, time.Second)
					time.Sleep(time.Minute) // what it published for others is handled in the bubble
				})
			}
		})
	}
	wg.Go(func() {
		for range rounds {
			use(t, 10*time.Microsecond)
		}
	})
	wg.Wait()
	if n := shared.Len(); n != 0 {
		t.Errorf("%d still listen", n)
	}
}

// TestBubbleHasAQueue publishes in a bubble to a listener whose handler is busy outside.
func TestBubbleHasAQueue(t *testing.T) {
	var b event.Bus[order]
	entered, release := make(chan bool), make(chan bool)
	var year atomic.Int64
	m := &mailer{log: new(journal), on: func(o order) {
		if o.n == 1 {
			entered <- true
			<-release
		} else {
			year.Store(int64(time.Now().Year()))
		}
	}}
	s := event.SubscribeWith(&b, m, (*mailer).handle, event.Options{Queue: 5})
	b.Publish(order{1})
	<-entered
	inBubble(t, func(t *testing.T) {
		b.Publish(order{2})
		synctest.Wait()
		if y := year.Load(); y != 2000 {
			t.Errorf("the event was handled in the year %d, want that of the bubble", y)
		}
	})
	close(release)
	if err := s.CloseWait(t.Context()); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(m)
}

// TestBubbleCloseWaitForOutside waits in a bubble for a handler that runs outside of it,
// and outside for one that runs in a bubble.
func TestBubbleCloseWaitForOutside(t *testing.T) {
	for range 20 {
		var b event.Bus[order]
		l := newBlocker()
		s := event.Subscribe(&b, l, (*blocker).handle)
		published := async(func() { b.Publish(order{1}) })
		<-l.entered
		inBubble(t, func(t *testing.T) {
			go func() { // lets the handler go when the bubble's waiting has begun
				time.Sleep(time.Millisecond)
				close(l.release)
			}()
			if err := s.CloseWait(context.Background()); err != nil || l.inside.Load() != 0 {
				t.Errorf("CloseWait returned %v while the handler was running", err)
			}
		})
		<-published

		c := &sleeper{d: time.Second}
		s = event.SubscribeWith(&b, c, (*sleeper).handle, event.Options{Queue: 5})
		in := async(func() {
			inBubble(t, func(t *testing.T) {
				b.Publish(order{1})
				time.Sleep(time.Minute) // until the handler has returned, if it was called
			})
		})
		if err := s.CloseWait(t.Context()); err != nil {
			t.Error(err)
		}
		<-in
		runtime.KeepAlive([]any{l, c})
	}
}

// TestBubbleDeaths has listeners die whose bus was first used in a bubble.
func TestBubbleDeaths(t *testing.T) {
	var b event.Bus[order]
	inBubble(t, func(t *testing.T) { subscribeDropped(&b, new(journal), 10) })
	weaktest.Eventually(t, "the listeners have left a bus that outlived its bubble", func() bool { return b.Len() == 0 })
	inBubble(t, func(t *testing.T) {
		var b event.Bus[order]
		subscribeDropped(&b, new(journal), 10)
		for b.Len() > 0 {
			runtime.GC()
			b.Sweep()
		}
	})
}
