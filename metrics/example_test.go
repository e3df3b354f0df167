package metrics_test

import (
	"fmt"
	"runtime"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/metrics"
)

// An exporter of one's own: each sample has a name, labels and a value.
func ExampleSource() {
	type Session struct{ user string }
	sessions := &weakref.ValueMap[string, Session]{Name: "sessions"}
	ada := &Session{"Ada"}
	sessions.Store("1", ada)

	var source metrics.Source
	for _, s := range source.Read() {
		if s.Name == "weakref.container.entries" && s.Values[1] == "sessions" {
			fmt.Println(s.Name, s.Labels, s.Values, s.Value)
		}
	}
	runtime.KeepAlive(sessions)
	runtime.KeepAlive(ada)
	// Output: weakref.container.entries [kind name] [ValueMap sessions] 1
}

// All is for documentation, and for exporters that describe what they will export.
func ExampleAll() {
	for _, m := range metrics.All() {
		if m.Name == "weakref.cache.removals" {
			fmt.Println(m.Name, m.Labels, m.Unit, m.Counter)
		}
	}
	// Output: weakref.cache.removals [cache cause] {removal} true
}
