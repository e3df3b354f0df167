package fatalcleanup_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/fatalcleanup"
	"github.com/weakref-go/weakref/vet/internal/vettest"
)

func Test(t *testing.T) {
	vettest.Run(t, fatalcleanup.Analyzer, "a")
}
