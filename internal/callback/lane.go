package callback

import (
	"time"

	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/fifo"
)

// lane is what a Queue has to do in one bubble, or outside of all. Its goroutines and
// its timer are of that bubble, so that no other has to touch them. The queue's lock
// guards it.
type lane[T any] struct {
	queue  *Queue[T]
	bubble bubble.ID

	items   fifo.Queue[T]
	taken   int  // items taken since the lane was made
	working bool // a goroutine is taking items, and no call of it has taken too long
	watched bool // a timer runs that looks for such a call
	late    int  // goroutines whose calls have taken too long
}

// pushLocked is called in the lane's bubble.
func (l *lane[T]) pushLocked(items []T) {
	l.items.Push(items...)
	if !l.working {
		l.startLocked()
	}
	l.watchLocked()
}

// startLocked starts a goroutine whose turn it is. It is called in the lane's bubble.
func (l *lane[T]) startLocked() {
	l.working = true
	turn := l.taken
	Go(l.queue, func() { l.work(turn) })
}

// work makes calls until there is nothing to do, or another goroutine has taken
// over. turn is the value of taken after this one last took an item, or was started.
func (l *lane[T]) work(turn int) {
	ended := false
	defer func() {
		if !ended { // the callback called runtime.Goexit
			l.goOn(turn)
		}
	}()
	for {
		item, next, ok := l.take(turn)
		if !ok {
			ended = true
			return
		}
		turn = next
		l.queue.call(item)
	}
}

// take returns the next item for a goroutine that last took one in a given turn,
// and false if it shall end.
func (l *lane[T]) take(turn int) (item T, next int, ok bool) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if turn != l.taken {
		l.late-- // its call took long, and another goroutine took over
		return item, 0, false
	}
	if len(l.items) == 0 {
		l.working = false
		delete(l.queue.bubbles, l.bubble)
		return item, 0, false
	}
	l.taken++
	return l.items.Pop(), l.taken, true
}

// goOn replaces a goroutine that has died in a given turn.
func (l *lane[T]) goOn(turn int) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if turn == l.taken {
		l.startLocked()
	} else {
		l.late--
	}
}

// watchLocked starts the timer that looks for a call that takes too long. It is called in
// the lane's bubble.
func (l *lane[T]) watchLocked() {
	if l.watched || len(l.items) == 0 {
		return
	}
	l.watched = true
	seen := l.taken
	time.AfterFunc(patienceBeside(l.late), func() {
		l.queue.mu.Lock()
		defer l.queue.mu.Unlock()
		l.watched = false
		if len(l.items) > 0 && l.taken == seen {
			l.taken++ // whoever took the last item has lost its turn
			l.late++
			l.startLocked()
		}
		l.watchLocked()
	})
}
