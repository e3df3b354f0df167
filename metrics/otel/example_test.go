package otel_test

import (
	"context"
	"fmt"
	"runtime"

	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/metrics"
	weakrefotel "github.com/weakref-go/weakref/metrics/otel"
)

// Register with a meter of your provider; containers are found by themselves.
func ExampleRegister() {
	reader := sdk.NewManualReader() // stands for your exporter
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	registration, err := weakrefotel.Register(provider.Meter("github.com/weakref-go/weakref"), new(metrics.Source))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer registration.Unregister()

	type Session struct{ user string }
	sessions := &weakref.ValueMap[string, Session]{Name: "sessions"}
	ada := &Session{"Ada"}
	sessions.Store("1", ada)

	var data metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &data); err != nil {
		fmt.Println(err)
	}
	for _, m := range data.ScopeMetrics[0].Metrics {
		if gauge, ok := m.Data.(metricdata.Gauge[int64]); ok && m.Name == "weakref.container.entries" {
			for _, p := range gauge.DataPoints {
				if name, _ := p.Attributes.Value("name"); name.AsString() == "sessions" {
					fmt.Println(m.Name, p.Value)
				}
			}
		}
	}
	runtime.KeepAlive(sessions)
	runtime.KeepAlive(ada)
	// Output: weakref.container.entries 1
}
