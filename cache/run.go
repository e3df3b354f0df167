package cache

import (
	"context"
	"sync"
	"time"

	"github.com/weakref-go/weakref/internal/waits"
)

// run is a call of Load or LoadMany under way, and the context that the loader gets. That
// may live long, so it is apart from the batch, which has the values.
type run struct {
	values context.Context // of the Get that began it; the loader's context has its values
	work   waits.Work

	mu        sync.Mutex
	waiters   int32
	stage     stage
	abandoned bool // nobody waits for the result any more, and it will not be stored
	exempt    bool // from waiting for its turn; guarded by the lock of the turns
	own       *own // made when the loader asks for more than the error
}

// stage is how far a run has come.
type stage uint8

const (
	running stage = iota
	ended         // the loader has returned
	over          // and the results are what they will be
)

// own is a context of package context.
type own struct {
	context.Context
	cancel context.CancelFunc
}

// enter notes that somebody waits for the run, and reports false if it is abandoned.
func (r *run) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.abandoned {
		return false
	}
	r.waiters++
	return true
}

// leave undoes enter. It reports whether the run is abandoned because of that, or else
// whether nobody needs the results any more.
func (r *run) leave() (abandoned, unneeded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiters--
	if r.waiters > 0 || r.stage >= ended || r.abandoned {
		return false, r.unneeded()
	}
	r.abandoned = true
	return true, false
}

// unneeded reports whether nobody needs the results any more. The run is locked.
func (r *run) unneeded() bool { return r.stage == over && r.waiters == 0 && !r.abandoned }

func (r *run) isAbandoned() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.abandoned
}

// abandon has the run abandoned although somebody waits for it, and reports false if it is
// over already.
func (r *run) abandon() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage >= over {
		return false
	}
	r.abandoned = true
	return true
}

// end notes that the loader has returned.
func (r *run) end() {
	r.mu.Lock()
	r.stage = ended
	own := r.own
	r.mu.Unlock()
	r.work.Done()
	if own != nil {
		own.cancel()
	}
}

// complete notes that the results are what they will be. It reports whether all who waited
// have taken them already.
func (r *run) complete() (unneeded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stage = over
	return r.unneeded()
}

// cancel ends the context.
func (r *run) cancel() {
	r.mu.Lock()
	own := r.own
	r.mu.Unlock()
	if own != nil {
		own.cancel()
	}
}

// Deadline returns none.
func (r *run) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done returns a channel that is closed when the run has ended or is abandoned.
func (r *run) Done() <-chan struct{} { return r.context().Done() }

// Err returns context.Canceled then.
func (r *run) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own != nil {
		return r.own.Err()
	}
	if r.stage >= ended || r.abandoned {
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
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own == nil {
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.values))
		r.own = &own{ctx, cancel}
		if r.stage >= ended || r.abandoned {
			cancel()
		}
	}
	return r.own
}
