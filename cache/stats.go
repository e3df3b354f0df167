package cache

import (
	"cmp"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref/internal/counter"
)

// Stats is what a cache reports of itself. Taking it costs little and disturbs
// nobody. What a call has done is counted when it returns.
type Stats struct {
	Name string // as set by the user
	Len  int    // entries, as Cache.Len
	Kept int    // values that the strong tier holds

	// Limit is how many values, or which weight, the strong tier may hold now: Keep, or what
	// memory allows with KeepSoft. Those that KeepFor keeps come on top.
	Limit int

	Hits     uint64 // requests that found a value
	WeakHits uint64 // of these: those that the strong tier alone would have missed
	Misses   uint64 // requests that did not
	Joined   uint64 // requests that waited for a load begun by another

	Loads      uint64        // loads that have ended, refreshes included
	LoadErrors uint64        // of these: those that failed
	LoadTime   time.Duration // total time of all loads, without what they waited for their turn
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

type counts struct {
	values, strong         atomic.Int64 // entries with values; with values that are kept
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
	return c.ready().stats(c.Name)
}

func (s *core[K, V]) stats(name string) Stats {
	n := &s.counts
	st := Stats{
		Name:       name,
		Len:        int(n.values.Load()),
		Kept:       int(n.strong.Load()),
		Limit:      int(s.keeper.now.Load()),
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
	if s.events != nil {
		st.Pending, st.Panics = s.events.Pending(), s.events.Panics()
	}
	return st
}

// String returns the counters in one line.
func (s Stats) String() string {
	return fmt.Sprintf("%s: %d entries, %d kept; %.1f%% hits of %d requests, %d of them weak; %d loads, %d failed; %d evicted",
		cmp.Or(s.Name, "cache"), s.Len, s.Kept, 100*s.HitRatio(), s.Hits+s.Misses, s.WeakHits, s.Loads, s.LoadErrors, s.Evicted)
}

// LogValue returns the counters as a group.
func (s Stats) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("name", s.Name), slog.Int("len", s.Len), slog.Int("kept", s.Kept), slog.Int("limit", s.Limit),
		slog.Uint64("hits", s.Hits), slog.Uint64("weakHits", s.WeakHits), slog.Uint64("misses", s.Misses), slog.Uint64("joined", s.Joined),
		slog.Uint64("loads", s.Loads), slog.Uint64("loadErrors", s.LoadErrors), slog.Duration("loadTime", s.LoadTime), slog.Uint64("refreshes", s.Refreshes),
		slog.Uint64("collected", s.Collected), slog.Uint64("removed", s.Removed), slog.Uint64("replaced", s.Replaced),
		slog.Uint64("expired", s.Expired), slog.Uint64("evicted", s.Evicted),
		slog.Int("pending", s.Pending), slog.Uint64("panics", s.Panics),
	)
}
