package flight

import (
	"sync"

	"github.com/weakref-go/weakref/internal/goid"
)

// waitable is a call as far as one may wait for it.
type waitable struct {
	owner uintptr // the goroutine that runs it
	done  chan struct{}
}

func newWaitable() waitable {
	return waitable{goid.Current(), make(chan struct{})}
}

// waits has the call that each waiting goroutine waits for, of all groups of the
// process. A call waits for what its owner waits for, so a circle of waits is
// found by following it.
var waits struct {
	mu sync.Mutex
	on map[uintptr]*waitable
}

// wait returns when the call is done, or at once with ErrDeadlock if it never
// would be.
func (w *waitable) wait() error {
	me := goid.Current()
	if err := enter(me, w); err != nil {
		return err
	}
	<-w.done
	leave(me)
	return nil
}

func enter(me uintptr, w *waitable) error {
	waits.mu.Lock()
	defer waits.mu.Unlock()
	for next := w; next != nil && !next.isDone(); next = waits.on[next.owner] {
		if next.owner == me {
			return ErrDeadlock
		}
	}
	if waits.on == nil {
		waits.on = make(map[uintptr]*waitable)
	}
	waits.on[me] = w
	return nil
}

// isDone reports whether the call has ended, although some who waited for it may
// not have noticed yet.
func (w *waitable) isDone() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

func leave(me uintptr) {
	waits.mu.Lock()
	defer waits.mu.Unlock()
	delete(waits.on, me)
}
