//go:build !rcsched

package rc_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/weakref-go/weakref/rc"
)

// collect collects and checks how many values were dropped.
func collect(t *testing.T, want int) {
	t.Helper()
	n, err := rc.Collect()
	if n != want || err != nil {
		t.Errorf("Collect returned %d, %v; want %d", n, err, want)
	}
}

func TestCollectSelfCycle(t *testing.T) {
	var j journal
	a := family(&j, "a")
	a.Value().add(a) // its only handle: no count goes down
	j.want(t, "")
	collect(t, 1)
	j.want(t, "a")
	collect(t, 0)
}

func TestCollectKeepsWhatIsHeld(t *testing.T) {
	var j journal
	a := family(&j, "a")
	b := family(&j, "b", a.Clone())
	a.Value().add(b)
	collect(t, 0)
	w := a.Weak()
	a.Close()
	a, ok := w.Upgrade()
	if !ok {
		t.Fatal("a died of Close although it is in a cycle")
	}
	collect(t, 0)
	a.Close()
	collect(t, 2)
	j.want(t, "a b")
	if _, ok := w.Upgrade(); ok {
		t.Error("upgraded a collected value")
	}
}

func TestCollectOrder(t *testing.T) {
	var j journal
	root := family(&j, "root")
	leaf := rc.New("leaf", j.note)
	a := family(&j, "a", root.Clone(), leaf)
	b := family(&j, "b", root.Clone(), family(&j, "c"))
	kept := family(&j, "kept")
	root.Value().add(a, kept.Clone(), b)
	root.Close()
	collect(t, 4)
	j.want(t, "root a leaf b c")
	kept.Close()
	j.want(t, "kept")
}

func TestCollectErrors(t *testing.T) {
	faults(t)
	no := errors.New("no")
	a := rc.New(&kids{}, func(*kids) error { return no })
	b := rc.New(&kids{of: []rc.Handle{a.Clone()}}, func(*kids) error { panic("b") })
	a.Value().add(b)
	a.Close()
	n, err := rc.Collect()
	var f *rc.Fault
	if n != 2 || !errors.Is(err, no) || !errors.As(err, &f) || f.Kind != rc.CallFailed {
		t.Errorf("Collect returned %d, %v", n, err)
	}
}

func TestDropInCycleFindsHandlesOfTheDeadClosed(t *testing.T) {
	faults(t)
	var a, b *rc.Strong[*kids]
	closed := false
	a = rc.New(&kids{}, func(k *kids) {
		k.of[0].(*rc.Strong[*kids]).Value() // b lives
	})
	b = rc.New(&kids{}, func(k *kids) {
		closed = k.of[0].Count() == 0
		if err := k.of[0].Close(); !errors.Is(err, rc.ErrClosed) {
			t.Errorf("Close of a handle of a dropped value returned %v", err)
		}
	})
	b.Value().add(a.Clone())
	a.Value().add(b)
	a.Close()
	collect(t, 2)
	if !closed {
		t.Error("b could use a, which had been dropped")
	}
}

func TestDropInCycleMayCloseItsHandles(t *testing.T) {
	var j journal
	a := rc.New(&kids{name: "a"}, func(k *kids) { j.note(k.name); k.of[0].Close() })
	b := rc.New(&kids{name: "b", of: []rc.Handle{a.Clone()}}, func(k *kids) { j.note(k.name) })
	a.Value().add(b)
	a.Close()
	collect(t, 2)
	j.want(t, "a b")
}

// A handle that two values list, against the contract, does not make a value
// look less held than it is.
func TestCollectHandleListedTwice(t *testing.T) {
	var j journal
	a := family(&j, "a")
	h := a.Clone()
	b := family(&j, "b", h)
	a.Value().add(h, h, b)
	collect(t, 0)
	j.want(t, "")
	a.Close()
	collect(t, 2)
}

func TestCollectInCollect(t *testing.T) {
	var inner, innerSome error
	a := rc.New(&kids{}, func(*kids) {
		_, inner = rc.Collect()
		_, _, innerSome = rc.CollectSome(1)
	})
	a.Value().add(a)
	collect(t, 1)
	if inner != rc.ErrCollecting || innerSome != rc.ErrCollecting {
		t.Errorf("Collect within Collect returned %v, %v", inner, innerSome)
	}
}

func TestCollectSome(t *testing.T) {
	collect(t, 0)
	var j journal
	const n = 50
	ring := make([]*rc.Strong[*kids], n)
	for i := range ring {
		ring[i] = family(&j, "x")
	}
	for i, s := range ring {
		s.Value().add(ring[(i+1)%n].Clone())
	}
	for _, s := range ring {
		s.Close()
	}
	calls, dropped := 0, 0
	for more := true; more; calls++ {
		var k int
		var err error
		k, more, err = rc.CollectSome(10)
		if err != nil || k > 10 {
			t.Fatalf("CollectSome(10) returned %d, %v", k, err)
		}
		dropped += k
	}
	if dropped != n || calls < n/10 {
		t.Errorf("%d dropped in %d calls", dropped, calls)
	}
}

// What begins as CollectSome may end as Collect, and be upset in between.
func TestCollectSomeUpset(t *testing.T) {
	for stop := 1; stop < 60; stop++ {
		var j journal
		a := family(&j, "a")
		b := family(&j, "b", a.Clone())
		a.Value().add(b.Clone())
		w := a.Weak()
		a.Close()
		b.Close()
		dropped, _, _ := rc.CollectSome(stop)
		if s, ok := w.Upgrade(); ok {
			if j.take() != "" {
				t.Fatalf("stopped after %d: a value was dropped while another can be reached", stop)
			}
			n, err := rc.Collect()
			if n != 0 || err != nil || s.Value().name != "a" {
				t.Fatalf("stopped after %d: Collect returned %d, %v", stop, n, err)
			}
			s.Close()
		}
		n, err := rc.Collect()
		if n+dropped != 2 || err != nil {
			t.Fatalf("stopped after %d: dropped %d, then %d, %v", stop, dropped, n, err)
		}
		j.want(t, "a b")
	}
}

func TestCollectGoexit(t *testing.T) {
	faults(t)
	var j journal
	a := rc.New(&kids{}, func(*kids) { runtime.Goexit() })
	b := family(&j, "b", a.Clone(), rc.New("leaf", j.note))
	a.Value().add(b)
	a.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		rc.Collect()
		t.Error("Collect returned")
	}()
	<-done
	n, err := rc.Collect()
	if n != 2 || err != nil { // the fault of what ended its goroutine went to the hook
		t.Errorf("Collect returned %d, %v", n, err)
	}
	j.want(t, "b leaf")
}

func TestCollectLargeCycle(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 1000
	}
	drops := 0
	first := rc.New(&link{0, nil}, func(*link) { drops++ })
	last := first.Clone()
	for i := 1; i < n; i++ {
		last = rc.New(&link{i, last}, func(*link) { drops++ })
	}
	first.Value().next = last
	first.Close()
	collect(t, n)
	if drops != n {
		t.Errorf("%d drops of %d", drops, n)
	}
}

func TestCollectThroughUnchecked(t *testing.T) {
	var j journal
	a := family(&j, "a")
	a.Value().add(a.Clone())
	u := a.Unchecked()
	a.Close()
	collect(t, 0)
	u.Close()
	collect(t, 1)
	j.want(t, "a")
}

func TestMoveOutOfACycle(t *testing.T) {
	var j journal
	a := family(&j, "a")
	b := family(&j, "b", a.Clone())
	a.Value().add(b)
	k := a.Value()
	out := k.of[0].(*rc.Strong[*kids]).Move()
	k.of = nil
	a.Close()
	collect(t, 0)
	out.Close()
	j.want(t, "b a")
}
