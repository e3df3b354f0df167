package prunedentry_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/prunedentry"
)

func Test(t *testing.T) {
	vettest.Run(t, prunedentry.Analyzer, "a")
}
