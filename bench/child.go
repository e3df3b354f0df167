package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/weakref-go/weakref/bench/internal/report"
	"github.com/weakref-go/weakref/bench/internal/suite"
)

// memoryLimit is the most that a measured process may use. The collector works
// harder rather than exceed it.
const memoryLimit = 5 << 30

// measureSet measures the cases of a set and prints each as soon as it is done, so
// that a crash loses only what would have come after.
func measureSet(name string, each time.Duration) error {
	set, ok := suite.Find(name, 1)
	if !ok {
		return fmt.Errorf("there is no set named %q", name)
	}
	debug.SetGCPercent(100) // whatever the environment says
	debug.SetMemoryLimit(memoryLimit)
	for _, c := range set.Cases() {
		fmt.Fprintln(os.Stdout, report.Line(c.Name, suite.Measure(c, each)))
	}
	return nil
}
