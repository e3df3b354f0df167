package event

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/fifo"
	"github.com/weakref-go/weakref/internal/usercode"
	"github.com/weakref-go/weakref/internal/waits"
)

// queue is the events of one subscription that wait for its handler: those that were
// published outside of synctest bubbles. What is published in a bubble is handled there,
// for a bubble ends with its goroutines; it has a queue of its own.
type queue[E any] struct {
	sub   *listener[E]
	limit int
	full  Full
	in    bubble.ID  // where its events are handled
	work  waits.Work // what is done for the queue

	mu      sync.Mutex
	bubbles map[bubble.ID]*queue[E] // of the queue that the subscription has
	events  fifo.Queue[E]
	count   uint64      // events taken so far; the newest has this number
	running uint64      // the number of the event that is being handled; 0: none
	working bool        // there is a worker, or one has been started
	ended   bool        // nothing is taken any more
	told    bool        // it has been logged that an event was dropped
	room    bubble.Cond // publishers
	moved   bubble.Cond // those who wait for handlers
}

// here returns the queue of the caller's bubble.
func (q *queue[E]) here() *queue[E] {
	id := bubble.Current()
	if id == 0 {
		return q
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	mine := q.bubbles[id]
	if mine == nil {
		mine = &queue[E]{sub: q.sub, limit: q.limit, full: q.full, in: id, ended: q.ended}
		if q.bubbles == nil {
			q.bubbles = make(map[bubble.ID]*queue[E])
		}
		q.bubbles[id] = mine
	}
	return mine
}

// all returns the queue and those of bubbles; nothing of a nil queue.
func (q *queue[E]) all() []*queue[E] {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.AppendSeq([]*queue[E]{q}, maps.Values(q.bubbles))
}

// outcome is what became of an event.
type outcome int

const (
	refused outcome = iota // the subscription has ended
	taken
	full    // dropped
	waiting // not yet known
)

// put adds an event, and waits for room if that is the policy.
func (q *queue[E]) put(ctx context.Context, e E) (o outcome, err error) {
	q.mu.Lock()
	o = q.putLocked(e)
	told := q.told
	q.told = told || o == full
	q.mu.Unlock()
	if o == waiting {
		return q.wait(ctx, e)
	}
	if o == full && !told {
		slog.Warn("event: a queue is full, events are dropped", "bus", q.sub.core.name, "listener", q.sub.describe().String())
	}
	return o, nil
}

// wait waits for room. If the worker could not go on before the caller does, it drops the
// event instead.
func (q *queue[E]) wait(ctx context.Context, e E) (o outcome, err error) {
	w, ok := waits.Enter(ctx, &q.work)
	if !ok {
		q.sub.core.dropped.Add(1)
		return full, nil
	}
	defer w.Leave()
	q.mu.Lock()
	defer q.mu.Unlock()
	err = q.room.Wait(ctx, &q.mu, func() bool {
		o = q.putLocked(e)
		return o != waiting
	})
	return o, err
}

func (q *queue[E]) putLocked(e E) outcome {
	switch {
	case q.ended:
		return refused
	case q.limit == Unbounded || len(q.events) < q.limit:
	case q.full == Wait:
		return waiting
	case q.full == DropOldest:
		q.events.Pop()
		q.sub.core.dropped.Add(1)
	default:
		q.sub.core.dropped.Add(1)
		return full
	}
	q.events.Push(e)
	q.count++
	if !q.working {
		q.working = true
		callback.Go(q, q.run)
	}
	return taken
}

// next returns the next event to the worker, and false if it shall end. If the subscription
// has ended, no handler starts once running was 0.
func (q *queue[E]) next() (e E, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running = 0
	defer q.moved.Broadcast()
	if q.sub.state.Load()&ended != 0 {
		q.endLocked()
	}
	if len(q.events) == 0 {
		q.working = false
		q.work.Rest()
		return e, false
	}
	e = q.events.Pop()
	q.running = q.count - uint64(len(q.events))
	q.room.Signal()
	return e, true
}

// end drops what waits, and what is yet to come.
func (q *queue[E]) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.endLocked()
}

func (q *queue[E]) endLocked() {
	q.ended = true
	q.sub.core.dropped.Add(uint64(len(q.events)))
	q.events = nil
	q.room.Broadcast()
	q.moved.Broadcast()
}

// run calls the handler until there is nothing to do.
func (q *queue[E]) run() {
	q.work.Here()
	c, handling := q.sub.core, false
	defer func() {
		if handling { // others wait for what is queued
			defer callback.Go(q, q.run)
			c.handled.Add(1)
			c.failed(q.sub, usercode.Outcome(false, recover(), nil))
		}
	}()
	for {
		e, ok := q.next()
		if !ok {
			return
		}
		handling = true
		alive := q.sub.call(e)
		handling = false
		if alive {
			q.sub.heard()
			c.handled.Add(1)
		} else {
			c.dropped.Add(1)
			q.sub.endQueues() // the bus will learn of the death after the collection
		}
	}
}

// await returns when all that the queue has taken by now has been handled or dropped, or
// with the error of ctx.
func (q *queue[E]) await(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	last := q.count
	handled := func() bool {
		return q.count-uint64(len(q.events)) >= last && (q.running == 0 || q.running > last)
	}
	if here := bubble.Current(); here != 0 && here != q.in {
		return q.moved.WaitFar(ctx, &q.mu, handled)
	}
	return q.moved.Wait(ctx, &q.mu, handled)
}

// Pending returns how many events wait.
func (q *queue[E]) Pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.events)
}

// Describe says what is called, for [callback.Drain].
func (q *queue[E]) Describe() string { return q.sub.core.name + ": " + q.sub.describe().String() }
