//go:build !rcsched

package rc

import (
	"log/slog"
	"testing"

	"github.com/weakref-go/weakref/weaktest"
)

// Records go with their handles, closed or leaked.
func TestRecordsDoNotPileUp(t *testing.T) {
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.DiscardHandler))
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
			k.Close()
		}
	}()
	<-done
	Track(was)
	weaktest.Eventually(t, "no record is left", func() bool {
		records.mu.Lock()
		defer records.mu.Unlock()
		return len(records.all) == 0
	})
	records.forgetLost()
}
