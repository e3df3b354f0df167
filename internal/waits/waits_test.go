package waits

import (
	"context"
	"runtime"
	"testing"

	"github.com/weakref-go/weakref/internal/goid"
)

// elsewhere runs f on another goroutine, which lives until the test ends. What f waits for
// it need not leave: an identity is used again when its goroutine has ended, and who
// inherits it must not inherit what it waited for.
func elsewhere(t *testing.T, f func()) {
	t.Helper()
	ran, end := make(chan bool), make(chan bool)
	go func() {
		f()
		close(ran)
		<-end
		graph.mu.Lock()
		defer graph.mu.Unlock()
		delete(graph.on, goid.Current())
	}()
	<-ran
	t.Cleanup(func() { close(end) })
}

func mustEnter(t *testing.T, ctx context.Context, want bool, works ...*Work) Wait {
	t.Helper()
	w, ok := Enter(ctx, works...)
	if ok != want {
		t.Errorf("Enter = %v, want %v", ok, want)
	}
	return w
}

func TestCircles(t *testing.T) {
	ctx := t.Context()
	t.Run("own work", func(t *testing.T) {
		var w Work
		w.Here()
		mustEnter(t, ctx, false, &w)
	})
	t.Run("through another goroutine", func(t *testing.T) {
		var mine, other Work
		mine.Here()
		elsewhere(t, func() {
			other.Here()
			mustEnter(t, ctx, true, &mine)
		})
		mustEnter(t, ctx, false, &other)
	})
	t.Run("one of several", func(t *testing.T) {
		var free, mine Work
		mine.Here()
		mustEnter(t, ctx, false, &free, &mine)
	})
	t.Run("helper with the context", func(t *testing.T) {
		var w Work
		elsewhere(t, w.Here)
		mustEnter(t, Context(ctx, &w), false, &w)
	})
	t.Run("helper of another waits", func(t *testing.T) {
		var a, b Work
		elsewhere(t, a.Here)
		elsewhere(t, b.Here)
		elsewhere(t, func() { mustEnter(t, Context(ctx, &a), true, &b) })
		mustEnter(t, Context(ctx, &b), false, &a)
	})
	t.Run("outer work of the same goroutine", func(t *testing.T) {
		var outer, inner, other Work
		elsewhere(t, func() {
			outer.Here()
			inner.Here()
			mustEnter(t, ctx, true, &other)
		})
		other.Here()
		mustEnter(t, ctx, false, &outer)
	})
}

func TestNoCircle(t *testing.T) {
	ctx := t.Context()
	t.Run("work that is done", func(t *testing.T) {
		var w Work
		w.Here()
		w.Done()
		mustEnter(t, ctx, true, &w).Leave()
	})
	t.Run("after leaving", func(t *testing.T) {
		var mine, other Work
		mine.Here()
		elsewhere(t, func() {
			other.Here()
			mustEnter(t, ctx, true, &mine).Leave()
		})
		mustEnter(t, ctx, true, &other).Leave()
	})
	t.Run("helper after leaving", func(t *testing.T) {
		var a, b Work
		elsewhere(t, func() { mustEnter(t, Context(ctx, &a), true, &b).Leave() })
		mustEnter(t, Context(ctx, &b), true, &a).Leave()
		if len(a.waits)+len(b.waits) != 0 {
			t.Error("waits are left behind")
		}
	})
	t.Run("work that nobody runs yet", func(t *testing.T) {
		var w Work
		mustEnter(t, ctx, true, &w).Leave()
	})
	t.Run("circle of others", func(t *testing.T) {
		var a, b Work // a circle that formed without a call of Enter seeing it
		elsewhere(t, func() { mustEnter(t, ctx, true, &a); b.Here() })
		elsewhere(t, func() { mustEnter(t, ctx, true, &b); a.Here() })
		mustEnter(t, ctx, true, &a).Leave()
	})
	t.Run("nested", func(t *testing.T) {
		var outer, inner, other Work
		w := mustEnter(t, ctx, true, &outer)
		mustEnter(t, ctx, true, &inner).Leave()
		other.Here()
		elsewhere(t, func() {
			outer.Here()
			mustEnter(t, ctx, false, &other)
		})
		w.Leave()
	})
}

func TestNothingRemains(t *testing.T) {
	before := Waiting()
	var w Work
	for range 100 {
		mustEnter(t, t.Context(), true, &w).Leave()
	}
	if now := Waiting(); now > before {
		t.Errorf("%d goroutines wait, before the test %d", now, before)
	}
	runtime.KeepAlive(&w)
}
