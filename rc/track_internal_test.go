//go:build !rcsched

package rc

import (
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref/weaktest"
)

// Records go with their handles, closed or leaked.
func TestRecordsDoNotPileUp(t *testing.T) {
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.DiscardHandler))
	var reported atomic.Int32
	old := OnFault(func(f *Fault) { reported.Add(int32(f.Handles)) })
	defer func() { OnFault(old) }()
	was := Track(true)
	done := make(chan struct{})
	go func() { // whose stack keeps nothing
		defer close(done)
		for range 10 {
			s := New(1, func(int) {})
			s.Clone()
			s.Clone().Close()
			k := New(&hub{}, func(*hub) {})
			k.Clone()
			k.Close() // leaves three
		}
	}()
	<-done
	Track(was)
	weaktest.Eventually(t, "all leaks are reported and no record is left", func() bool {
		records.mu.Lock()
		defer records.mu.Unlock()
		return reported.Load() == 3*10 && len(records.all) == 0
	})
	records.forgetLost()
}

// A block may learn that it lost a handle before the handle's own cleanup runs, or
// after.
func TestRecordOfALostHandle(t *testing.T) {
	for _, blockFirst := range []bool{false, true} {
		var all recordTable
		b := new(block[int])
		id := all.add(&record{of: b})
		settle := func() {
			if n := all.settle(b); n != 1 {
				t.Errorf("the block lost %d tracked handles", n)
			}
		}
		collected := func() {
			if f := all.collected(id); f == nil || f.Kind != Leak {
				t.Errorf("reported %v", f)
			}
		}
		if blockFirst {
			settle()
			collected()
		} else {
			collected()
			settle()
		}
		if len(all.all) != 0 {
			t.Error("the record stays")
		}
	}
}
