//go:build !rcsched

package rc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/rc"
	"github.com/weakref-go/weakref/weaktest"
)

// TestMany does very often what must not take time in proportion to the square of how
// often. Nothing is timed: the square of these numbers is too much for any time limit.
func TestMany(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 10_000
	}
	t.Run("tracked handles of one value", func(t *testing.T) {
		tracked(t)
		s := rc.New(1, func(int) {})
		for range 2 { // the oldest first, the newest first
			all := make([]*rc.Strong[int], n)
			for i := range all {
				all[i] = s.Clone()
			}
			for _, h := range all {
				h.Close()
			}
		}
		s.Close()
		rc.VerifyNone(t)
	})
	t.Run("waiters that leave", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &rc.Pool[int, int]{Open: func(ctx context.Context, _ int) (int, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			}}
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			for range n / 10 {
				wg.Go(func() {
					if _, err := p.Get(ctx, 1); err != context.Canceled {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
			cancel()
			wg.Wait()
			synctest.Wait()
			if p.Len() != 0 {
				t.Error("the abandoned Open has not ended")
			}
		})
	})
	t.Run("keys of a pool", func(t *testing.T) {
		p := &rc.Pool[int, int]{Open: func(context.Context, int) (int, error) { return 1, nil }, Idle: time.Hour}
		for i := range n {
			get(t, p, i).Close()
		}
		if s := p.Stats(); s.Idle != n {
			t.Errorf("%v", s)
		}
		if err := p.CloseIdle(); err != nil || p.Len() != 0 {
			t.Errorf("%v, %d are left", err, p.Len())
		}
	})
}

// Shutdown waits for drop functions that run because handles were lost, and says so if it
// gives up.
func TestShutdownWaitsForLostHandles(t *testing.T) {
	faults(t)
	goOn := make(chan struct{})
	begun := make(chan struct{})
	off(func() {
		rc.New(1, func(int) {
			close(begun)
			<-goOn
		})
	})
	waitFor(t, begun)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	err := weakref.Shutdown(ctx)
	if !errors.Is(err, context.Canceled) || !strings.Contains(fmt.Sprint(err), "lost") {
		t.Errorf("Shutdown returned %v", err)
	}
	close(goOn)
	if err := weakref.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown returned %v", err)
	}
}

// waitFor has collections run until c is closed.
func waitFor(t *testing.T, c chan struct{}) {
	t.Helper()
	weaktest.Eventually(t, "it begins", func() bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	})
}

// Get and Close with more and more keys, and what tracking costs with more and more
// handles of one value.
func BenchmarkMany(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprintf("op=Pool.Get+Close/n=%d", n), func(b *testing.B) {
			p := &rc.Pool[int, int]{Open: func(context.Context, int) (int, error) { return 1, nil }, Idle: time.Hour}
			defer p.CloseIdle()
			ctx := context.Background()
			for i := range n {
				s, err := p.Get(ctx, i)
				if err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
			b.ResetTimer()
			for i := range b.N {
				s, _ := p.Get(ctx, i%n)
				s.Close()
			}
		})
		b.Run(fmt.Sprintf("op=tracked-Clone+Close/n=%d", n), func(b *testing.B) {
			defer rc.Track(rc.Track(true))
			s := rc.New(1, func(int) {})
			all := make([]*rc.Strong[int], n)
			for i := range all {
				all[i] = s.Clone()
			}
			b.ResetTimer()
			for i := range b.N {
				all[i%n].Close()
				all[i%n] = s.Clone()
			}
			b.StopTimer()
			for _, h := range append(all, s) {
				h.Close()
			}
		})
	}
}
