package gcclock

import (
	"time"
	"weak"

	"github.com/weakref-go/weakref/internal/bubble"
)

// inBubble is a watcher that belongs to a testing/synctest bubble.
//
// Upkeep finds deaths, and callbacks follow from that. They are the user's, and may use
// channels and timers of the bubble, which is fatal on a goroutine of any other. But the
// clock's signals come from outside, and nothing outside can start a goroutine in a bubble.
// So the upkeep is done within: where the user calls for it (Sweep, and whatever comes upon
// a dead entry), and as the bubble's time advances, a millisecond after the beginning, then
// after two more, four, and so on. That is seldom enough for the bubble to be found
// deadlocked when it is.
//
// What was made in a bubble may be used after its end, as a package-level container is
// that a test was the first to use. Then it is like any other. The end shows in the death
// of the token, which only the bubble's next timer refers to.
type inBubble struct {
	watcher
	id    bubble.ID
	alive weak.Pointer[token]
}

type token [4]uintptr

func newInBubble(w watcher, id bubble.ID) *inBubble {
	t := new(token)
	b := &inBubble{w, id, weak.Make(t)}
	b.runAfter(time.Millisecond, t)
	return b
}

func (b *inBubble) runAfter(d time.Duration, t *token) {
	time.AfterFunc(d, func() {
		clock.passMu.Lock()
		defer clock.passMu.Unlock()
		if b.watcher.run(b.id) && 2*d > 0 {
			b.runAfter(2*d, t)
		}
	})
}

func (b *inBubble) run(here bubble.ID) bool {
	if here != b.id && b.alive.Value() != nil {
		return true // not here
	}
	return b.watcher.run(here)
}
