package cache

import (
	"context"
	"testing"
)

// TestRunThatIsOver: what has ended cannot be given up any more, and its results are
// needed until the last one who waits has taken them.
func TestRunThatIsOver(t *testing.T) {
	r := run{values: context.Background()}
	r.enter()
	r.enter()
	r.end()
	if abandoned, unneeded := r.leave(); abandoned || unneeded {
		t.Errorf("one of two leaves: abandoned %t, unneeded %t", abandoned, unneeded)
	}
	if r.complete() {
		t.Error("results are unneeded that somebody waits for")
	}
	if r.abandon() {
		t.Error("it is given up although it is over")
	}
	if abandoned, unneeded := r.leave(); abandoned || !unneeded {
		t.Errorf("the last one leaves: abandoned %t, unneeded %t", abandoned, unneeded)
	}
	select {
	case <-r.Done():
	default:
		t.Error("its context has not ended")
	}
}

// TestRunLeftEarly: those who wait may have taken the results before the run is complete.
func TestRunLeftEarly(t *testing.T) {
	r := run{values: context.Background()}
	r.enter()
	r.end()
	if abandoned, unneeded := r.leave(); abandoned || unneeded {
		t.Errorf("results are not final: abandoned %t, unneeded %t", abandoned, unneeded)
	}
	if !r.complete() {
		t.Error("results are needed by nobody, and are not forgotten")
	}
}
