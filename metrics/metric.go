package metrics

import (
	"slices"
	"strings"
)

// Metric describes a figure. Metrics are not changed.
type Metric struct {
	Name    string // as OpenTelemetry has names, such as weakref.cache.gets
	Help    string
	Unit    string   // in UCUM: "s", or what is counted, such as "{entry}"
	Counter bool     // never goes down; other metrics are gauges
	Labels  []string // names of labels, sorted
}

// PrometheusName returns the name that the metric has in Prometheus, such as
// weakref_cache_gets_total: dots are underscores, and the unit, if it is seconds, and
// "total", if it is a counter, come last. OpenTelemetry's exporter for Prometheus makes the
// same of Name.
func (m *Metric) PrometheusName() string {
	name := strings.ReplaceAll(m.Name, ".", "_")
	if m.Unit == "s" {
		name += "_seconds"
	}
	if m.Counter {
		name += "_total"
	}
	return name
}

// All returns all metrics that a [Source] has.
func All() []*Metric { return slices.Clone(all) }

var all []*Metric

func gauge(name, unit, help string, labels ...string) *Metric {
	return add(&Metric{Name: name, Unit: unit, Help: help, Labels: labels})
}

func counter(name, unit, help string, labels ...string) *Metric {
	return add(&Metric{Name: name, Unit: unit, Help: help, Labels: labels, Counter: true})
}

func add(m *Metric) *Metric {
	all = append(all, m)
	return m
}

// Of all containers of a kind. A program may have thousands of names, and these are 0 for
// most, so they are not told apart by name; panics are logged with it.
var (
	containers = gauge("weakref.containers", "{container}", "Containers that are alive.", "kind")
	pending    = gauge("weakref.callbacks.pending", "{callback}", "Callbacks that have not begun.", "kind")
	panics     = counter("weakref.panics", "{panic}", "Callbacks and handlers that panicked.", "kind")
)

// Of every container.
var (
	entries   = gauge("weakref.container.entries", "{entry}", "Entries, events, listeners or resources of containers that are alive.", "kind", "name")
	collected = counter("weakref.container.collected", "{entry}", "Entries that have left because their objects died.", "kind", "name")
)

var (
	cacheSize       = gauge("weakref.cache.size", "{entry}", "Entries of caches.", "cache")
	cacheKept       = gauge("weakref.cache.kept", "{value}", "Values that caches hold strongly.", "cache")
	cacheLimit      = gauge("weakref.cache.limit", "{value}", "Values, or what they weigh, that caches may hold strongly now.", "cache")
	cacheGets       = counter("weakref.cache.gets", "{request}", "Requests by whether they found a value.", "cache", "result")
	cacheWeakHits   = counter("weakref.cache.weak_hits", "{request}", "Hits on values that only users of them held.", "cache")
	cacheJoined     = counter("weakref.cache.joined", "{request}", "Requests that waited for a load begun by another.", "cache")
	cacheLoads      = counter("weakref.cache.loads", "{load}", "Loads that have ended, refreshes included.", "cache")
	cacheLoadErrors = counter("weakref.cache.load_errors", "{load}", "Loads that failed.", "cache")
	cacheLoadTime   = counter("weakref.cache.load", "s", "Time that all loads took.", "cache")
	cacheRefreshes  = counter("weakref.cache.refreshes", "{load}", "Loads begun to refresh a value.", "cache")
	cacheRemovals   = counter("weakref.cache.removals", "{removal}", "Entries that have left by cause. An evicted one stays as long as others hold its value.", "cache", "cause")
)

var (
	busListeners = gauge("weakref.bus.listeners", "{listener}", "Listeners not known to be dead.", "bus")
	busQueued    = gauge("weakref.bus.queued", "{event}", "Events that wait in queues of listeners.", "bus")
	busPublished = counter("weakref.bus.published", "{event}", "Events published.", "bus")
	busDelivered = counter("weakref.bus.delivered", "{event}", "Calls of handlers.", "bus")
	busDropped   = counter("weakref.bus.dropped", "{event}", "Events that a queue did not take or did not deliver.", "bus")
	busUnreached = counter("weakref.bus.unreached", "{listener}", "Listeners that died without having received an event.", "bus")
)

var (
	queueDepth   = gauge("weakref.queue.depth", "{event}", "Events that wait.", "queue")
	queuePut     = counter("weakref.queue.put", "{event}", "Events put, the dropped ones included.", "queue")
	queueDropped = counter("weakref.queue.dropped", "{event}", "Events dropped because the queue was full.", "queue")
)

var (
	poolResources  = gauge("weakref.pool.resources", "{resource}", "Resources by state.", "pool", "state")
	poolOpened     = counter("weakref.pool.opened", "{resource}", "Resources opened.", "pool")
	poolOpenErrors = counter("weakref.pool.open_errors", "{call}", "Calls to open a resource that failed.", "pool")
	poolReused     = counter("weakref.pool.reused", "{request}", "Requests that found their resource open.", "pool")
	poolClosed     = counter("weakref.pool.closed", "{resource}", "Resources closed.", "pool")
	poolExpired    = counter("weakref.pool.expired", "{resource}", "Resources closed because they had been idle for long enough.", "pool")
)

// Of the process.
var (
	handlesOpen  = gauge("weakref.handles.open", "{handle}", "Handles of package rc that are open, of those made while rc.Track was on.")
	handleFaults = counter("weakref.handle.faults", "{fault}", "Mistakes in the use of handles of package rc; of leaks, the handles.", "fault")
	leaks        = gauge("weakref.leaks", "{object}", "Objects that should be dead and have survived too many collections, by package leak.")
	leaksWatched = gauge("weakref.leaks.watched", "{object}", "Objects that package leak watches and does not know to be dead.")
)
