//go:build !rcsched

package rc

import (
	"context"
	"testing"
	"time"
)

// A timer that had fired when the resource came into use again does not end the
// idle time that follows.
func TestPoolLateTimer(t *testing.T) {
	closed := 0
	p := &Pool[string, int]{
		Open:  func(context.Context, string) (int, error) { return 1, nil },
		Close: func(int) error { closed++; return nil },
		Idle:  time.Hour,
	}
	use := func() (*entry[int], int) {
		s, err := p.Get(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		e := p.entries["a"]
		return e, e.term
	}
	_, old := use()
	e, term := use()
	p.expire("a", e, old)
	if closed != 0 {
		t.Error("a late timer closed an idle resource")
	}
	p.expire("a", e, term)
	p.expire("a", e, term)
	if closed != 1 || p.Len() != 0 {
		t.Errorf("closed %d times, %d left", closed, p.Len())
	}
}
