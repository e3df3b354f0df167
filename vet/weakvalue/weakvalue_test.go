package weakvalue_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/weakvalue"
)

func Test(t *testing.T) {
	vettest.Run(t, weakvalue.Analyzer, "a", "real", "fix")
}
