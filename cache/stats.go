package cache

import (
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref/internal/counter"
)

// Stats is what a cache reports of itself. Taking it costs little and disturbs
// nobody.
type Stats struct {
	Name string // as set by the user
	Len  int    // entries, as Cache.Len
	Kept int    // about how many values the strong tier holds

	Hits     uint64 // requests that found a value
	WeakHits uint64 // of these: those that the strong tier alone would have missed
	Misses   uint64 // requests that did not
	Joined   uint64 // requests that waited for a load begun by another

	Loads      uint64        // loads that have ended, refreshes included
	LoadErrors uint64        // of these: those that failed
	LoadTime   time.Duration // total time of all loads
	Refreshes  uint64        // loads begun to refresh a value

	Collected uint64 // entries removed, by cause
	Removed   uint64
	Replaced  uint64
	Expired   uint64
	Evicted   uint64 // values that the strong tier let go of

	Pending int    // calls of OnRemove that have not begun
	Panics  uint64 // calls of OnRemove that panicked
}

// HitRatio returns the part of the requests that found a value, 0 if there were
// none.
func (s Stats) HitRatio() float64 {
	if s.Hits+s.Misses == 0 {
		return 0
	}
	return float64(s.Hits) / float64(s.Hits+s.Misses)
}

// counts is apart from the core, so that callbacks can count without keeping it.
type counts struct {
	hits, weakHits, misses counter.Counter
	joined                 atomic.Uint64
	loads, loadErrors      atomic.Uint64
	loadTime               atomic.Int64
	refreshes              atomic.Uint64
	byCause                [Evicted + 1]atomic.Uint64
}

func (n *counts) load(took time.Duration, err error) {
	n.loads.Add(1)
	n.loadTime.Add(int64(took))
	if err != nil {
		n.loadErrors.Add(1)
	}
}

// Stats returns the counters.
func (c *Cache[K, V]) Stats() Stats {
	s := c.ready()
	n := s.counts
	st := Stats{
		Name:       c.Name,
		Len:        s.tier.Len(),
		Hits:       n.hits.Load(),
		WeakHits:   n.weakHits.Load(),
		Misses:     n.misses.Load(),
		Joined:     n.joined.Load(),
		Loads:      n.loads.Load(),
		LoadErrors: n.loadErrors.Load(),
		LoadTime:   time.Duration(n.loadTime.Load()),
		Refreshes:  n.refreshes.Load(),
		Collected:  n.byCause[Collected].Load(),
		Removed:    n.byCause[Removed].Load(),
		Replaced:   n.byCause[Replaced].Load(),
		Expired:    n.byCause[Expired].Load(),
		Evicted:    n.byCause[Evicted].Load(),
	}
	if s.keeper != nil {
		st.Kept = s.keeper.len()
	}
	if s.events != nil {
		st.Pending, st.Panics = s.events.Pending(), s.events.Panics()
	}
	return st
}
