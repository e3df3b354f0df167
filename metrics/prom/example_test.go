package prom_test

import (
	"fmt"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/metrics/prom"
)

// Register one Collector; containers are found by themselves.
func ExampleCollector() {
	registry := prometheus.NewRegistry() // or prometheus.DefaultRegisterer
	registry.MustRegister(new(prom.Collector))

	type Session struct{ user string }
	sessions := &weakref.ValueMap[string, Session]{Name: "sessions"}
	ada := &Session{"Ada"}
	sessions.Store("1", ada)

	families, err := registry.Gather() // as a scrape does
	if err != nil {
		fmt.Println(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == "weakref_container_entries" && m.Label[1].GetValue() == "sessions" {
				fmt.Println(f.GetName(), m.Label[0].GetValue(), m.Label[1].GetValue(), m.GetGauge().GetValue())
			}
		}
	}
	runtime.KeepAlive(sessions)
	runtime.KeepAlive(ada)
	// Output: weakref_container_entries ValueMap sessions 1
}
