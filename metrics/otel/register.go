// Package otel hands the metrics of the containers of this process to OpenTelemetry.
//
//	import weakrefotel "github.com/weakref-go/weakref/metrics/otel"
//
//	r, err := weakrefotel.Register(meter, new(metrics.Source))
//
// That is all: containers need not be registered. Package metrics says what the figures
// mean; docs/live.md has all names.
//
// Nothing is registered but with the meter that is given, no goroutine is started, and
// nothing is done between collections.
package otel

import (
	"context"
	"errors"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/weakref-go/weakref/metrics"
)

// Register has the metrics of s observed whenever those of the meter are collected, until
// the registration ends. The meter is one of the application's, such as
// otel.Meter("github.com/weakref-go/weakref").
//
// The meter's provider may have a limit of its own on the number of attribute sets, by
// default 2,000 a metric in the SDK. Keep [metrics.Source.MaxNames] below a fifth of that
// if there are as many caches: removals of a cache have five causes.
func Register(meter metric.Meter, s *metrics.Source) (metric.Registration, error) {
	r := &reader{source: s, by: make(map[*metrics.Metric]instrument), attributes: make(map[*metrics.Series]metric.ObserveOption)}
	var all []metric.Observable
	var errs []error
	for _, m := range metrics.All() {
		in, err := newInstrument(meter, m)
		errs = append(errs, err)
		r.by[m] = in
		all = append(all, in.of)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return meter.RegisterCallback(r.observe, all...)
}

type reader struct {
	source *metrics.Source
	by     map[*metrics.Metric]instrument

	mu         sync.Mutex // callbacks of several readers may run at the same time
	attributes map[*metrics.Series]metric.ObserveOption
}

func (r *reader) observe(_ context.Context, o metric.Observer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.source.Read() {
		set, ok := r.attributes[s.Series]
		if !ok {
			set = metric.WithAttributeSet(attributes(s.Series))
			r.attributes[s.Series] = set
		}
		r.by[s.Metric].observe(o, s.Value, set)
	}
	return nil
}

func attributes(s *metrics.Series) attribute.Set {
	var all []attribute.KeyValue
	for i, v := range s.Values {
		all = append(all, attribute.String(s.Labels[i], v))
	}
	return attribute.NewSet(all...)
}

// instrument is what a metric is observed by: of numbers of things as integers, of times
// as floating-point numbers.
type instrument struct {
	of      metric.Observable
	observe func(o metric.Observer, v float64, attributes metric.ObserveOption)
}

func newInstrument(meter metric.Meter, m *metrics.Metric) (instrument, error) {
	help, unit := metric.WithDescription(m.Help), metric.WithUnit(m.Unit)
	switch {
	case m.Unit == "s":
		of, err := meter.Float64ObservableCounter(m.Name, help, unit)
		return instrument{of, func(o metric.Observer, v float64, a metric.ObserveOption) { o.ObserveFloat64(of, v, a) }}, err
	case m.Counter:
		of, err := meter.Int64ObservableCounter(m.Name, help, unit)
		return whole(of), err
	}
	of, err := meter.Int64ObservableGauge(m.Name, help, unit)
	return whole(of), err
}

func whole(of metric.Int64Observable) instrument {
	return instrument{of, func(o metric.Observer, v float64, a metric.ObserveOption) { o.ObserveInt64(of, int64(v), a) }}
}
