package otel_test

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/metrics"
	weakrefotel "github.com/weakref-go/weakref/metrics/otel"
	"github.com/weakref-go/weakref/rc"
)

type object struct{ _ [4]*int }

func (*object) hear(int) {}

// reader is a reader of a provider of its own, where a Source is registered.
func reader(t testing.TB) *sdk.ManualReader {
	r := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(r))
	if _, err := weakrefotel.Register(provider.Meter("weakref"), new(metrics.Source)); err != nil {
		t.Fatal(err)
	}
	return r
}

func collect(t testing.TB, r sdk.Reader) (all []metricdata.Metrics) {
	var data metricdata.ResourceMetrics
	if err := r.Collect(context.Background(), &data); err != nil {
		t.Fatal(err)
	}
	for _, s := range data.ScopeMetrics {
		all = append(all, s.Metrics...)
	}
	return all
}

// value returns a whole number that was collected, or -1.
func value(all []metricdata.Metrics, name string, attrs ...attribute.KeyValue) int64 {
	want := attribute.NewSet(attrs...)
	for _, m := range all {
		var points []metricdata.DataPoint[int64]
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			points = data.DataPoints
		case metricdata.Gauge[int64]:
			points = data.DataPoints
		}
		for _, p := range points {
			if m.Name == name && p.Attributes.Equals(&want) {
				return p.Value
			}
		}
	}
	return -1
}

// TestEveryMetric checks that all are exported, with names, units and texts, and that
// counters are monotonic sums.
func TestEveryMetric(t *testing.T) {
	r := reader(t)
	v := new(object)
	m := &weakref.ValueMap[int, object]{Name: t.Name()}
	m.Store(1, v)
	c := &cache.Cache[int, object]{Name: t.Name(), Load: func(context.Context, int) (*object, error) { return v, nil }}
	for range 3 {
		if _, err := c.Get(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	b := &event.Bus[int]{Name: t.Name()}
	event.Subscribe(b, v, (*object).hear)
	q := &weakref.Queue[int]{Name: t.Name()}
	q.Put(1)
	p := &rc.Pool[int, int]{Name: t.Name(), Open: func(context.Context, int) (int, error) { return 1, nil }}
	h, err := p.Get(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	all := collect(t, r)
	for _, m := range metrics.All() {
		i := slices.IndexFunc(all, func(got metricdata.Metrics) bool { return got.Name == m.Name })
		if i < 0 {
			t.Errorf("%s is not exported", m.Name)
			continue
		}
		if got := all[i]; got.Unit != m.Unit || got.Description != m.Help || monotonic(got) != m.Counter {
			t.Errorf("%s is exported as %q %q, monotonic %v", m.Name, got.Unit, got.Description, monotonic(got))
		}
	}
	kind, name := attribute.String("kind", "ValueMap"), attribute.String("name", t.Name())
	if n := value(all, "weakref.container.entries", kind, name); n != 1 {
		t.Errorf("%d entries", n)
	}
	if n := value(all, "weakref.cache.gets", attribute.String("cache", t.Name()), attribute.String("result", "hit")); n != 2 {
		t.Errorf("%d hits", n)
	}
	_ = h.Close()
	for _, x := range []any{m, c, b, q, p, v} {
		runtime.KeepAlive(x)
	}
}

func monotonic(m metricdata.Metrics) bool {
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		return data.IsMonotonic
	case metricdata.Sum[float64]:
		return data.IsMonotonic
	}
	return false
}

// TestReadersAtTheSameTime has two readers of one registration collect while containers
// come and go.
func TestReadersAtTheSameTime(t *testing.T) {
	readers := []*sdk.ManualReader{sdk.NewManualReader(), sdk.NewManualReader()}
	provider := sdk.NewMeterProvider(sdk.WithReader(readers[0]), sdk.WithReader(readers[1]))
	if _, err := weakrefotel.Register(provider.Meter("weakref"), new(metrics.Source)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	queue := attribute.String("queue", t.Name())
	for _, r := range readers {
		wg.Go(func() {
			last := int64(-1)
			for ctx.Err() == nil {
				runtime.GC()
				now := value(collect(t, r), "weakref.queue.put", queue)
				if now < last {
					t.Errorf("the counter went from %d to %d", last, now)
				}
				last = now
			}
		})
	}
	for i := range 5000 {
		q := &weakref.Queue[int]{Name: t.Name()}
		q.Put(i)
	}
	stop()
	wg.Wait()
}

func TestUnregister(t *testing.T) {
	r := sdk.NewManualReader()
	reg, err := weakrefotel.Register(sdk.NewMeterProvider(sdk.WithReader(r)).Meter("weakref"), new(metrics.Source))
	if err != nil {
		t.Fatal(err)
	}
	if all := collect(t, r); len(all) == 0 {
		t.Error("nothing was collected before")
	}
	if err := reg.Unregister(); err != nil {
		t.Fatal(err)
	}
	if all := collect(t, r); len(all) != 0 {
		t.Errorf("%d metrics after the end", len(all))
	}
}

// TestNothingGlobal checks that the process's default provider is left alone, and that a
// meter that does nothing will do.
func TestNothingGlobal(t *testing.T) {
	before := otel.GetMeterProvider()
	reader(t)
	if otel.GetMeterProvider() != before {
		t.Error("the default provider is another")
	}
	if _, err := weakrefotel.Register(noop.Meter{}, new(metrics.Source)); err != nil {
		t.Error(err)
	}
}

// TestErrors checks that what a meter refuses is reported.
func TestErrors(t *testing.T) {
	_, err := weakrefotel.Register(refusing{}, new(metrics.Source))
	if err == nil || strings.Count(err.Error(), "refused") != len(metrics.All()) {
		t.Errorf("error %v", err)
	}
}

func BenchmarkCollect(b *testing.B) {
	v := new(object)
	maps := make([]weakref.ValueMap[int, object], 1000)
	for i := range maps {
		maps[i].Name = "map " + strconv.Itoa(i)
		maps[i].Store(1, v)
	}
	r := reader(b)
	b.ReportAllocs()
	for b.Loop() {
		collect(b, r)
	}
	runtime.KeepAlive(maps)
	runtime.KeepAlive(v)
}
