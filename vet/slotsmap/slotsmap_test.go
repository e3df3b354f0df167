package slotsmap_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/slotsmap"
)

func Test(t *testing.T) {
	vettest.Run(t, slotsmap.Analyzer, "a")
}
