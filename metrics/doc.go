// Package metrics makes metrics of what package inspect lists: how many entries containers
// have, how many have died, what caches hit and miss, what buses drop, what leaks.
//
// Most programs want one of the modules that hand them on:
//
//	registry.MustRegister(new(prom.Collector))     // metrics/prom, for Prometheus
//	_, err := otel.Register(meter, new(otel.Source)) // metrics/otel, for OpenTelemetry
//
// A [Source] is for those who write another exporter. Nothing is registered by hand: all
// containers of the process are there, summed by kind and name. There is no goroutine, and
// no cost before and between readings.
//
// # Names
//
// A container without a name goes by its type. Containers of one kind and name are one:
// their figures are summed. Names become values of labels, so give names that tell parts
// of the program apart, not users or requests. After [Source.MaxNames] names, the
// containers of further ones are summed under [Other]. Keys and values are never shown.
//
// # Counters
//
// A counter never goes down while the process lives, whatever dies. A container that has
// died counts with what it had at the last reading: what it did after that is not known,
// and a container that comes and goes between two readings is not seen at all. So the
// counters of short-lived containers are lower bounds, and closer the more often one reads.
// Gauges are of the containers that are alive.
//
// Each Source has counters of its own, which begin with its first reading: what died before
// that is not in them. They agree for containers that live as long as the process.
//
// The figures of a container are read one after the other while it is in use. A sum of
// them may be off by what happens meanwhile.
package metrics
