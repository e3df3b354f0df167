//go:build !rcsched

package rc_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref/rc"
	"github.com/weakref-go/weakref/weaktest"
)

// off runs f on a goroutine of its own, so that no stack slot of the test keeps
// what f loses.
func off(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// tracked turns tracking on for the test, and collects what it leaves behind.
func tracked(t *testing.T) {
	was := rc.Track(true)
	t.Cleanup(func() { rc.Track(was) })
}

// leaks sums up the leaks that have been reported.
func (l *faultList) leaks() (handles int, all []*rc.Fault) {
	all, _ = l.sort()
	for _, f := range all {
		handles += f.Handles
	}
	return handles, all
}

// waitForLeak waits until one lost handle has been reported, since the last call
// or leaks.
func (l *faultList) waitForLeak(t *testing.T) {
	t.Helper()
	weaktest.Eventually(t, "one lost handle is reported", func() bool {
		n, _ := l.leaks()
		return n == 1
	})
}

// TestFaultsAreCounted checks that each is counted as what it is, and leaks by handles.
func TestFaultsAreCounted(t *testing.T) {
	faults(t)
	before := rc.Faults()
	s := rc.New(1, func(int) { panic("no") })
	_ = s.Close()
	_ = s.Close()
	func() {
		defer func() { _ = recover() }()
		s.Clone()
	}()
	off(func() {
		s := rc.New(1, func(int) {})
		s.Clone()
		s.Clone()
	})
	want := rc.FaultStats{DoubleClose: before.DoubleClose + 1, UseAfterClose: before.UseAfterClose + 1, Leaked: before.Leaked + 3, CallFailed: before.CallFailed + 1}
	weaktest.Eventually(t, "the leaks are counted", func() bool { return rc.Faults().Leaked >= want.Leaked })
	if f := rc.Faults(); f != want {
		t.Errorf("%+v, not %+v", f, want)
	}
}

func TestLeakIsDropped(t *testing.T) {
	l := faults(t)
	var dropped atomic.Int32
	no := errors.New("no")
	off(func() {
		s := rc.New(1, func(int) error { dropped.Add(1); return no })
		s.Clone()
		s.Clone().Close()
		s.Unchecked()
	})
	n := 0
	var fs []*rc.Fault
	weaktest.Eventually(t, "the value is dropped and reported", func() bool {
		k, f := l.leaks()
		n += k
		fs = append(fs, f...)
		return n > 0
	})
	if n != 3 || dropped.Load() != 1 {
		t.Errorf("%d handles reported, dropped %d times", n, dropped.Load())
	}
	if f := fs[0]; f.Type.String() != "int" || !errors.Is(f, no) || !strings.Contains(f.Error(), "rc.Track") {
		t.Errorf("reported %v", f)
	}
}

func TestLeakIsNotDroppedWhileAHandleIsHeld(t *testing.T) {
	l := faults(t)
	var j journal
	s := rc.New("v", j.note)
	off(func() { s.Clone() })
	w := s.Weak()
	for range 3 {
		weaktest.Collect(t)
	}
	j.want(t, "")
	c, ok := w.Upgrade()
	if !ok {
		t.Fatal("Upgrade failed beside a held handle")
	}
	s.Close()
	c.Close()
	j.want(t, "") // the leaked share is still counted
	l.waitForLeak(t)
	j.want(t, "v")
}

// A weak handle neither keeps a leaked value nor gets it.
func TestLeakIsDroppedBesideWeakHandles(t *testing.T) {
	l := faults(t)
	var dropped atomic.Bool
	var w rc.Weak[*int]
	off(func() { w = rc.New(new(int), func(*int) { dropped.Store(true) }).Weak() })
	l.waitForLeak(t)
	if !dropped.Load() {
		t.Error("reported, but not dropped")
	}
	if _, ok := w.Upgrade(); ok {
		t.Error("upgraded a lost value")
	}
}

// A parent that was leaked is dropped before what it owns.
func TestLeakedOwnerIsDroppedInOrder(t *testing.T) {
	l := faults(t)
	var j journal
	off(func() {
		family(&j, "root", family(&j, "a", rc.New("leaf", j.note)), family(&j, "b"))
	})
	l.waitForLeak(t)
	j.want(t, "root a leaf b")
}

// A handle that was lost outside a cycle does not keep the cycle from Collect.
func TestLeakOntoACycle(t *testing.T) {
	l := faults(t)
	var j journal
	off(func() {
		a := family(&j, "a")
		a.Value().add(family(&j, "b", a.Clone()))
	})
	l.waitForLeak(t)
	j.want(t, "")
	collect(t, 2)
	j.want(t, "a b")
}

func TestLeakOfLocal(t *testing.T) {
	l := faults(t)
	var j journal
	off(func() {
		s := rc.New("v", j.note)
		s.Local()
		s.Close()
	})
	l.waitForLeak(t)
	j.want(t, "v")
}

// What a value or a drop function closes over does not keep the value.
func TestClosedHandlesKeepNothing(t *testing.T) {
	l := faults(t)
	type big [1 << 10]byte
	var s *rc.Strong[*big]
	var w rc.Weak[*big]
	var gone atomic.Bool
	off(func() {
		v := new(big)
		runtime.AddCleanup(v, func(b *atomic.Bool) { b.Store(true) }, &gone)
		s = rc.New(v, func(*big) {})
		w = s.Weak()
		s.Close()
	})
	weaktest.Eventually(t, "the value is collected", gone.Load)
	if _, ok := w.Upgrade(); ok || s.Count() != 0 {
		t.Error("a dead value is alive")
	}
	if n, _ := l.leaks(); n != 0 {
		t.Errorf("%d leaks", n)
	}
}

// Anchors are used again; what is closed properly is never taken for a leak.
func TestNoFalseLeaks(t *testing.T) {
	l := faults(t)
	for range 20 {
		off(func() {
			for range 200 {
				var j journal
				s := rc.New("v", j.note)
				c := s.Clone()
				k := family(&j, "k", s)
				w := k.Weak()
				c.Close()
				x, _ := w.Upgrade()
				k.Close()
				x.Close()
				j.want(t, "k v")
			}
		})
		weaktest.Collect(t)
	}
	if n, fs := l.leaks(); n != 0 {
		t.Errorf("%d leaks, first %v", n, fs[0])
	}
}

//go:noinline
func makeAndLose() { rc.New("lost", func(string) {}) }

func TestLeakIsToldWhereItWasMade(t *testing.T) {
	l := faults(t)
	tracked(t)
	off(makeAndLose)
	var fs []*rc.Fault
	weaktest.Eventually(t, "the leak is noticed", func() bool {
		_, f := l.leaks()
		fs = append(fs, f...)
		return len(fs) > 0
	})
	weaktest.Collect(t)
	_, f := l.leaks()
	if fs = append(fs, f...); len(fs) != 1 || fs[0].Handles != 1 {
		t.Fatalf("%d faults for one handle: %v", len(fs), fs)
	}
	if !strings.Contains(fs[0].Error(), "makeAndLose") {
		t.Errorf("the fault does not tell where the handle was made: %v", fs[0])
	}
	var tb recorder
	rc.VerifyNone(&tb)
	if len(tb.failures) != 1 || !strings.Contains(tb.failures[0], "leaked handle made at") {
		t.Errorf("VerifyNone said %q", tb.failures)
	}
	tb = recorder{}
	rc.VerifyNone(&tb)
	if len(tb.failures) != 0 {
		t.Errorf("VerifyNone told twice: %q", tb.failures)
	}
}

// A leaked handle that is tracked is reported while others are open, and not
// again with the value.
func TestTrackedAndUntrackedLeaks(t *testing.T) {
	for _, cyclic := range []bool{false, true} {
		t.Run(fmt.Sprint("cyclic=", cyclic), func(t *testing.T) {
			l := faults(t)
			var j journal
			made := func() rc.Handle {
				if cyclic {
					return family(&j, "v")
				}
				return rc.New("v", j.note)
			}
			clone := func(h rc.Handle) {
				switch s := h.(type) {
				case *rc.Strong[*kids]:
					s.Clone()
				case *rc.Strong[string]:
					s.Clone()
				}
			}
			var n, withStack int
			reported := func(want int) func() bool {
				return func() bool {
					_, fs := l.leaks()
					for _, f := range fs {
						n += f.Handles
						if f.Made != nil {
							withStack++
						}
					}
					return n >= want
				}
			}
			h := made()
			was := rc.Track(true)
			off(func() { clone(h) })
			rc.Track(was)
			weaktest.Eventually(t, "the tracked handle is reported", reported(1))
			j.want(t, "")
			off(func() { clone(h); h = nil })
			weaktest.Eventually(t, "the others are reported", reported(3))
			weaktest.Collect(t)
			reported(0)()
			if n != 3 || withStack != 1 {
				t.Errorf("%d handles reported, %d with a stack", n, withStack)
			}
			weaktest.Eventually(t, "the value is dropped", func() bool { return j.take() == "v" })
			rc.VerifyNone(new(recorder)) // forgets the leaks
		})
	}
}

func TestTrackedDoubleClose(t *testing.T) {
	l := faults(t)
	tracked(t)
	s := rc.New(1, func(int) {})
	s.Close()
	s.Close()
	fs := l.take()
	if len(fs) != 1 {
		t.Fatalf("%d faults", len(fs))
	}
	for what, stack := range map[string]rc.Stack{"made": fs[0].Made, "closed": fs[0].Closed, "found": fs[0].Found} {
		if !strings.HasPrefix(stack.String(), "\tgithub.com/weakref-go/weakref/rc_test.TestTrackedDoubleClose\n") {
			t.Errorf("%s at\n%v", what, stack)
		}
	}
}

// recorder is a test that may fail.
type recorder struct{ failures []string }

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func TestVerifyNone(t *testing.T) {
	var tb recorder
	rc.VerifyNone(&tb)
	if len(tb.failures) != 1 || !strings.Contains(tb.failures[0], "rc.Track(true)") {
		t.Errorf("without tracking VerifyNone said %q", tb.failures)
	}

	tracked(t)
	s := rc.New("a", func(string) {})
	c := s.Clone()
	tb = recorder{}
	rc.VerifyNone(&tb)
	if len(tb.failures) != 1 || strings.Count(tb.failures[0], "string: open handle made at:\n\tgithub.com/weakref-go/weakref/rc_test.TestVerifyNone\n") != 2 {
		t.Errorf("VerifyNone said %q", tb.failures)
	}
	if open := rc.Open(); len(open) != 2 || open[0].Leaked {
		t.Errorf("open: %v", open)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Close()
		c.Close()
	}()
	rc.VerifyNone(t) // waits for the goroutine
	<-done
}

// A handle that a test leaves open is told of once, open or collected, and those of
// before the test are not if they are its baseline.
func TestVerifyNoneTellsOnce(t *testing.T) {
	l := faults(t)
	tracked(t)
	say := func(baseline ...rc.OpenHandle) string {
		var tb recorder
		rc.VerifyNone(&tb, baseline...)
		return strings.Join(tb.failures, "\n")
	}
	left := rc.New("left", func(string) {})
	if got := say(); !strings.Contains(got, "1 handles") {
		t.Errorf("VerifyNone said %q", got)
	}
	shared := rc.New("shared", func(string) {})
	baseline := rc.Open()
	if len(baseline) != 2 {
		t.Errorf("%d handles are open", len(baseline))
	}
	if got := say(baseline...); got != "" {
		t.Errorf("of the baseline VerifyNone said %q", got)
	}
	own := rc.New(1, func(int) {})
	if got := say(baseline...); !strings.Contains(got, "1 handles") || !strings.Contains(got, "int: open") {
		t.Errorf("VerifyNone said %q", got)
	}
	off(func() {
		runtime.KeepAlive(left)
		left = nil
	})
	l.waitForLeak(t)
	if got := say(baseline...); got != "" {
		t.Errorf("of handles that it had told of VerifyNone said %q", got)
	}
	if open := rc.Open(); len(open) != 2 || open[0].Leaked || open[1].Leaked {
		t.Errorf("open: %v", open)
	}
	if got := say(); !strings.Contains(got, "1 handles") || !strings.Contains(got, "string: open") {
		t.Errorf("without the baseline VerifyNone said %q", got)
	}
	shared.Close()
	own.Close()
	rc.VerifyNone(t)
}

// Cycles that Collect drops leave no record and no leak.
func TestTrackedCycle(t *testing.T) {
	l := faults(t)
	tracked(t)
	var j journal
	a := family(&j, "a")
	a.Value().add(family(&j, "b", a.Clone()))
	a.Close()
	collect(t, 2)
	rc.VerifyNone(t)
	weaktest.Collect(t)
	if n, fs := l.leaks(); n != 0 {
		t.Errorf("%d leaks, first %v", n, fs[0])
	}
}
