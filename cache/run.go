package cache

import (
	"context"
	"sync"
	"time"
)

// run is a call of Load or LoadMany under way, and the context that the loader gets. It
// knows how many wait for it, and what it waits for itself: loads of other keys, of this
// cache or others, that were asked for with its context.
type run struct {
	values context.Context // of the Get that began it; the loader's context has its values

	mu        sync.Mutex
	over      bool            // nobody waits for the result any more, or the loader has returned
	own       context.Context // made when the loader asks for more than the error
	cancelOwn context.CancelFunc

	// Guarded by graph.
	waiters  int
	waitsFor map[*run]int
}

// Deadline returns none.
func (r *run) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done returns a channel that is closed when the run is over.
func (r *run) Done() <-chan struct{} { return r.context().Done() }

// Err returns context.Canceled if the run is over.
func (r *run) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own != nil {
		return r.own.Err()
	}
	if r.over {
		return context.Canceled
	}
	return nil
}

// Value returns the run itself for runKey, and the values of the Get for the rest.
func (r *run) Value(key any) any {
	if key == (runKey{}) {
		return r
	}
	return r.context().Value(key)
}

// context returns a context of package context, which is behind the methods of the run,
// so that contexts derived from it need no goroutine.
func (r *run) context() context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own == nil {
		r.own, r.cancelOwn = context.WithCancel(context.WithoutCancel(r.values))
		if r.over {
			r.cancelOwn()
		}
	}
	return r.own
}

// cancel ends the context.
func (r *run) cancel() {
	r.mu.Lock()
	r.over = true
	cancelOwn := r.cancelOwn
	r.mu.Unlock()
	if cancelOwn != nil {
		cancelOwn()
	}
}

// graph guards which run of the process waits for which.
var graph sync.Mutex

type runKey struct{}

// runOf returns the run that a context belongs to, or nil.
func runOf(ctx context.Context) *run {
	r, _ := ctx.Value(runKey{}).(*run)
	return r
}

// enter notes that somebody waits for r: the run from, or if that is nil,
// somebody who is no loader. It fails if r waits for from already, which a new run
// never does.
func (r *run) enter(from *run) error {
	graph.Lock()
	defer graph.Unlock()
	if from != nil {
		if r.reaches(from, make(map[*run]bool)) {
			return ErrDeadlock
		}
		if from.waitsFor == nil {
			from.waitsFor = make(map[*run]int)
		}
		from.waitsFor[r]++
	}
	r.waiters++
	return nil
}

// leave undoes enter and reports whether nobody waits for r any more.
func (r *run) leave(from *run) bool {
	graph.Lock()
	defer graph.Unlock()
	if from != nil {
		if from.waitsFor[r]--; from.waitsFor[r] == 0 {
			delete(from.waitsFor, r)
		}
	}
	r.waiters--
	return r.waiters == 0
}

// reaches reports whether r is the run to, or waits for it, if through others.
func (r *run) reaches(to *run, seen map[*run]bool) bool {
	if r == to {
		return true
	}
	seen[r] = true
	for next := range r.waitsFor {
		if !seen[next] && next.reaches(to, seen) {
			return true
		}
	}
	return false
}
