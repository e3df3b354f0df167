package cache

import (
	"context"
	"testing"
)

// TestRunThatIsOver: what has ended cannot be given up any more, and its results are
// forgotten once, when the last one who waits has taken them.
func TestRunThatIsOver(t *testing.T) {
	r := run{values: context.Background()}
	r.enter()
	if r.end(); r.forgettable() {
		t.Error("results are forgotten before they are final")
	}
	if r.complete(); r.abandon() {
		t.Error("it is given up although it is over")
	}
	if r.forgettable() {
		t.Error("results are forgotten that somebody waits for")
	}
	if r.leave() {
		t.Error("the last one who leaves gives it up")
	}
	if !r.forgettable() || r.forgettable() {
		t.Error("results are not forgotten once")
	}
	select {
	case <-r.Done():
	default:
		t.Error("its context has not ended")
	}
}
