package metrics

import (
	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/inspect"
	"github.com/weakref-go/weakref/rc"
)

// column is a figure of the containers of a kind.
type column struct {
	*Metric
	extra string // the value of the label that names neither kind nor container; "": there is none
	of    func(*inspect.Container) uint64
}

// values returns the values of the column's labels.
func (c column) values(kind, name string) (all []string) {
	for _, label := range c.Labels {
		switch label {
		case "kind":
			all = append(all, kind)
		case "cause", "result", "state":
			all = append(all, c.extra)
		default:
			all = append(all, name)
		}
	}
	return all
}

// columns returns the figures that containers of a kind have by name. Kinds that this
// version does not know have those of all.
func columns(kind string) []column {
	if c, ok := byKind[kind]; ok {
		return c
	}
	return ofAll
}

var byKind = map[string][]column{
	"ValueMap": ofWeak, "KeyMap": ofWeak, "Set": ofWeak, "Interner": ofWeak, "InternerFunc": ofWeak,
	"Cache": ofCache, "Bus": ofBus, "Queue": ofQueue, "Pool": ofPool,
}

// ofKind is what kinds have.
var ofKind = []column{
	{containers, "", func(*inspect.Container) uint64 { return 1 }},
	{pending, "", func(c *inspect.Container) uint64 {
		switch s := c.Stats.(type) {
		case weakref.Stats:
			return n(s.Pending)
		case cache.Stats:
			return n(s.Pending)
		}
		return 0
	}},
	{panics, "", func(c *inspect.Container) uint64 {
		switch s := c.Stats.(type) {
		case weakref.Stats:
			return s.Panics
		case cache.Stats:
			return s.Panics
		case event.Stats:
			return s.Panics
		}
		return 0
	}},
}

var ofAll = []column{
	{entries, "", func(c *inspect.Container) uint64 { return n(c.Len) }},
}

var ofWeak = join(ofAll, []column{
	{collected, "", func(c *inspect.Container) uint64 { return c.Collected() }},
})

// Weak hits are no result of their own: the difference of two counters that are read one
// after the other may go down.
var ofCache = join(ofWeak, []column{
	{cacheSize, "", of(func(s cache.Stats) uint64 { return n(s.Len) })},
	{cacheKept, "", of(func(s cache.Stats) uint64 { return n(s.Kept) })},
	{cacheLimit, "", of(func(s cache.Stats) uint64 { return n(s.Limit) })},
	{cacheGets, "hit", of(func(s cache.Stats) uint64 { return s.Hits })},
	{cacheGets, "miss", of(func(s cache.Stats) uint64 { return s.Misses })},
	{cacheWeakHits, "", of(func(s cache.Stats) uint64 { return s.WeakHits })},
	{cacheJoined, "", of(func(s cache.Stats) uint64 { return s.Joined })},
	{cacheLoads, "", of(func(s cache.Stats) uint64 { return s.Loads })},
	{cacheLoadErrors, "", of(func(s cache.Stats) uint64 { return s.LoadErrors })},
	{cacheLoadTime, "", of(func(s cache.Stats) uint64 { return uint64(s.LoadTime) })},
	{cacheRefreshes, "", of(func(s cache.Stats) uint64 { return s.Refreshes })},
	{cacheRemovals, "collected", of(func(s cache.Stats) uint64 { return s.Collected })},
	{cacheRemovals, "evicted", of(func(s cache.Stats) uint64 { return s.Evicted })},
	{cacheRemovals, "expired", of(func(s cache.Stats) uint64 { return s.Expired })},
	{cacheRemovals, "removed", of(func(s cache.Stats) uint64 { return s.Removed })},
	{cacheRemovals, "replaced", of(func(s cache.Stats) uint64 { return s.Replaced })},
})

var ofBus = join(ofWeak, []column{
	{busListeners, "", of(func(s event.Stats) uint64 { return n(s.Len) })},
	{busQueued, "", of(func(s event.Stats) uint64 { return n(s.Queued) })},
	{busPublished, "", of(func(s event.Stats) uint64 { return s.Published })},
	{busDelivered, "", of(func(s event.Stats) uint64 { return s.Delivered })},
	{busDropped, "", of(func(s event.Stats) uint64 { return s.Dropped })},
	{busUnreached, "", of(func(s event.Stats) uint64 { return s.Unreached })},
})

var ofQueue = join(ofAll, []column{
	{queueDepth, "", of(func(s weakref.QueueStats) uint64 { return n(s.Len) })},
	{queuePut, "", of(func(s weakref.QueueStats) uint64 { return s.Put })},
	{queueDropped, "", of(func(s weakref.QueueStats) uint64 { return s.Dropped })},
})

var ofPool = join(ofAll, []column{
	{poolResources, "closing", of(func(s rc.PoolStats) uint64 { return n(s.Closing) })},
	{poolResources, "idle", of(func(s rc.PoolStats) uint64 { return n(s.Idle) })},
	{poolResources, "in_use", of(func(s rc.PoolStats) uint64 { return n(s.InUse) })},
	{poolResources, "opening", of(func(s rc.PoolStats) uint64 { return n(s.Opening) })},
	{poolOpened, "", of(func(s rc.PoolStats) uint64 { return s.Opened })},
	{poolOpenErrors, "", of(func(s rc.PoolStats) uint64 { return s.Failed })},
	{poolReused, "", of(func(s rc.PoolStats) uint64 { return s.Reused })},
	{poolClosed, "", of(func(s rc.PoolStats) uint64 { return s.Closed })},
	{poolExpired, "", of(func(s rc.PoolStats) uint64 { return s.Expired })},
})

// of reads a figure from the statistics of a kind.
func of[S any](read func(S) uint64) func(*inspect.Container) uint64 {
	return func(c *inspect.Container) uint64 {
		s, ok := c.Stats.(S)
		if !ok {
			return 0
		}
		return read(s)
	}
}

// n is a number of things. Where one is counted while others come and go, it may be
// negative for a moment.
func n(i int) uint64 { return uint64(max(i, 0)) }

func join(a, b []column) []column { return append(a[:len(a):len(a)], b...) }
