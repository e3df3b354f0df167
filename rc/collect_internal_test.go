//go:build !rcsched

package rc

import "testing"

type hub struct{ spokes []Handle }

func (h *hub) Handles(yield func(Handle) bool) {
	for _, s := range h.spokes {
		if !yield(s) {
			return
		}
	}
}

// What is held by what is held is not even proposed: freezing it would cost those
// who use it a swap.
func TestCollectFreezesNothingThatIsHeld(t *testing.T) {
	inner := New(&hub{}, func(*hub) {})
	inner.Value().spokes = []Handle{inner.Clone()}
	middle := New(&hub{spokes: []Handle{inner.Move()}}, func(*hub) {})
	outer := New(&hub{spokes: []Handle{middle.Move()}}, func(*hub) {})
	before := verdict.load()
	if n, err := Collect(); n != 0 || err != nil {
		t.Errorf("Collect returned %d, %v", n, err)
	}
	if verdict.load() != before {
		t.Error("Collect froze values that are held")
	}
	outer.Close()
	if n, err := Collect(); n != 1 || err != nil {
		t.Errorf("Collect returned %d, %v", n, err)
	}
}
