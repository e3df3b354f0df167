package design

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weakref-go/weakref/internal/goid"
)

// BenchmarkGoroutine tells which goroutine is running, from a stack of 50 calls. See
// docs/decisions/0005-goroutine-identity.md.
func BenchmarkGoroutine(b *testing.B) {
	b.Run("way=ours", func(b *testing.B) {
		deep(50, func() {
			for b.Loop() {
				sink += uint64(goid.Current())
			}
		})
	})
	b.Run("way=trace", func(b *testing.B) {
		deep(50, func() {
			for b.Loop() {
				var buf [40]byte
				head := string(buf[:runtime.Stack(buf[:], false)])
				if !strings.HasPrefix(head, "goroutine ") {
					b.Fatal(head)
				}
			}
		})
	})
}

//go:noinline
func deep(calls int, f func()) {
	if calls == 0 {
		f()
		return
	}
	deep(calls-1, f)
}

// BenchmarkSignal is how long after a finalizer the runtime has a cleanup tell of the
// same collection, on an idle machine and on one whose processors are busy. See
// docs/decisions/0003-clock.md.
func BenchmarkSignal(b *testing.B) {
	for _, load := range []struct {
		name string
		busy int
	}{{"idle", 0}, {"busy", 2 * runtime.GOMAXPROCS(0)}} {
		b.Run("load="+load.name, func(b *testing.B) {
			defer keepBusy(load.busy)()
			marked, swept := make(chan time.Time, 1), make(chan time.Time, 1)
			var later []time.Duration
			for b.Loop() {
				runtime.SetFinalizer(new(sentinel), func(*sentinel) { marked <- time.Now() })
				runtime.AddCleanup(new(sentinel), func(said chan<- time.Time) { said <- time.Now() }, swept)
				runtime.GC()
				later = append(later, -(<-marked).Sub(<-swept))
			}
			slices.Sort(later)
			b.ReportMetric(float64(later[len(later)/2].Microseconds()), "µs-later/median")
			b.ReportMetric(float64(later[len(later)-1].Microseconds()), "µs-later/most")
		})
	}
}

type sentinel [4]uintptr

// keepBusy has goroutines compute until stop is called.
func keepBusy(n int) (stop func()) {
	end := make(chan struct{})
	for range n {
		go func() {
			x := uint64(1)
			for {
				select {
				case <-end:
					return
				default:
				}
				for range 100_000 {
					x = x*6364136223846793005 + 1
				}
			}
		}()
	}
	return func() { close(end) }
}
