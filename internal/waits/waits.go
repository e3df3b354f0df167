// Package waits finds out who would wait for himself.
//
// A goroutine that waits for another which, in the end, waits for it, waits for ever.
// Wherever the module lets goroutines wait for user code, it says so here, and gets an
// error instead: creators of LoadOrCreate, loads of a cache, opens and closes of a pool,
// handlers of queues that are full, finalizers and callbacks. All are in one graph, so
// a circle is found although it leads through several of them.
//
// A piece of such code under way is a [Work]. It goes on only if the goroutine that runs
// it does, and if those go on who wait on its behalf:
//
//	goroutine ──waits for──► Work ──is run by──► goroutine ──waits for──► …
//	                           └───its context──► Work ──► …
//
// # What is seen
//
//   - What a goroutine that runs user code waits for, whoever started it: it is known by
//     its identity (package goid).
//   - What other goroutines wait for with the context that the user code was given, such
//     as those that a loader starts. Their waiting counts as the loader's.
//
// # What is not seen
//
//   - Waits that do not go through the module: locks, channels, a WaitGroup.
//   - What goroutines wait for that user code has started, if they do not use its context,
//     or it has none, as creators of LoadOrCreate and event handlers. They cannot be told
//     from goroutines that nobody waits for.
//
// A helper that waits with the context of a load counts even if the loader does not wait
// for the helper. It gets an error then, where it would merely have waited long.
package waits

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/weakref-go/weakref/internal/goid"
)

// Work is a piece of user code under way. The zero Work is one that no goroutine runs
// yet.
type Work struct {
	owner atomic.Uintptr // the goroutine that runs it; 0: none
	waits map[*Work]int  // on its behalf, with its context; guarded by graph.mu
}

// Here says that the calling goroutine runs the work from now on.
func (w *Work) Here() { w.owner.Store(goid.Current()) }

// Done says that the work has ended, and nobody waits for it any more, although some may
// not have noticed yet.
func (w *Work) Done() { w.owner.Store(done) }

// done is the owner of what has ended: no goroutine is there.
const done = ^uintptr(0)

// Key is the key under which contexts have the Work that they were made for.
type Key struct{}

// Context returns a context for the user code that is w.
func Context(ctx context.Context, w *Work) context.Context {
	return context.WithValue(ctx, Key{}, w)
}

// From returns the Work for which ctx, or one that it is derived from, was made, or nil.
func From(ctx context.Context) *Work {
	w, _ := ctx.Value(Key{}).(*Work)
	return w
}

// graph is who waits for what, in the process.
var graph struct {
	mu sync.Mutex
	on map[uintptr][]*Work // by goroutine
}

// Wait is a goroutine that waits.
type Wait struct {
	goroutine uintptr
	behalf    *Work
	on        []*Work
	outer     []*Work // what the goroutine was waiting for already
}

// Enter notes that the calling goroutine begins to wait until all of the given works are
// done, or do something that only they can do; on behalf of the Work whose context ctx is,
// if it is one's. It reports false, and notes nothing, if that would be waiting for itself.
func Enter(ctx context.Context, works ...*Work) (w Wait, ok bool) {
	w = Wait{goroutine: goid.Current(), behalf: From(ctx), on: works}
	graph.mu.Lock()
	defer graph.mu.Unlock()
	search := search{w.goroutine, w.behalf, make(map[*Work]bool)}
	if search.finds(works) {
		return Wait{}, false
	}
	if graph.on == nil {
		graph.on = make(map[uintptr][]*Work)
	}
	w.outer = graph.on[w.goroutine]
	graph.on[w.goroutine] = works
	w.behalf.add(works, 1)
	return w, true
}

// Leave says that the goroutine does not wait any more. It is called by that goroutine.
func (w Wait) Leave() {
	graph.mu.Lock()
	defer graph.mu.Unlock()
	if w.outer != nil {
		graph.on[w.goroutine] = w.outer
	} else {
		delete(graph.on, w.goroutine)
	}
	w.behalf.add(w.on, -1)
}

// add notes waits on behalf of b, or takes them back. graph.mu is held.
func (b *Work) add(works []*Work, n int) {
	if b == nil {
		return
	}
	if b.waits == nil {
		b.waits = make(map[*Work]int)
	}
	for _, w := range works {
		if b.waits[w] += n; b.waits[w] == 0 {
			delete(b.waits, w)
		}
	}
}

// search looks for a goroutine or a Work. graph.mu is held.
type search struct {
	goroutine uintptr
	work      *Work
	seen      map[*Work]bool
}

// finds reports whether one of works waits for what is searched for, or is it.
func (s *search) finds(works []*Work) bool {
	for _, w := range works {
		if s.reaches(w) {
			return true
		}
	}
	return false
}

func (s *search) reaches(w *Work) bool {
	owner := w.owner.Load()
	if s.seen[w] || owner == done {
		return false
	}
	s.seen[w] = true
	if w == s.work || owner != 0 && owner == s.goroutine {
		return true
	}
	if owner != 0 && s.finds(graph.on[owner]) {
		return true
	}
	for next := range w.waits {
		if s.reaches(next) {
			return true
		}
	}
	return false
}

// Waiting returns how many goroutines wait. It is for tests.
func Waiting() int {
	graph.mu.Lock()
	defer graph.mu.Unlock()
	return len(graph.on)
}
