// Package callback runs the callbacks of users: under no lock, on goroutines of
// its own, each once, with panics recovered and reported.
package callback

import (
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long one callback may run before the next one stops waiting for
// it.
const patience = 10 * time.Millisecond

// Queue calls a function for each item pushed to it, one after the other in the
// order they were pushed. If a call takes long, those that follow no longer wait
// for it: they go on on another goroutine, so a callback that blocks delays none
// but itself. There is no goroutine while the queue is empty.
//
// A running goroutine refers to the Queue, so a Queue must not be part of what it
// must not keep alive.
type Queue[T any] struct {
	Call func(T)
	What string // what is called, for reports

	mu      sync.Mutex
	items   []T
	taken   int  // items taken since the queue was made
	working bool // a goroutine is taking items, and no call of it has taken too long
	watched bool // a timer runs that looks for such a call

	panics atomic.Uint64
}

// Push adds items to the queue. It does not wait for anything.
func (q *Queue[T]) Push(items []T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, items...)
	if !q.working {
		q.working = true
		go q.work()
	}
	q.watchLocked()
}

// Pending returns the number of items whose calls have not begun.
func (q *Queue[T]) Pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// Panics returns how many calls have panicked.
func (q *Queue[T]) Panics() uint64 { return q.panics.Load() }

// work makes calls until there is nothing to do, or another goroutine has taken
// over.
func (q *Queue[T]) work() {
	turn := 0 // the value of taken after this goroutine last took an item
	ended := false
	defer func() {
		if !ended { // the callback called runtime.Goexit
			slog.Error("weakref: a callback ended its goroutine", "callback", q.What)
			q.goOn(turn)
		}
	}()
	for {
		item, next, ok := q.take(turn)
		if !ok {
			ended = true
			return
		}
		turn = next
		q.call(item)
	}
}

// take returns the next item for a goroutine that last took one in a given turn,
// and false if it shall end.
func (q *Queue[T]) take(turn int) (item T, next int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if turn != 0 && turn != q.taken {
		return item, 0, false // its call took long, and another goroutine took over
	}
	if len(q.items) == 0 {
		q.items = nil
		q.working = false
		return item, 0, false
	}
	item = q.items[0]
	clear(q.items[:1])
	q.items = q.items[1:]
	q.taken++
	return item, q.taken, true
}

// goOn replaces a goroutine that has died in a given turn.
func (q *Queue[T]) goOn(turn int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if turn == q.taken {
		go q.work()
	}
}

func (q *Queue[T]) call(item T) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			q.panics.Add(1)
			slog.Error("weakref: a callback panicked", "callback", q.What, "panic", v, "stack", string(debug.Stack()))
		}
	}()
	q.Call(item)
	returned = true
}

// watchLocked starts the timer that looks for a call that takes too long. q.mu is
// held.
func (q *Queue[T]) watchLocked() {
	if q.watched || len(q.items) == 0 {
		return
	}
	q.watched = true
	seen := q.taken
	time.AfterFunc(patience, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.watched = false
		if len(q.items) > 0 && q.taken == seen {
			q.working = true
			q.taken++ // whoever took the last item has lost its turn
			go q.work()
		}
		q.watchLocked()
	})
}
