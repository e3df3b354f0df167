package cleanuplocal_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/cleanuplocal"
	"github.com/weakref-go/weakref/vet/internal/vettest"
)

func Test(t *testing.T) {
	vettest.Run(t, cleanuplocal.Analyzer, "a", "real", "b")
}
