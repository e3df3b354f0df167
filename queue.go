package weakref

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"reflect"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/fifo"
	"github.com/weakref-go/weakref/internal/gcclock"
)

// Queue delivers events, such as deaths, to those who ask for them, on goroutines of
// their own choice. It is Java's ReferenceQueue. Put is made to be a callback:
//
//	var dead weakref.Queue[int]
//	sessions := weakref.ValueMap[int, Session]{OnCollect: dead.Put}
//	weakref.Finalize(conn, dead.Put, id)
//	…
//	for id, err := range dead.All(ctx) { … }
//
// The queue is bounded, and nothing is lost silently: if nobody drains it, further
// events are dropped and counted, and whoever drains it next learns how many in
// their place.
//
// The zero Queue is ready to use. Its fields are set before first use; it must not be
// copied after that. All methods are safe for concurrent use.
//
// In a [testing/synctest] bubble, Next blocks durably. An event that is put outside
// of the bubble does not wake it; it looks by itself as the bubble's time advances.
type Queue[E any] struct {
	// Name is shown by Stats and in reports.
	Name string

	// Limit is how many events wait at most. 0 is 65,536. Methods panic if it is
	// negative, or not what it was at first use.
	Limit int

	mu      sync.Mutex
	listing *queueListing[E] // nil before the first use
	given   int              // Limit at first use
	events  fifo.Queue[queued[E]]
	lost    int // events dropped after the last one
	put     uint64
	dropped uint64
	filled  bubble.Cond // for an event, or a loss
}

type queued[E any] struct {
	e    E
	lost int // events dropped before it
}

// LostError says that events have been dropped because the queue was full.
type LostError struct {
	N int // how many
}

// Error says how many.
func (e *LostError) Error() string {
	return fmt.Sprintf("weakref: %d events were lost because the queue was full; drain it sooner, or raise its Limit", e.N)
}

// beginLocked returns the limit. It panics if the field is wrong or has been changed.
func (q *Queue[E]) beginLocked() int {
	switch {
	case q.Limit < 0:
		panic(fmt.Sprintf("weakref: Queue.Limit is %d; it must not be negative, and 0 is 65,536", q.Limit))
	case q.listing == nil:
		q.given, q.listing = q.Limit, &queueListing[E]{q, q.Name}
		gcclock.WatchShared(q.listing, func(*queueListing[E]) {}) // so that it is listed
	case q.Limit != q.given:
		panic(fmt.Sprintf("weakref: Queue.Limit was %d at first use and is %d now; it must be set before", q.given, q.Limit))
	}
	return cmp.Or(q.Limit, 1<<16)
}

// Put adds an event. It never waits. If the queue is full, the event is dropped and
// counted.
func (q *Queue[E]) Put(e E) {
	q.mu.Lock()
	defer q.mu.Unlock()
	limit := q.beginLocked()
	q.put++
	if len(q.events) >= limit {
		q.dropped++
		if q.lost < math.MaxInt {
			q.lost++
		}
	} else {
		q.events.Push(queued[E]{e, q.lost})
		q.lost = 0
	}
	q.filled.Signal()
}

// Next returns the next event, and waits for one until ctx ends. Where events have
// been dropped it returns a [*LostError], once, and goes on with the next call.
//
// Waiting costs no collections. A program that does nothing but wait, and has never
// collected before, collects once a minute later, so that a death can be noticed; from
// then on the runtime collects every two minutes.
func (q *Queue[E]) Next(ctx context.Context) (E, error) {
	var none E
	if err := ctx.Err(); err != nil {
		return none, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.beginLocked()
	if !q.ready() {
		defer stayAwake()()
		if err := q.filled.Wait(ctx, &q.mu, q.ready); err != nil {
			return none, err
		}
	}
	return q.take()
}

// ready reports whether there is something to take. The lock is held.
func (q *Queue[E]) ready() bool { return len(q.events) > 0 || q.lost > 0 }

// take returns the next event or loss. There is one; the lock is held.
func (q *Queue[E]) take() (e E, err error) {
	lost := &q.lost
	if len(q.events) > 0 {
		lost = &q.events[0].lost
	}
	if n := *lost; n > 0 {
		*lost = 0
		return e, &LostError{n}
	}
	return q.events.Pop().e, nil
}

// All returns an iterator over the events as Next returns them. It ends when ctx
// does.
func (q *Queue[E]) All(ctx context.Context) iter.Seq2[E, error] {
	return func(yield func(E, error) bool) {
		for {
			e, err := q.Next(ctx)
			if err != nil && err == ctx.Err() {
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Len returns how many events wait.
func (q *Queue[E]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.beginLocked()
	return len(q.events)
}

// Clear drops the events that wait, and forgets how many were lost.
func (q *Queue[E]) Clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.beginLocked()
	q.events, q.lost = nil, 0
}

// String returns the type of the queue and how many events wait.
func (q *Queue[E]) String() string {
	unit := "events"
	n := q.Len()
	if n == 1 {
		unit = "event"
	}
	return fmt.Sprintf("%v(%d %s)", reflect.TypeFor[Queue[E]](), n, unit)
}

// stayAwake keeps the runtime from believing that nothing can happen any more while a
// goroutine waits for a death, and from never collecting. A timer does the former. For
// the latter, the runtime collects every two minutes by itself, but only after there has
// been a first collection. The timer belongs to the bubble of the caller, which is not
// kept from noticing a deadlock: there is none.
func stayAwake() (stop func()) {
	if bubble.Current() != 0 {
		return func() {}
	}
	var mu sync.Mutex
	var timer *time.Timer
	stopped := false
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(awakeEvery, func() {
		if neverCollected() {
			runtime.GC()
		}
		mu.Lock()
		defer mu.Unlock()
		if !stopped { // Stop comes too late for a call that has begun
			timer.Reset(awakeEvery)
		}
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		timer.Stop()
	}
}

// awakeEvery is how long a program sleeps at most that waits for deaths. Tests shorten it.
var awakeEvery = time.Minute

// neverCollected reports whether there has been no collection, although the program has
// not turned them off.
var neverCollected = func() bool {
	samples := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/gogc:percent"}}
	metrics.Read(samples)
	for _, s := range samples {
		if s.Value.Kind() != metrics.KindUint64 {
			return false
		}
	}
	const off = math.MaxUint64
	return samples[0].Value.Uint64() == 0 && samples[1].Value.Uint64() != off
}

// Stats returns the figures. Clear does not set them back.
func (q *Queue[E]) Stats() QueueStats { return q.stats(q.Name) }

func (q *Queue[E]) stats(name string) QueueStats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return QueueStats{name, len(q.events), q.beginLocked(), q.put, q.dropped}
}
