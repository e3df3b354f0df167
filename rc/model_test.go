//go:build !rcsched

package rc_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref/rc"
	"github.com/weakref-go/weakref/weaktest"
)

// The model: goroutines hold handles, values list handles. A value must be alive
// while a path of these leads to it from a goroutine, and dropped once, when none
// does: at once if counting can tell, by the next Collect if not.

// An atom is a value in the random graph.
type atom struct {
	drops atomic.Int32
	mu    sync.Mutex
	kids  []*rc.Strong[*atom]
}

func (a *atom) Handles(yield func(rc.Handle) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, h := range a.kids {
		if !yield(h) {
			return
		}
	}
}

func (a *atom) link(h *rc.Strong[*atom]) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kids = append(a.kids, h)
}

// unlink removes the i-th handle modulo their number; nil if there is none.
func (a *atom) unlink(i int) *rc.Strong[*atom] {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.kids) == 0 {
		return nil
	}
	i %= len(a.kids)
	h := a.kids[i]
	a.kids = slices.Delete(a.kids, i, i+1)
	return h
}

// clone returns a clone of the i-th handle modulo their number, nil if there is
// none.
func (a *atom) clone(i int) *rc.Strong[*atom] {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.kids) == 0 {
		return nil
	}
	return a.kids[i%len(a.kids)].Clone()
}

// A world is what all goroutines of a test share.
type world struct {
	t      *testing.T
	forget bool // actors leak handles

	mu    sync.Mutex
	atoms []*atom // all that were made in this round or may be alive
	weak  []rc.Weak[*atom]
}

// An actor is a goroutine and the handles it holds.
type actor struct {
	*world
	rand  *rand.Rand
	held  []*rc.Strong[*atom]
	loose []rc.Unchecked[*atom]
}

func (x *actor) make() {
	a := new(atom)
	s := rc.New(a, func(a *atom) {
		if a.drops.Add(1) != 1 {
			x.t.Error("a value was dropped twice")
		}
	})
	x.mu.Lock()
	x.atoms = append(x.atoms, a)
	x.weak = append(x.weak, s.Weak())
	x.mu.Unlock()
	x.held = append(x.held, s)
}

// any returns a held handle, which must be of a living value.
func (x *actor) any() *rc.Strong[*atom] {
	s := x.held[x.rand.IntN(len(x.held))]
	if s.Value().drops.Load() != 0 {
		x.t.Error("a held value was dropped")
	}
	return s
}

func (x *actor) hold(s *rc.Strong[*atom]) {
	if s == nil {
		return
	}
	if s.Value().drops.Load() != 0 {
		x.t.Error("a value that can be reached was dropped")
	}
	x.held = append(x.held, s)
}

// take takes a handle away from those held.
func (x *actor) take() *rc.Strong[*atom] {
	i := x.rand.IntN(len(x.held))
	s := x.held[i]
	x.held = slices.Delete(x.held, i, i+1) // and leaves no copy behind
	return s
}

func (x *actor) close(h rc.Handle) {
	if err := h.Close(); err != nil {
		x.t.Error(err)
	}
}

// act does one thing at random.
func (x *actor) act() {
	if len(x.held) == 0 || len(x.held) < 20 && x.rand.IntN(8) == 0 {
		x.make()
		return
	}
	switch x.rand.IntN(16) {
	case 0:
		x.hold(x.any().Clone())
	case 1, 2, 3:
		x.close(x.take())
	case 4, 5:
		x.any().Value().link(x.any().Clone())
	case 6, 7:
		// The handle itself goes into the graph, without any count changing, and
		// perhaps into its own value.
		to, s := x.any().Clone(), x.take()
		to.Value().link(s)
		x.close(to)
	case 8:
		if s := x.any().Value().unlink(x.rand.Int()); s != nil {
			x.close(s)
		}
	case 9, 10:
		if s := x.any().Value().unlink(x.rand.Int()); s != nil {
			x.hold(s.Move())
		}
	case 11:
		x.hold(x.any().Value().clone(x.rand.Int()))
	case 12:
		x.upgrade()
	case 13:
		if len(x.loose) == 0 {
			x.loose = append(x.loose, x.any().Unchecked().Clone())
			x.close(x.loose[0].Strong())
			if err := x.loose[0].Close(); err != nil {
				x.t.Error(err)
			}
			return
		}
		if err := x.loose[0].Close(); err != nil {
			x.t.Error(err)
		}
		x.loose = nil
	case 14:
		x.collect()
	case 15:
		l := x.any().Local()
		c := l.Clone()
		x.close(l)
		x.hold(c)
	}
	if x.forget && x.rand.IntN(20) == 0 && len(x.held) > 0 {
		x.take()
	}
}

func (x *actor) upgrade() {
	x.mu.Lock()
	w := x.weak[x.rand.IntN(len(x.weak))]
	x.mu.Unlock()
	if s, ok := w.Upgrade(); ok {
		x.hold(s)
	}
}

func (x *actor) collect() {
	var err error
	if x.rand.IntN(4) == 0 {
		_, err = rc.Collect()
	} else {
		_, _, err = rc.CollectSome(x.rand.IntN(40))
	}
	if err != nil && err != rc.ErrCollecting {
		x.t.Error(err)
	}
}

// reachable returns what the actors can reach. Nothing else runs.
func reachable(actors []*actor) map[*atom]bool {
	seen := make(map[*atom]bool)
	var todo []*atom
	visit := func(a *atom) {
		if !seen[a] {
			seen[a] = true
			todo = append(todo, a)
		}
	}
	for _, x := range actors {
		for _, s := range x.held {
			visit(s.Value())
		}
		for _, u := range x.loose {
			visit(u.Value())
		}
	}
	for len(todo) > 0 {
		a := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, s := range a.kids {
			visit(s.Value())
		}
	}
	return seen
}

// check compares the world with the model. Nothing else runs.
func (w *world) check(actors []*actor) {
	alive := reachable(actors)
	if !w.forget {
		w.finishPass() // which may be in the middle of dropping a cycle
		w.checkCounting(alive)
		w.collectAll()
	} else {
		weaktest.Eventually(w.t, "all that nobody can reach is dropped", func() bool {
			w.collectAll()
			return w.settled(alive)
		})
	}
	left := w.atoms[:0]
	for _, a := range w.atoms {
		switch drops := a.drops.Load(); {
		case alive[a] && drops != 0:
			w.t.Error("a value that can be reached was dropped")
		case !alive[a] && drops != 1:
			w.t.Errorf("a value that nobody can reach was dropped %d times", drops)
		case alive[a]:
			left = append(left, a)
		}
	}
	clear(w.atoms[len(left):])
	w.atoms = left
}

// checkCounting checks before Collect that only cycles keep what nobody can
// reach: each such value is listed by another.
func (w *world) checkCounting(alive map[*atom]bool) {
	listed := make(map[*atom]bool)
	for _, a := range w.atoms {
		if a.drops.Load() == 0 {
			for _, s := range a.kids {
				listed[s.Value()] = true
			}
		}
	}
	for _, a := range w.atoms {
		if !alive[a] && a.drops.Load() == 0 && !listed[a] {
			w.t.Error("a value was not dropped when its last handle was closed")
		}
	}
}

func (w *world) settled(alive map[*atom]bool) bool {
	for _, a := range w.atoms {
		if !alive[a] && a.drops.Load() == 0 {
			return false
		}
	}
	return true
}

func (w *world) finishPass() {
	for more := true; more; {
		var err error
		if _, more, err = rc.CollectSome(1000); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) collectAll() {
	if _, err := rc.Collect(); err != nil {
		w.t.Error(err)
	}
}

func runModel(t *testing.T, forget bool, goroutines, rounds, steps int, seed uint64) {
	w := &world{t: t, forget: forget}
	actors := make([]*actor, goroutines)
	for i := range actors {
		actors[i] = &actor{world: w, rand: rand.New(rand.NewPCG(seed, uint64(i)))}
	}
	for range rounds {
		var wg sync.WaitGroup
		for _, x := range actors {
			wg.Go(func() {
				for range steps {
					x.act()
				}
			})
		}
		wg.Wait()
		w.check(actors)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	for _, x := range actors {
		for len(x.held) > 0 {
			x.close(x.take())
		}
		for _, u := range x.loose {
			u.Close()
		}
		x.loose = nil
	}
	w.check(actors)
	if len(w.atoms) != 0 {
		t.Errorf("%d values left at the end", len(w.atoms))
	}
}

func TestModel(t *testing.T) {
	l := faults(t)
	rounds := 30
	if testing.Short() {
		rounds = 5
	}
	for _, n := range []int{1, 4} {
		t.Run(fmt.Sprint("goroutines=", n), func(t *testing.T) {
			for range 3 {
				runModel(t, false, n, rounds, 300, rand.Uint64())
			}
		})
	}
	if fs := l.take(); len(fs) != 0 {
		t.Errorf("%d faults, first %v", len(fs), fs[0])
	}
}

// The same with handles that are leaked. Nothing else is reported.
func TestModelForget(t *testing.T) {
	l := faults(t)
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	runModel(t, true, 3, rounds, 100, rand.Uint64())
	if fs := l.take(); len(fs) != 0 {
		t.Errorf("%d faults, first %v", len(fs), fs[0])
	}
}

func TestModelTracked(t *testing.T) {
	tracked(t)
	rounds := 5
	if testing.Short() {
		rounds = 1
	}
	runModel(t, false, 3, rounds, 100, rand.Uint64())
	rc.VerifyNone(t)
}
