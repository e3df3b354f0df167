package cache

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref/internal/waits"
)

// run is a call of Load or LoadMany under way, and the context that the loader gets. That
// may live long, so it is apart from the batch, which has the values.
type run struct {
	values context.Context // of the Get that began it; the loader's context has its values
	work   waits.Work
	state  atomic.Uint32
	exempt bool                // from waiting for its turn; guarded by the lock of the turns
	own    atomic.Pointer[own] // made when the loader asks for more than the error
}

// The bits of run.state. The rest of it is the number of those who wait.
const (
	claimed   = 1 << iota // somebody performs it
	ended                 // the loader has returned
	over                  // and the results are what they will be
	abandoned             // nobody waits for the result any more, and it will not be stored
	waiter
)

// own is a context of package context.
type own struct {
	context.Context
	cancel context.CancelFunc
}

// enter notes that somebody waits for the run, and reports false if it is abandoned.
func (r *run) enter() bool {
	for {
		old := r.state.Load()
		if old&abandoned != 0 {
			return false
		}
		if r.state.CompareAndSwap(old, old+waiter) {
			return true
		}
	}
}

// leave undoes enter. It reports whether the run is abandoned because of that, or else
// whether nobody needs the results any more.
func (r *run) leave() (abandons, unneeded bool) {
	for {
		old := r.state.Load()
		now := old - waiter
		abandons = now < waiter && old&(ended|abandoned) == 0
		if abandons {
			now |= abandoned
		}
		if r.state.CompareAndSwap(old, now) {
			return abandons, isUnneeded(now)
		}
	}
}

// isUnneeded reports whether nobody needs the results any more of a run in that state.
func isUnneeded(state uint32) bool { return state&(over|abandoned) == over && state < waiter }

func (r *run) isAbandoned() bool { return r.state.Load()&abandoned != 0 }

// claim has the caller perform the run. It reports false if somebody else does.
func (r *run) claim() bool { return r.state.Or(claimed)&claimed == 0 }

func (r *run) isClaimed() bool { return r.state.Load()&claimed != 0 }

// abandon has the run abandoned although somebody waits for it, and reports false if it is
// over already.
func (r *run) abandon() bool {
	for {
		old := r.state.Load()
		if old&over != 0 {
			return false
		}
		if r.state.CompareAndSwap(old, old|abandoned) {
			return true
		}
	}
}

// end notes that the loader has returned.
func (r *run) end() {
	r.state.Or(ended)
	r.work.Done()
	r.cancel()
}

// complete notes that the results are what they will be. It reports whether all who waited
// have taken them already.
func (r *run) complete() (unneeded bool) { return isUnneeded(r.state.Or(over) | over) }

// cancel ends the context. What it is to end for is in the state already, for contexts that
// are made now.
func (r *run) cancel() {
	if own := r.own.Load(); own != nil {
		own.cancel()
	}
}

// isDone reports whether the context has ended, or is about to.
func (r *run) isDone() bool { return r.state.Load()&(ended|abandoned) != 0 }

// Deadline returns none.
func (r *run) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done returns a channel that is closed when the run has ended or is abandoned.
func (r *run) Done() <-chan struct{} { return r.context().Done() }

// Err returns context.Canceled then.
func (r *run) Err() error {
	if own := r.own.Load(); own != nil {
		return own.Err()
	}
	if r.isDone() {
		return context.Canceled
	}
	return nil
}

// Value returns what the run is to package waits, and the values of the Get.
func (r *run) Value(key any) any {
	if key == (waits.Key{}) {
		return &r.work
	}
	return r.context().Value(key)
}

// context returns a context of package context, which is behind the methods of the run,
// so that contexts derived from it need no goroutine.
func (r *run) context() context.Context {
	if own := r.own.Load(); own != nil {
		return own
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.values))
	if !r.own.CompareAndSwap(nil, &own{ctx, cancel}) {
		cancel()
	}
	if r.isDone() {
		r.cancel()
	}
	return r.own.Load()
}
