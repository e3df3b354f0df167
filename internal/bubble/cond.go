package bubble

import (
	"container/list"
	"context"
	"runtime"
	"sync"
	"time"
)

// Cond is a sync.Cond whose waiters may give up and may be of different bubbles. All
// methods are called with the lock held that guards what is waited for.
type Cond struct {
	waiting list.List // of *waiter; in order of arrival
}

// waiter is a goroutine in Wait.
type waiter struct {
	bubble ID
	bell   chan struct{} // of the waiter's bubble; has room for one
	far    *parked       // in place of the bell, in WaitFar
	rung   bool          // and is not in the list any more
}

// hears reports whether a goroutine of a bubble can wake the waiter.
func (w *waiter) hears(from ID) bool { return w.far != nil || w.bubble == 0 || w.bubble == from }

// ring wakes the waiter, which has been taken out of the list.
func (w *waiter) ring() {
	w.rung = true
	if w.far != nil {
		w.far.wake()
	} else {
		w.bell <- struct{}{}
	}
}

// Signal wakes one of those who wait, if there is one. It passes over goroutines of
// other bubbles in Wait, which cannot be woken and look by themselves.
func (c *Cond) Signal() { c.ring(1) }

// Broadcast wakes all who wait, but for goroutines of other bubbles in Wait.
func (c *Cond) Broadcast() { c.ring(c.waiting.Len()) }

func (c *Cond) ring(most int) {
	if c.waiting.Len() == 0 {
		return
	}
	here := Current()
	for e := c.waiting.Front(); e != nil && most > 0; {
		w, next := e.Value.(*waiter), e.Next()
		if w.hears(here) {
			c.waiting.Remove(e)
			w.ring()
			most--
		}
		e = next
	}
}

// Wait returns nil when ready does, or the error of ctx if that ends first. It unlocks mu
// while it waits and holds it when it returns; ready is called with the lock held.
func (c *Cond) Wait(ctx context.Context, mu *sync.Mutex, ready func() bool) error {
	if ready() {
		return nil
	}
	w := &waiter{bubble: Current(), bell: make(chan struct{}, 1)}
	look := lookout{in: w.bubble}
	defer look.stop()
	for !ready() {
		w.rung = false
		e := c.waiting.PushBack(w)
		mu.Unlock()
		var err error
		select {
		case <-w.bell:
		case <-look.out():
			look.again()
		case <-ctx.Done():
			err = ctx.Err()
		}
		mu.Lock()
		if !w.rung {
			c.waiting.Remove(e)
		} else {
			select {
			case <-w.bell: // rung at the moment when something else happened
			default:
			}
		}
		if err != nil && !ready() {
			return err
		}
	}
	return nil
}

// WaitFar is Wait for one who knows that whoever rings is of another bubble, or of none, and
// goes on without him. It is not durable: the bubble's clock stands still meanwhile, as if
// for the network.
func (c *Cond) WaitFar(ctx context.Context, mu *sync.Mutex, ready func() bool) error {
	for !ready() {
		w := &waiter{far: park()}
		e := c.waiting.PushBack(w)
		mu.Unlock()
		w.far.wait(ctx)
		mu.Lock()
		if !w.rung {
			c.waiting.Remove(e)
		}
		if err := ctx.Err(); err != nil && !ready() {
			return err
		}
	}
	return nil
}

// lookout tells a waiter in a bubble when to look by itself: after a millisecond
// of the bubble's time, then after two, four, and so on. So it never looks often, and a
// bubble in which nothing can happen any more is found to be deadlocked.
type lookout struct {
	in    ID
	after time.Duration
	timer *time.Timer
}

// out returns a channel that is sent to when it is time; nil outside of bubbles.
func (l *lookout) out() <-chan time.Time {
	if l.in == 0 {
		return nil
	}
	if l.timer == nil {
		l.after = time.Millisecond
		l.timer = time.NewTimer(l.after)
	}
	return l.timer.C
}

// again is called after it was time. The bubble's clock has advanced because all in it
// wait. What they wait for may be going on outside, where time is real; so that is given
// some, and more each time, up to some tens of milliseconds: all in all about a second.
func (l *lookout) again() {
	for range min(100*int64(l.after/time.Millisecond), 200_000) {
		runtime.Gosched()
	}
	if l.after *= 2; l.after > 0 {
		l.timer.Reset(l.after)
	}
}

func (l *lookout) stop() {
	if l.timer != nil {
		l.timer.Stop()
	}
}
