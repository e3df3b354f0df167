// Package bubble lets goroutines of different testing/synctest bubbles wait for each
// other.
//
// A goroutine that was started in a bubble belongs to it, and so do the channels and
// timers that it makes. To send to such a channel, close it, receive from it or stop
// such a timer from outside is a fatal error, and so is waking a goroutine of another
// bubble that waits on a sync.Cond. What a container shares among its users must
// therefore be none of these, unless it is known who will use it. Mutexes and atomics
// belong to nobody.
//
// On the other hand a bubble's clock advances, and synctest.Wait returns, only when all
// its goroutines are durably blocked, which is to say on channels of their own bubble,
// on a sync.Cond or asleep. Who waits on a mutex is not. So one has to know who
// will end the wait:
//
//   - [Latch] is for waiting for a goroutine whose bubble is known, such as one that
//     loads a value. Those of the same bubble wait on a channel, durably, and those of
//     others on mutexes, as if for the network.
//   - [Cond] is for waiting for whoever comes. It is durable always. Who rings from
//     within the bubble wakes the waiter; who does so from elsewhere cannot, so the
//     waiter looks by itself as the bubble's clock advances.
//
// A timer that others may have to stop must not be shared either. Start another where
// it is needed, and let the old one find out that it is out of date.
package bubble

import (
	"bytes"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"
)

// ID is a bubble's number. 0 means outside of every bubble.
type ID uint64

// Current returns the bubble of the calling goroutine. Outside of bubbles it takes as
// long as time.Since; within one, microseconds.
//
// What is relied on: a bubble's clock begins with the year 2000, so that in a bubble the
// process seems to have begun in the future (not so for a year of the bubble's time when
// it has slept for decades, in which the bubble is not noticed); times within one have
// no monotonic reading; and the first line of a stack trace names the bubble. All are
// tested. If the first two ceased to be so, bubbles would not be noticed; if the last did,
// each call would return another bubble, in which nobody else is.
func Current() ID {
	id, _ := Now()
	return id
}

// Now is Current, and returns besides what it has read: the time on the clock of the
// bubble. Only differences of such times mean something.
func Now() (ID, time.Duration) {
	age := Clock()
	if 0 <= age && age < year {
		return 0, age
	}
	return search(), age
}

// Clock returns the time as Now does.
func Clock() time.Duration { return time.Since(begin) }

// search is for those who seem to be in a bubble.
func search() ID {
	if now := time.Now(); now != now.Round(0) {
		return 0 // a process that has run for a year
	}
	var buf [128]byte
	head, _, _ := bytes.Cut(buf[:runtime.Stack(buf[:], false)], []byte("\n"))
	_, after, ok := bytes.Cut(head, []byte("synctest bubble "))
	if n, err := strconv.ParseUint(string(bytes.TrimRight(after, ":]")), 10, 63); ok && err == nil {
		return ID(n)
	}
	return ID(unknown.Add(^uint64(0)))
}

// begin is when the process began.
var begin = time.Now()

const year = 365 * 24 * time.Hour

// unknown counts down, away from the numbers of bubbles.
var unknown atomic.Uint64
