package cache

import (
	"context"
	"sync"
)

// run is a call of Load or LoadMany under way. It knows how many wait for it, and
// what it waits for itself: loads of other keys, of this cache or others, that were
// asked for with its context.
type run struct {
	cancel context.CancelFunc

	// Guarded by graph.
	waiters  int
	waitsFor map[*run]int
}

// graph guards which run of the process waits for which.
var graph sync.Mutex

type runKey struct{}

// runOf returns the run that a context belongs to, or nil.
func runOf(ctx context.Context) *run {
	r, _ := ctx.Value(runKey{}).(*run)
	return r
}

// newRun returns a run that nobody waits for, and the context for its loader.
func newRun(ctx context.Context) (*run, context.Context) {
	r := new(run)
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return r, context.WithValue(ctx, runKey{}, r)
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
