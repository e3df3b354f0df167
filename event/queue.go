package event

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/weakref-go/weakref/internal/goid"
	"github.com/weakref-go/weakref/internal/handle"
)

// Queue says how a subscription is delivered on a goroutine of its own. The zero
// Queue takes 64 events and has publishers wait for more.
type Queue struct {
	Limit int  // events that wait at most; 0 is 64
	Full  Full // what happens to an event for which there is no room
}

// Full is what a publisher does about a queue that is full.
type Full int

const (
	// Wait waits for room, until the subscription ends, or the context of
	// PublishContext. A handler that publishes to its own full queue does not wait: the
	// event is dropped.
	Wait Full = iota
	// DropOldest drops the event that has waited longest.
	DropOldest
	// DropNewest drops the event that is being published.
	DropNewest
	// Fail drops it too, and has PublishContext say so.
	Fail
)

// FullError says that an event did not reach some listeners because their queues were
// full.
type FullError struct {
	Listeners int // how many
}

// Error says how many.
func (e *FullError) Error() string {
	return fmt.Sprintf("event: the queues of %d listeners are full; handle events faster, raise Queue.Limit, or choose another policy", e.Listeners)
}

// SubscribeQueued is [Subscribe] with handlers that run on a goroutine of their own,
// one after the other in the order in which the events were queued, so that they do
// not hold up the publisher. There is no goroutine while the queue is empty.
//
// The owner is held only while a handler runs; events that wait do not keep it alive,
// unless they refer to it, and are dropped when it has died or the subscription has
// been closed.
//
// If the same owner and handler are subscribed already, that subscription stays as
// it is, with its queue or without.
func SubscribeQueued[E, O any](b *Bus[E], owner *O, handler func(owner *O, e E), q Queue) *Subscription {
	s, _ := b.begin().add(newQueued(owner, handler, q))
	runtime.KeepAlive(owner)
	return s
}

// newQueued returns a subscription that belongs to no bus yet.
func newQueued[E, O any](owner *O, handler func(*O, E), q Queue) *Subscription {
	if q.Limit < 0 || q.Full < Wait || q.Full > Fail {
		panic(fmt.Sprintf("event: %+v is no queue; Limit must be at least 0 and Full one of the policies", q))
	}
	s := newSubscription(owner, handler)
	s.queue = &waiting{newQueue[E](s, q)}
	s.state.Store(queued)
	return s
}

// pending is a queue of events of whatever type.
type pending interface {
	len() int
	end()
}

// waiting is a pending queue. It is one pointer, so that a Subscription, which seldom
// has a queue, fits 64 bytes.
type waiting struct{ pending }

// queue is the events of one subscription that wait for its handler.
type queue[E any] struct {
	sub   *Subscription
	limit int
	full  Full

	mu      sync.Mutex
	events  []E
	working bool          // there is a worker, or one has been started
	worker  uintptr       // its goroutine, once it runs; 0: none
	ended   bool          // nothing is taken any more
	room    chan struct{} // closed when there may be room; nil if nobody waits
}

func newQueue[E any](s *Subscription, q Queue) *queue[E] {
	if q.Limit == 0 {
		q.Limit = 64
	}
	return &queue[E]{sub: s, limit: q.Limit, full: q.Full}
}

func (q *queue[E]) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.events)
}

// putResult is what became of an event.
type putResult int

const (
	put     putResult = iota
	notPut            // dropped, or the subscription has ended
	wasFull           // dropped, and whoever publishes wants to know
	stopped           // the context has ended
)

// put adds an event, and waits for room if that is the policy.
func (q *queue[E]) put(done <-chan struct{}, e E) putResult {
	for {
		result, room := q.tryPut(e)
		if room == nil {
			return result
		}
		select {
		case <-room:
		case <-done:
			return stopped
		}
	}
}

// tryPut adds an event, or drops one, or returns a channel that is closed when there
// may be room.
func (q *queue[E]) tryPut(e E) (_ putResult, room <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.ended:
		return notPut, nil
	case len(q.events) < q.limit:
	case q.full == DropOldest:
		q.popLocked()
		q.sub.core.dropped.Add(1)
	case q.full == Wait && q.worker != goid.Current():
		if q.room == nil {
			q.room = make(chan struct{})
		}
		return 0, q.room
	default:
		q.sub.core.dropped.Add(1)
		if q.full == Fail {
			return wasFull, nil
		}
		return notPut, nil
	}
	q.events = append(q.events, e)
	if !q.working {
		q.working = true
		go q.work()
	}
	return put, nil
}

func (q *queue[E]) popLocked() E {
	e := q.events[0]
	clear(q.events[:1])
	if q.events = q.events[1:]; len(q.events) == 0 {
		q.events = nil
	}
	return e
}

// take returns the next event to the worker, which is me, and false if it shall end.
func (q *queue[E]) take(me uintptr) (e E, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.worker = me
	if len(q.events) == 0 {
		q.working, q.worker = false, 0
		return e, false
	}
	e = q.popLocked()
	q.roomLocked()
	return e, true
}

// roomLocked wakes those who wait for room.
func (q *queue[E]) roomLocked() {
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
}

// end drops what waits, and what is yet to come.
func (q *queue[E]) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.sub.core.dropped.Add(uint64(len(q.events)))
	q.events = nil
	q.roomLocked()
}

// work calls the handler until there is nothing to do.
func (q *queue[E]) work() {
	c, me := q.sub.core, goid.Current()
	at := c.running.take()
	at.set(nil)
	finished := false
	defer func() {
		c.running.leave(at)
		if !finished {
			go q.work() // the handler has ended its goroutine; others wait for what is queued
		}
	}()
	for {
		e, ok := q.take(me)
		if !ok {
			finished = true
			return
		}
		q.handle(at, e)
	}
}

func (q *queue[E]) handle(at *place, e E) {
	s := q.sub
	at.set(s)
	if s.state.Load()&ended != 0 { // after the store; see places
		s.core.dropped.Add(1)
	} else if owner := handle.Strong[byte](s.owner); owner == nil {
		s.core.dropped.Add(1)
		q.end() // the bus will learn of the death after the collection
	} else {
		s.state.Or(fired)
		at.delivered.Add(1)
		q.protect(owner, e)
	}
	at.set(nil)
	s.core.running.moved()
}

func (q *queue[E]) protect(owner *byte, e E) {
	returned := false
	defer func() {
		if !returned {
			q.sub.core.recovered(q.sub, recover())
		}
	}()
	call(q.sub.key.handler, owner, e)
	returned = true
}
