// Package prom hands the metrics of the containers of this process to Prometheus.
//
//	registry.MustRegister(new(prom.Collector))
//
// That is all: containers need not be registered. Package metrics says what the figures
// mean and docs/live.md has all names. In this folder, dashboard.json is a dashboard for
// Grafana, and alerts.yml has rules for alerts.
//
// Nothing is registered but by you, no goroutine is started, and nothing is done between
// scrapes.
package prom

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/weakref-go/weakref/metrics"
)

// Collector is a [prometheus.Collector]. The zero Collector is ready to use. Its field is
// set before first use; it must not be copied after that. It is safe for concurrent use.
//
// One registry takes one Collector: a second would have the same metrics. Each counts what
// has died by itself, from its first scrape on.
type Collector struct {
	Source metrics.Source

	mu     sync.Mutex
	series map[*metrics.Series]*series
}

// Describe sends a description of each metric.
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range descs() {
		to <- d
	}
}

// Collect reads all metrics and sends them.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	all := c.read()
	for i := range all {
		to <- &all[i]
	}
}

func (c *Collector) read() []sample {
	c.mu.Lock() // two scrapes do not overtake each other
	defer c.mu.Unlock()
	if c.series == nil {
		c.series = make(map[*metrics.Series]*series)
	}
	read := c.Source.Read()
	all := make([]sample, len(read))
	for i, s := range read {
		known := c.series[s.Series]
		if known == nil {
			d := descs()[s.Metric]
			known = &series{d, prometheus.MakeLabelPairs(d, s.Values), s.Counter}
			c.series[s.Series] = known
		}
		all[i] = sample{known, s.Value}
	}
	return all
}

// series is what all samples of a series have in common. It is made at the first scrape
// that has it.
type series struct {
	desc    *prometheus.Desc
	labels  []*dto.LabelPair // not changed
	counter bool
}

// sample is a [prometheus.Metric] that is made once for a scrape. The library's own would
// make and check their labels each time.
type sample struct {
	*series
	value float64
}

func (s *sample) Desc() *prometheus.Desc { return s.desc }

func (s *sample) Write(to *dto.Metric) error {
	to.Label = s.labels
	if s.counter {
		to.Counter = &dto.Counter{Value: &s.value}
	} else {
		to.Gauge = &dto.Gauge{Value: &s.value}
	}
	return nil
}

// descs are the descriptions of the metrics. They are the same for all Collectors.
var descs = sync.OnceValue(func() map[*metrics.Metric]*prometheus.Desc {
	all := make(map[*metrics.Metric]*prometheus.Desc)
	for _, m := range metrics.All() {
		all[m] = prometheus.NewDesc(m.PrometheusName(), m.Help, m.Labels, nil)
	}
	return all
})
