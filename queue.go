package weakref

import (
	"context"
	"fmt"
	"iter"
	"sync"
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
// The zero Queue is ready to use. Its field is set before first use; it must not be
// copied after that. All methods are safe for concurrent use.
type Queue[E any] struct {
	// Limit is how many events wait at most. 0 is 65,536.
	Limit int

	mu     sync.Mutex
	events []queued[E]
	lost   int           // events dropped after the last one
	filled chan struct{} // closed when there is something; nil if nobody waits
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

// Put adds an event. It never waits. If the queue is full, the event is dropped and
// counted.
func (q *Queue[E]) Put(e E) {
	q.mu.Lock()
	defer q.mu.Unlock()
	limit := q.Limit
	if limit == 0 {
		limit = 1 << 16
	}
	if len(q.events) >= limit {
		q.lost++
	} else {
		q.events = append(q.events, queued[E]{e, q.lost})
		q.lost = 0
	}
	if q.filled != nil {
		close(q.filled)
		q.filled = nil
	}
}

// Next returns the next event, and waits for one until ctx ends. Where events have
// been dropped it returns a [*LostError], once, and goes on with the next call.
func (q *Queue[E]) Next(ctx context.Context) (E, error) {
	var none E
	if err := ctx.Err(); err != nil {
		return none, err
	}
	for {
		e, filled, err := q.take()
		if filled == nil {
			return e, err
		}
		select {
		case <-filled:
		case <-ctx.Done():
			return none, ctx.Err()
		}
	}
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
	return len(q.events)
}

// take returns the next event or loss, or if there is none, a channel that is
// closed when there is.
func (q *Queue[E]) take() (e E, filled <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	lost := &q.lost
	if len(q.events) > 0 {
		lost = &q.events[0].lost
	}
	if n := *lost; n > 0 {
		*lost = 0
		return e, nil, &LostError{n}
	}
	if len(q.events) > 0 {
		e = q.events[0].e
		clear(q.events[:1])
		if q.events = q.events[1:]; len(q.events) == 0 {
			q.events = nil
		}
		return e, nil, nil
	}
	if q.filled == nil {
		q.filled = make(chan struct{})
	}
	return e, q.filled, nil
}
