//go:build rcsched

package rc

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"testing"
)

// These tests run small programs of two or three goroutines under every
// schedule, or under every one that interrupts goroutines no more often than a
// bound. A goroutine can be interrupted before each atomic operation and each
// mutex. Run them with go test -tags rcsched; TestSchedules does.

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// A program is made anew for each schedule.
type program struct {
	threads []func()
	check   func() error // once all threads have ended
}

// explore runs the program under every schedule with at most preemptions
// interruptions, any number if that is negative, and returns how many there were.
func explore(t *testing.T, preemptions int, make func() program) (schedules int) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // what the collector calls is not ours to schedule
	var prefix []int
	for {
		p := make()
		s := newScheduler(p.threads, prefix)
		stepper = s
		s.run()
		stepper = nil
		schedules++
		if err := p.check(); err != nil {
			t.Fatalf("schedule %v: %v", s.choices(), err)
		}
		if prefix = s.next(preemptions); prefix == nil {
			t.Logf("%d schedules", schedules)
			return schedules
		}
	}
}

type thread struct {
	resume chan struct{}
	free   func() bool // what it waits for, if not nil
	ended  bool
}

type decision struct {
	enabled []int // threads; the one that ran before comes first, if it can go on
	chosen  int   // index in enabled
	free    bool  // no thread is interrupted, whatever is chosen
}

type scheduler struct {
	threads []*thread
	current int
	paused  chan struct{}
	prefix  []int
	taken   []decision
}

func newScheduler(fs []func(), prefix []int) *scheduler {
	s := &scheduler{paused: make(chan struct{}), prefix: prefix, current: -1}
	for _, f := range fs {
		th := &thread{resume: make(chan struct{})}
		s.threads = append(s.threads, th)
		go func() {
			<-th.resume
			f()
			th.ended = true
			s.paused <- struct{}{}
		}()
	}
	return s
}

func (s *scheduler) step() {
	th := s.threads[s.current]
	s.paused <- struct{}{}
	<-th.resume
}

func (s *scheduler) wait(free func() bool) {
	th := s.threads[s.current]
	th.free = free
	s.step()
	th.free = nil
}

func (s *scheduler) run() {
	for {
		enabled, free := s.enabled()
		if len(enabled) == 0 {
			break
		}
		d := decision{enabled: enabled, free: free}
		if i := len(s.taken); i < len(s.prefix) {
			d.chosen = s.prefix[i]
		}
		s.taken = append(s.taken, d)
		s.current = enabled[d.chosen]
		s.threads[s.current].resume <- struct{}{}
		<-s.paused
	}
	for i, th := range s.threads {
		if !th.ended {
			panic(fmt.Sprintf("deadlock: thread %d waits for ever; schedule %v", i, s.choices()))
		}
	}
}

// enabled returns the threads that can go on; free reports that the one which ran
// last cannot.
func (s *scheduler) enabled() (enabled []int, free bool) {
	free = true
	for i, th := range s.threads {
		switch {
		case th.ended || th.free != nil && !th.free():
		case i == s.current:
			enabled = slices.Insert(enabled, 0, i)
			free = false
		default:
			enabled = append(enabled, i)
		}
	}
	return enabled, free
}

func (s *scheduler) choices() (c []int) {
	for _, d := range s.taken {
		c = append(c, d.chosen)
	}
	return c
}

// next returns the choices that lead to the next schedule, nil if there is none.
func (s *scheduler) next(preemptions int) []int {
	for i := len(s.taken) - 1; i >= 0; i-- {
		d := s.taken[i]
		if d.chosen+1 == len(d.enabled) {
			continue
		}
		if !d.free && preemptions >= 0 && interruptions(s.taken[:i]) >= preemptions {
			continue
		}
		return append(s.choices()[:i], d.chosen+1)
	}
	return nil
}

func interruptions(ds []decision) (n int) {
	for _, d := range ds {
		if !d.free && d.chosen > 0 {
			n++
		}
	}
	return n
}

// history records operations on one value, to see whether they could have
// happened one after the other. Threads run one at a time, so it needs no lock.
type history struct {
	clock int
	ops   []*operation
}

type operation struct {
	name       string
	begin, end int
	ok         bool // upgrade: got a handle; close: dropped the value
}

func (h *history) do(name string, f func() bool) bool {
	h.clock++
	op := &operation{name: name, begin: h.clock}
	h.ops = append(h.ops, op)
	op.ok = f()
	h.clock++
	op.end = h.clock
	return op.ok
}

// linearizable reports whether some order of the operations explains their
// results, given that a value that begins with n shares is alive while it has
// some.
func (h *history) linearizable(n int) bool { return linearize(h.ops, n) }

func linearize(rest []*operation, n int) bool {
	if len(rest) == 0 {
		return true
	}
	for i, op := range rest {
		first := !slices.ContainsFunc(rest, func(o *operation) bool { return o.end < op.begin })
		if !first {
			continue
		}
		after, ok := apply(op, n)
		if ok && linearize(slices.Delete(slices.Clone(rest), i, i+1), after) {
			return true
		}
	}
	return false
}

func apply(op *operation, n int) (after int, ok bool) {
	switch op.name {
	case "upgrade":
		if n == 0 {
			return 0, !op.ok
		}
		return n + 1, op.ok
	case "clone":
		return n + 1, n > 0
	}
	return n - 1, n > 0 && op.ok == (n == 1)
}

// A subject is a value under observation.
type subject struct {
	history
	drops int
	s     *Strong[*subject]
	w     Weak[*subject]
}

func newSubject() *subject {
	x := new(subject)
	x.s = New(x, func(x *subject) { x.drops++ })
	x.w = x.s.Weak()
	return x
}

// close closes a handle and records whether that dropped the value.
func (x *subject) close(s interface{ Close() error }) {
	x.do("close", func() bool {
		before := x.drops
		if err := s.Close(); err != nil {
			panic(err)
		}
		return x.drops != before
	})
}

// upgrade upgrades, and closes what it got.
func (x *subject) upgrade() {
	var s *Strong[*subject]
	if x.do("upgrade", func() (ok bool) { s, ok = x.w.Upgrade(); return ok }) {
		x.alive()
		x.close(s)
	}
}

func (x *subject) clone(s *Strong[*subject]) (c *Strong[*subject]) {
	x.do("clone", func() bool { c = s.Clone(); return true })
	return c
}

func (x *subject) alive() {
	if x.drops != 0 {
		panic("a handle of a dropped value is open")
	}
}

func (x *subject) check() error {
	switch {
	case x.drops != 1:
		return fmt.Errorf("dropped %d times", x.drops)
	case !x.linearizable(1):
		return fmt.Errorf("not linearizable: %v", x.ops)
	}
	return nil
}

func (op *operation) String() string {
	return fmt.Sprintf("%s=%v[%d,%d]", op.name, op.ok, op.begin, op.end)
}

func TestScheduleUpgradeClose(t *testing.T) {
	explore(t, -1, func() program {
		x := newSubject()
		return program{[]func(){
			func() { x.close(x.s) },
			func() { x.upgrade() },
		}, x.check}
	})
}

func TestScheduleUpgradesClose(t *testing.T) {
	explore(t, 5, func() program {
		x := newSubject()
		return program{[]func(){
			func() { x.close(x.s) },
			func() { x.upgrade() },
			func() { x.upgrade() },
		}, x.check}
	})
}

func TestScheduleCloneUpgradeClose(t *testing.T) {
	explore(t, 5, func() program {
		x := newSubject()
		return program{[]func(){
			func() { x.close(x.clone(x.s)); x.close(x.s) },
			func() { x.upgrade(); x.upgrade() },
		}, x.check}
	})
}

func TestScheduleUnchecked(t *testing.T) {
	explore(t, 5, func() program {
		x := newSubject()
		u := x.s.Unchecked()
		x.s.Close()
		return program{[]func(){
			func() {
				var v Unchecked[*subject]
				x.do("clone", func() bool { v = u.Clone(); return true })
				x.close(u)
				x.close(v)
			},
			func() { x.upgrade() },
		}, x.check}
	})
}

func TestScheduleLocal(t *testing.T) {
	explore(t, 5, func() program {
		x := newSubject()
		l := x.s.Local()
		x.s.Close()
		return program{[]func(){
			func() {
				c := l.Clone()
				x.alive()
				x.close(l)
				_ = c
				x.drops += 0
				x.closeLocal(c)
			},
			func() { x.upgrade() },
		}, func() error {
			if x.drops != 1 {
				return fmt.Errorf("dropped %d times", x.drops)
			}
			return nil
		}}
	})
}

// closeLocal closes without recording: a Local handle is counted apart.
func (x *subject) closeLocal(s *Strong[*subject]) {
	x.alive()
	s.Close()
}

// Closing one handle on two goroutines, a mistake, closes it once.
func TestScheduleDoubleClose(t *testing.T) {
	explore(t, -1, func() program {
		x := newSubject()
		failed := 0
		close := func() {
			if errors.Is(x.s.Close(), ErrClosed) {
				failed++
			}
		}
		return program{[]func(){close, close}, func() error {
			if x.drops != 1 || failed != 1 {
				return fmt.Errorf("%d drops, %d of 2 closes failed", x.drops, failed)
			}
			return nil
		}}
	})
}

// Cloning a handle while another goroutine closes it, a mistake, gives an open
// handle of a living value or a fault.
func TestScheduleCloneOfAClosedHandle(t *testing.T) {
	explore(t, -1, func() program {
		x := newSubject()
		return program{[]func(){
			func() { x.s.Close() },
			func() {
				defer func() { _, _ = recover().(*Fault) }()
				c := x.s.Clone()
				x.alive()
				c.Close()
			},
		}, func() error {
			if x.drops != 1 {
				return fmt.Errorf("dropped %d times", x.drops)
			}
			return nil
		}}
	})
}

// A value can be upgraded as soon as it is born, not before, and is whole then.
func TestScheduleBirth(t *testing.T) {
	explore(t, -1, func() program {
		x := new(subject)
		var w Weak[*subject]
		return program{[]func(){
			func() {
				s := NewCyclic(func(self Weak[*subject]) *subject {
					w = self
					return x
				}, func(x *subject) { x.drops++ })
				s.Close()
			},
			func() {
				for range 2 {
					if s, ok := w.Upgrade(); ok {
						s.Value().alive()
						s.Close()
					}
				}
			},
		}, func() error {
			if x.drops != 1 {
				return fmt.Errorf("dropped %d times", x.drops)
			}
			return nil
		}}
	})
}

// vertex is a value in a graph. Its mutex is one that the scheduler knows.
type vertex struct {
	mu    mutex
	of    []*Strong[*vertex]
	w     Weak[*vertex]
	drops int
}

func (v *vertex) Handles(yield func(Handle) bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, h := range v.of {
		if !yield(h) {
			return
		}
	}
}

func (v *vertex) add(h *Strong[*vertex]) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.of = append(v.of, h)
}

// pop takes the last handle out without telling anyone.
func (v *vertex) pop() *Strong[*vertex] {
	v.mu.Lock()
	defer v.mu.Unlock()
	h := v.of[len(v.of)-1]
	v.of = v.of[:len(v.of)-1]
	return h
}

func newVertex() *Strong[*vertex] {
	return NewCyclic(func(w Weak[*vertex]) *vertex { return &vertex{w: w} }, func(v *vertex) { v.drops++ })
}

// ring returns handles of two vertices that keep each other.
func ring() (a, b *Strong[*vertex]) {
	a, b = newVertex(), newVertex()
	a.Value().add(b.Clone())
	b.Value().add(a.Clone())
	return a, b
}

// reach checks that all that can be reached from v is alive.
func (v *vertex) reach(seen map[*vertex]bool) {
	if seen[v] {
		return
	}
	seen[v] = true
	if v.drops != 0 {
		panic("a value that can be reached has been dropped")
	}
	v.mu.Lock()
	of := slices.Clone(v.of)
	v.mu.Unlock()
	for _, h := range of {
		h.Value().reach(seen)
	}
}

func reach(s *Strong[*vertex]) { s.Value().reach(make(map[*vertex]bool)) }

func collectAll() {
	if _, err := Collect(); err != nil {
		panic(err)
	}
}

// proposal returns what runs the later half of a pass on a group that need not be
// garbage: that half must be right about any group.
func proposal(vs ...*vertex) func() {
	collector.passes++
	p := &pass{id: collector.passes, stage: (*pass).freeze}
	g := &group{}
	for _, v := range vs {
		n := v.w.cell.block.load().node
		p.meet(n)
		n.group = g
		g.nodes = append(g.nodes, n)
	}
	p.groups = append(p.groups, g)
	return func() {
		p.run(-1)
		if _, err := collector.results(); err != nil {
			panic(err)
		}
	}
}

// A scenario is what one goroutine does with the ring of a and b, holding a
// handle of a, while the collector judges it.
type scenario func(va, vb *vertex, a *Strong[*vertex])

// against runs the scenario beside Collect and beside the proposal of the ring.
func (sc scenario) against(t *testing.T, preemptions int) {
	for _, whole := range []bool{true, false} {
		t.Run(fmt.Sprint("whole=", whole), func(t *testing.T) {
			explore(t, preemptions, func() program {
				a, b := ring()
				va, vb := a.Value(), b.Value()
				b.Close()
				judge := collectAll
				if !whole {
					judge = proposal(va, vb)
				}
				return program{[]func(){judge, func() { sc(va, vb, a) }}, settled(va, vb)}
			})
		})
	}
}

// settled checks that two collections at rest leave nothing of the vertices and
// drop each once.
func settled(vs ...*vertex) func() error {
	return func() error {
		collectAll()
		for i, v := range vs {
			if v.drops != 1 {
				return fmt.Errorf("vertex %d dropped %d times", i, v.drops)
			}
		}
		if live.lists[0].first != nil || live.lists[1].first != nil {
			return errors.New("dead values are still registered")
		}
		return nil
	}
}

func TestScheduleCollectUpgrade(t *testing.T) {
	scenario(func(va, vb *vertex, a *Strong[*vertex]) {
		a.Close()
		if s, ok := vb.w.Upgrade(); ok {
			reach(s)
			c := s.Clone()
			s.Close()
			reach(c)
			c.Close()
		}
	}).against(t, 3)
}

// The last handle from outside is closed while the ring is judged.
func TestScheduleCollectClose(t *testing.T) {
	scenario(func(va, vb *vertex, a *Strong[*vertex]) {
		reach(a)
		a.Close()
	}).against(t, 4)
}

// A goroutine takes b out of the ring and then puts its only handle of a into b.
// Each move alone leaves all counts as they are.
func TestScheduleCollectMove(t *testing.T) {
	scenario(func(va, vb *vertex, a *Strong[*vertex]) {
		out := va.pop().Move()
		vb.add(a)
		reach(out)
		va.add(out.Clone())
		reach(out)
		out.Close()
	}).against(t, 3)
}

// The same with Clone and Close instead of Move.
func TestScheduleCollectCloneOut(t *testing.T) {
	scenario(func(va, vb *vertex, a *Strong[*vertex]) {
		listed := va.of[0]
		out := listed.Clone()
		va.pop()
		listed.Close()
		vb.add(a)
		reach(out)
		out.Close()
	}).against(t, 3)
}

// The listed handle is moved before it is taken out of the list.
func TestScheduleCollectMoveThenUnlist(t *testing.T) {
	scenario(func(va, vb *vertex, a *Strong[*vertex]) {
		out := va.of[0].Move()
		va.pop()
		vb.add(a)
		reach(out)
		out.Close()
	}).against(t, 3)
}

// Three values, two rings, one of which is taken apart while the other dies.
func TestScheduleCollectTwoRings(t *testing.T) {
	explore(t, 2, func() program {
		a, b := ring()
		c, d := ring()
		d.Value().add(a.Clone()) // c ⇄ d → a ⇄ b
		vs := []*vertex{a.Value(), b.Value(), c.Value(), d.Value()}
		for _, s := range []*Strong[*vertex]{b, c, d} {
			s.Close()
		}
		return program{[]func(){
			collectAll,
			func() {
				out := vs[0].pop().Move() // b leaves a
				a.Close()
				reach(out)
				out.Close()
			},
		}, settled(vs...)}
	})
}

// The rule that a listed handle leaves by Move or Clone is needed, and these
// tests would notice if Move did less: without it some schedule drops what can be
// reached.
func TestScheduleCollectFindsABrokenRule(t *testing.T) {
	broken := 0
	explore(t, 3, func() program {
		a, b := ring()
		va, vb := a.Value(), b.Value()
		b.Close()
		return program{[]func(){
			proposal(va, vb),
			func() {
				out := va.pop() // without Move
				vb.add(a)
				step()
				if va.drops+vb.drops != 0 {
					broken++
				}
				out.Close()
			},
		}, func() error { collectAll(); return nil }}
	})
	if broken == 0 {
		t.Error("no schedule shows that a silent move is wrong")
	}
}
