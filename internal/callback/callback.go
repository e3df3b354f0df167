// Package callback runs the callbacks of users: under no lock, on goroutines of
// its own, each once, with panics recovered and reported. It knows which of them are
// pending anywhere in the module, so that a program can wait for them as it ends; see
// [Drain].
package callback

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/usercode"
)

// Queue calls a function for each item pushed to it, one after the other in the
// order they were pushed. If a call takes long, those that follow no longer wait
// for it: they go on on another goroutine, so a callback that blocks delays none
// but itself. There is no goroutine while the queue is empty.
//
// What is pushed in a testing/synctest bubble is called in that bubble, in an order of its
// own.
//
// A running goroutine refers to the Queue, so a Queue must not be part of what it
// must not keep alive.
type Queue[T any] struct {
	Call func(T)
	What string // what is called, for reports

	mu      sync.Mutex
	outside lane[T]
	bubbles map[bubble.ID]*lane[T] // those that have something to do

	panics atomic.Uint64
}

// Push adds items to the queue. It does not wait for anything.
func (q *Queue[T]) Push(items []T) {
	if len(items) == 0 {
		return
	}
	id := bubble.Current()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.laneLocked(id).pushLocked(items)
}

// laneLocked returns the lane of a bubble.
func (q *Queue[T]) laneLocked(id bubble.ID) *lane[T] {
	if id == 0 {
		if q.outside.queue == nil { // once: its goroutines read it without the lock
			q.outside.queue = q
		}
		return &q.outside
	}
	l := q.bubbles[id]
	if l == nil {
		l = &lane[T]{queue: q, bubble: id}
		if q.bubbles == nil {
			q.bubbles = make(map[bubble.ID]*lane[T])
		}
		q.bubbles[id] = l
	}
	return l
}

// Pending returns the number of items whose calls have not begun.
func (q *Queue[T]) Pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.outside.items)
	for _, l := range q.bubbles {
		n += len(l.items)
	}
	return n
}

// Describe returns What.
func (q *Queue[T]) Describe() string { return q.What }

// Panics returns how many calls have panicked.
func (q *Queue[T]) Panics() uint64 { return q.panics.Load() }

// patience is how long one call may run before the next one stops waiting for it. If
// there are n calls already that nobody waits for any more, it is an nth of that, so that
// those behind many calls that block need not have patience with each of them; but
// never less than haste.
const (
	patience = 10 * time.Millisecond
	haste    = 100 * time.Microsecond
)

func patienceBeside(late int) time.Duration {
	return max(patience/time.Duration(late+1), haste)
}

// call makes one call. It returns normally unless the callback ends its goroutine.
func (q *Queue[T]) call(item T) {
	returned := false
	defer func() {
		err := usercode.Outcome(returned, recover(), nil)
		if err != nil && err != usercode.ErrGoexit {
			q.panics.Add(1)
		}
		usercode.Log("a callback", err, "callback", q.What)
	}()
	q.Call(item)
	returned = true
}
