package event

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/weakref-go/weakref/internal/bubble"
)

// grace tells when the publishes that were under way at some moment have ended: a grace
// period, as read-copy-update has it. A publish enters and leaves once, however many
// listeners it has.
//
// There are two phases. A publish enters the present one; wait has those that follow enter
// the other, so that the one before drains however many keep coming.
type grace struct {
	flips   atomic.Uint64 // the last bit is the present phase; written under mu
	stripes [8]stripe     // by goroutine, so that publishers on several processors do not meet
	waiting atomic.Int32  // goroutines in wait

	mu    sync.Mutex
	moved bubble.Cond
}

// stripe counts the publishes of some goroutines, for each phase.
type stripe struct {
	entered, left [2]atomic.Uint64
	delivered     atomic.Uint64
	_             [24]byte // a cache line each
}

// enter counts a publish in. What the publisher loads from now on is younger than what a
// caller of wait has stored before, if that does not wait for it. hint is an address on
// the goroutine's stack.
func (g *grace) enter(hint uintptr) (at *stripe, phase uint64) {
	phase = g.flips.Load() & 1
	at = &g.stripes[uint32(hint>>10)*0x9E3779B1>>29]
	at.entered[phase].Add(1)
	return at, phase
}

func (g *grace) leave(at *stripe, phase uint64) {
	at.left[phase].Add(1)
	if g.waiting.Load() != 0 {
		g.ring()
	}
}

func (g *grace) ring() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.moved.Broadcast()
}

// wait returns nil when all publishes that entered before the call have left, or the error
// of ctx. Each flip rests on what is seen under the lock, after the call, and two of them
// have seen either phase drained.
func (g *grace) wait(ctx context.Context) error {
	g.waiting.Add(1) // before looking, so that who leaves afterwards rings
	defer g.waiting.Add(-1)
	g.mu.Lock()
	defer g.mu.Unlock()
	until := g.flips.Load() + 2
	return g.moved.Wait(ctx, &g.mu, func() bool {
		for now := g.flips.Load(); now < until; now++ {
			if !g.drained(now&1 ^ 1) {
				return false
			}
			g.flips.Store(now + 1)
		}
		return true
	})
}

// drained reports whether there was, for each stripe, a moment since the call began at
// which nobody was in a phase. left never exceeds entered and is loaded first: if they
// are equal, nobody was in when left was loaded.
func (g *grace) drained(phase uint64) bool {
	for i := range g.stripes {
		at := &g.stripes[i]
		if left := at.left[phase].Load(); at.entered[phase].Load() != left {
			return false
		}
	}
	return true
}
