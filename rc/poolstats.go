package rc

import (
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"reflect"
	"slices"
)

// PoolStats is what a [Pool] has and has done.
type PoolStats struct {
	InUse   int // resources with open handles
	Idle    int // resources without, that are kept
	Opening int // calls of Open under way
	Closing int // calls of Close under way

	Opened  uint64 // resources that Open has returned
	Failed  uint64 // calls of Open that have failed
	Reused  uint64 // calls of Get that found the resource open
	Closed  uint64 // resources that have been closed
	Expired uint64 // those of them that had been idle for long enough
}

// String returns the numbers in one line.
func (s PoolStats) String() string {
	return fmt.Sprintf("%d in use, %d idle, %d opening, %d closing; %d opened, %d failed, %d reused, %d closed, %d expired",
		s.InUse, s.Idle, s.Opening, s.Closing, s.Opened, s.Failed, s.Reused, s.Closed, s.Expired)
}

// LogValue returns the numbers as a group.
func (s PoolStats) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("in_use", s.InUse), slog.Int("idle", s.Idle), slog.Int("opening", s.Opening), slog.Int("closing", s.Closing),
		slog.Uint64("opened", s.Opened), slog.Uint64("failed", s.Failed), slog.Uint64("reused", s.Reused),
		slog.Uint64("closed", s.Closed), slog.Uint64("expired", s.Expired))
}

// Stats returns the numbers as they are now. It looks at all resources.
func (p *Pool[K, V]) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	for _, e := range p.entries {
		switch e.state {
		case open:
			s.InUse++
		case idle:
			s.Idle++
		case closing:
			s.Closing++
		default:
			s.Opening++
		}
	}
	return s
}

// Len returns how many resources there are: open or idle, being opened or being
// closed.
func (p *Pool[K, V]) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.entries)
}

// Keys returns an iterator over the keys of the resources that there are when the loop
// begins: open or idle, being opened or being closed. There is no All: a loop over
// handles would have to close each.
func (p *Pool[K, V]) Keys() iter.Seq[K] {
	return func(yield func(K) bool) {
		p.mu.Lock()
		all := slices.Collect(maps.Keys(p.entries))
		p.mu.Unlock()
		for _, key := range all {
			if !yield(key) {
				return
			}
		}
	}
}

// String returns the pool's type and what there is in it.
func (p *Pool[K, V]) String() string {
	s := p.Stats()
	return fmt.Sprintf("rc.Pool[%v, %v]: %d in use, %d idle, %d opening, %d closing",
		reflect.TypeFor[K](), reflect.TypeFor[V](), s.InUse, s.Idle, s.Opening, s.Closing)
}
