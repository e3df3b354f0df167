package vet_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet"
	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/keepalive"
)

// TestChecks runs each check over all packages of its testdata/src, those below the folder
// that is called as its part with the part switched on.
func TestChecks(t *testing.T) {
	if err := keepalive.Analyzer.Flags.Set("callees", "keepalive/handles.Use"); err != nil {
		t.Fatal(err)
	}
	defer keepalive.Analyzer.Flags.Set("callees", "")
	defer vet.Select(vet.Default)
	var without, with []vettest.Check
	for _, c := range vet.Suite {
		plain, part := vettest.Split(t, c.Analyzer, c.Part)
		without = append(without, plain)
		if c.Part != "" {
			with = append(with, part)
		}
	}
	vet.Select(vet.Default)
	vettest.RunAll(t, without...)
	vet.Select(vet.OptIn)
	vettest.RunAll(t, with...)
}
