//go:build !rcsched

package rc_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/rc"
	"github.com/weakref-go/weakref/weaktest"
)

// Tests make mistakes on purpose; what is logged about them is noise.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// A journal notes the order of drops.
type journal struct {
	mu    sync.Mutex
	notes []string
}

func (j *journal) note(s string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes = append(j.notes, s)
}

// take returns the notes since it was last called.
func (j *journal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := strings.Join(j.notes, " ")
	j.notes = nil
	return s
}

func (j *journal) want(t *testing.T, want string) {
	t.Helper()
	if got := j.take(); got != want {
		t.Errorf("dropped %q, want %q", got, want)
	}
}

// faults collects the faults until the test ends.
func faults(t *testing.T) *faultList {
	l := new(faultList)
	old := rc.OnFault(l.add)
	t.Cleanup(func() {
		// A report that is on its way is this test's, not the next one's.
		if err := callback.Drain(context.Background()); err != nil {
			t.Error(err)
		}
		rc.OnFault(old)
	})
	return l
}

type faultList struct {
	mu  sync.Mutex
	all []*rc.Fault
}

func (l *faultList) add(f *rc.Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, f)
}

// take returns the faults since the last call of take or leaks, but for leaks:
// those may be of another test, whose handles were collected late.
func (l *faultList) take() []*rc.Fault {
	_, others := l.sort()
	return others
}

func (l *faultList) sort() (leaks, others []*rc.Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.all {
		if f.Kind == rc.Leak {
			leaks = append(leaks, f)
		} else {
			others = append(others, f)
		}
	}
	l.all = nil
	return leaks, others
}

// kinds returns the kinds of the faults since the last call.
func (l *faultList) kinds() (ks []rc.Kind) {
	for _, f := range l.take() {
		ks = append(ks, f.Kind)
	}
	return ks
}

// fault returns the fault that f panics with.
func fault(t *testing.T, f func()) (fault *rc.Fault) {
	t.Helper()
	defer func() {
		t.Helper()
		p := recover()
		fault, _ = p.(*rc.Fault)
		if fault == nil {
			t.Errorf("panicked with %v, want a fault", p)
		}
	}()
	f()
	return nil
}

func TestLastCloseDrops(t *testing.T) {
	var j journal
	a := rc.New("v", j.note)
	b := a.Clone()
	if a.Count() != 2 || b.Value() != "v" {
		t.Errorf("count %d, value %q", a.Count(), b.Value())
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	j.want(t, "")
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	j.want(t, "v")
	if a.Count() != 0 || b.Count() != 0 {
		t.Error("closed handles have counts")
	}
}

func TestDropErrorIsHandedBack(t *testing.T) {
	want := errors.New("no")
	s := rc.New(1, func(int) error { return want })
	var c io.Closer = s
	if err := c.Close(); err != want {
		t.Errorf("Close returned %v", err)
	}
	if err := rc.New(1, (func(int))(nil)).Close(); err != nil {
		t.Errorf("Close without drop returned %v", err)
	}
	if err := rc.New(1, (func(int) error)(nil)).Close(); err != nil {
		t.Errorf("Close without drop returned %v", err)
	}
}

func TestDoubleClose(t *testing.T) {
	l := faults(t)
	var j journal
	a := rc.New("v", j.note)
	b := a.Clone()
	a.Close()
	err := a.Close()
	var f *rc.Fault
	if !errors.As(err, &f) || f.Kind != rc.DoubleClose || !errors.Is(err, rc.ErrClosed) {
		t.Errorf("second Close returned %v", err)
	}
	if !strings.Contains(f.Found.String(), "TestDoubleClose") {
		t.Errorf("the fault was found at\n%v", f.Found)
	}
	if ks := l.kinds(); !slices.Equal(ks, []rc.Kind{rc.DoubleClose}) {
		t.Errorf("reported %v", ks)
	}
	j.want(t, "")
	b.Close()
	j.want(t, "v")
}

func TestUseAfterClose(t *testing.T) {
	l := faults(t)
	s := rc.New("v", func(string) {})
	s.Close()
	uses := map[string]func(){
		"Value":     func() { s.Value() },
		"Clone":     func() { s.Clone() },
		"Move":      func() { s.Move() },
		"Weak":      func() { s.Weak() },
		"Local":     func() { s.Local() },
		"Unchecked": func() { s.Unchecked() },
		"zero":      func() { new(rc.Strong[int]).Value() },
	}
	for name, use := range uses {
		f := fault(t, use)
		if f == nil || f.Kind != rc.UseAfterClose || !errors.Is(f, rc.ErrClosed) {
			t.Errorf("%s of a closed handle: %v", name, f)
		}
	}
	if n := len(l.take()); n != len(uses) {
		t.Errorf("%d faults reported for %d uses", n, len(uses))
	}
}

func TestCloseRace(t *testing.T) {
	faults(t)
	for range 1000 {
		var drops, closes atomic.Int32
		s := rc.New(0, func(int) { drops.Add(1) })
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if s.Close() == nil {
					closes.Add(1)
				}
			})
		}
		wg.Wait()
		if drops.Load() != 1 || closes.Load() != 1 {
			t.Fatalf("%d drops, %d successful closes", drops.Load(), closes.Load())
		}
	}
}

func TestMove(t *testing.T) {
	faults(t)
	var j journal
	a := rc.New("v", j.note)
	b := a.Move()
	if b.Count() != 1 {
		t.Errorf("count %d after Move", b.Count())
	}
	fault(t, func() { a.Value() })
	b.Close()
	j.want(t, "v")
}

func TestWeak(t *testing.T) {
	var j journal
	a := rc.New("v", j.note)
	w := a.Weak()
	if w != a.Weak() {
		t.Error("two weak handles of a value differ")
	}
	b, ok := w.Upgrade()
	if !ok || b.Value() != "v" || w.Count() != 2 {
		t.Errorf("Upgrade: %v, count %d", ok, w.Count())
	}
	a.Close()
	b.Close()
	j.want(t, "v")
	if s, ok := w.Upgrade(); ok || s != nil || w.Count() != 0 {
		t.Error("a dead value was upgraded")
	}
	if s, ok := (rc.Weak[int]{}).Upgrade(); ok || s != nil || (rc.Weak[int]{}).Count() != 0 {
		t.Error("the zero Weak was upgraded")
	}
	other := rc.New("v", func(string) {})
	if other.Weak() == w {
		t.Error("weak handles of two values are equal")
	}
	other.Close()
}

func TestUpgradeFailsInDrop(t *testing.T) {
	var w rc.Weak[int]
	dead := false
	s := rc.New(1, func(int) {
		_, ok := w.Upgrade()
		dead = !ok
	})
	w = s.Weak()
	s.Close()
	if !dead {
		t.Error("drop could upgrade a weak handle of its value")
	}
}

// The bug of published ports: counting 0 → 1 → 2 revives a dead value.
func TestUpgradeNeverRevives(t *testing.T) {
	for range 500 {
		var dropped atomic.Int32
		s := rc.New(0, func(int) { dropped.Add(1) })
		w := s.Weak()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 20 {
					s, ok := w.Upgrade()
					if !ok {
						return
					}
					if dropped.Load() != 0 {
						t.Error("Upgrade returned a dropped value")
					}
					s.Close()
				}
			})
		}
		wg.Go(func() { s.Close() })
		wg.Wait()
		if n := dropped.Load(); n != 1 {
			t.Fatalf("dropped %d times", n)
		}
	}
}

type self struct {
	name string
	me   rc.Weak[*self]
}

func TestNewCyclic(t *testing.T) {
	var j journal
	s := rc.NewCyclic(func(w rc.Weak[*self]) *self {
		if _, ok := w.Upgrade(); ok || w.Count() != 0 {
			t.Error("an unborn value was upgraded")
		}
		return &self{"me", w}
	}, func(s *self) { j.note(s.name) })
	me, ok := s.Value().me.Upgrade()
	if !ok || me.Value() != s.Value() || s.Weak() != s.Value().me {
		t.Error("the value does not find itself")
	}
	s.Close()
	j.want(t, "")
	me.Close()
	j.want(t, "me")
}

func TestNewCyclicBuildPanics(t *testing.T) {
	l := faults(t)
	var w rc.Weak[*self]
	func() {
		defer func() {
			if p := recover(); p != "no" {
				t.Errorf("recovered %v", p)
			}
		}()
		rc.NewCyclic(func(self rc.Weak[*self]) *self {
			w = self
			panic("no")
		}, func(*self) { t.Error("dropped what was never made") })
	}()
	if _, ok := w.Upgrade(); ok {
		t.Error("upgraded what was never made")
	}
	weaktest.Collect(t)
	if n, f := l.leaks(); n != 0 {
		t.Errorf("reported %v", f[0])
	}
}

func TestLocal(t *testing.T) {
	var j journal
	a := rc.New("v", j.note)
	l := a.Local()
	m := l.Clone()
	if a.Count() != 2 || l.Count() != 2 || m.Value() != "v" || l.Weak() != a.Weak() {
		t.Errorf("counts %d, %d; value %q", a.Count(), l.Count(), m.Value())
	}
	a.Close()
	l.Close()
	j.want(t, "")
	m.Close()
	j.want(t, "v")
}

func TestUnchecked(t *testing.T) {
	l := faults(t)
	var j journal
	s := rc.New("v", j.note)
	u := s.Unchecked()
	v := u.Clone()
	if s.Count() != 3 || v.Value() != "v" {
		t.Errorf("count %d, value %q", s.Count(), v.Value())
	}
	s.Close()
	u.Close()
	c := v.Strong()
	v.Close()
	j.want(t, "")
	c.Close()
	j.want(t, "v")
	if err := v.Close(); !errors.Is(err, rc.ErrClosed) {
		t.Errorf("Close of a dead value returned %v", err)
	}
	fault(t, func() { v.Clone() })
	if ks := l.kinds(); !slices.Equal(ks, []rc.Kind{rc.DoubleClose, rc.UseAfterClose}) {
		t.Errorf("reported %v", ks)
	}
}

// A handle whose share an unchecked one stole finds a dead value.
func TestUncheckedStealsAShare(t *testing.T) {
	faults(t)
	s := rc.New(1, func(int) {})
	u := s.Unchecked()
	u.Close()
	u.Close()
	fault(t, func() { s.Clone() })
	if err := s.Close(); !errors.Is(err, rc.ErrClosed) {
		t.Errorf("Close returned %v", err)
	}
}

func TestPanicInDrop(t *testing.T) {
	l := faults(t)
	err := rc.New(1, func(int) { panic(io.EOF) }).Close()
	var f *rc.Fault
	if !errors.As(err, &f) || f.Kind != rc.CallFailed || !errors.Is(err, io.EOF) {
		t.Errorf("Close returned %v", err)
	}
	if !strings.Contains(f.Found.String(), "TestPanicInDrop") {
		t.Errorf("found at\n%v", f.Found)
	}
	if ks := l.kinds(); !slices.Equal(ks, []rc.Kind{rc.CallFailed}) {
		t.Errorf("reported %v", ks)
	}
	err = rc.New(1, func(int) { panic("no") }).Close()
	if err == nil || !strings.Contains(err.Error(), "panic: no") {
		t.Errorf("Close returned %v", err)
	}
}

func TestFaultHookPanics(t *testing.T) {
	old := rc.OnFault(func(*rc.Fault) { panic("hook") })
	defer func() { rc.OnFault(old) }()
	s := rc.New(1, func(int) {})
	s.Close()
	if err := s.Close(); !errors.Is(err, rc.ErrClosed) {
		t.Errorf("Close returned %v", err)
	}
}

func TestFaultStrings(t *testing.T) {
	for k := rc.DoubleClose; k <= rc.CallFailed; k++ {
		if s := k.String(); strings.HasPrefix(s, "Kind(") {
			t.Errorf("kind %d has no text", k)
		}
	}
	if s := rc.Kind(77).String(); s != "Kind(77)" {
		t.Error(s)
	}
}

// Every handle may be used by many goroutines that do not close it.
func TestConcurrentClone(t *testing.T) {
	var dropped atomic.Int32
	s := rc.New(7, func(int) { dropped.Add(1) })
	w := s.Weak()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				c := s.Clone()
				u := c.Unchecked()
				x, ok := w.Upgrade()
				if !ok || c.Value()+u.Value()+x.Value() != 21 {
					t.Error("wrong value")
				}
				m := x.Move()
				c.Close()
				u.Close()
				m.Close()
			}
		})
	}
	wg.Wait()
	if dropped.Load() != 0 || s.Count() != 1 {
		t.Errorf("dropped %d, count %d", dropped.Load(), s.Count())
	}
	s.Close()
	if dropped.Load() != 1 {
		t.Errorf("dropped %d times", dropped.Load())
	}
}

func TestGoexitInDrop(t *testing.T) {
	faults(t)
	var j journal
	done := make(chan struct{})
	k := &kids{}
	k.add(rc.New("a", func(string) { runtime.Goexit() }), rc.New("b", j.note))
	go func() {
		defer close(done)
		rc.New(k, func(*kids) {}).Close()
		t.Error("Close returned")
	}()
	<-done
	j.want(t, "b")
}

// What each operation allocates, and that anchors are used again: a new one would
// be two more at least.
func TestAllocations(t *testing.T) {
	drop := func(int) {}
	s := rc.New(1, drop)
	w, u := s.Weak(), s.Unchecked()
	for _, op := range []struct {
		name string
		most float64
		f    func()
	}{
		{"Value", 0, func() { s.Value() }},
		{"Weak", 0, func() { s.Weak() }},
		{"Unchecked.Clone and Close", 0, func() { u.Clone().Close() }},
		{"Clone and Close", 1, func() { s.Clone().Close() }},
		{"Upgrade and Close", 1, func() { c, _ := w.Upgrade(); c.Close() }},
		{"New and Close", 3, func() { rc.New(1, drop).Close() }}, // 2, but the race detector empties pools
	} {
		if n := testing.AllocsPerRun(1000, op.f); n > op.most {
			t.Errorf("%s: %v allocations, at most %v wanted", op.name, n, op.most)
		}
	}
	u.Close()
	s.Close()
}
