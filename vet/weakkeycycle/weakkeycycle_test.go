package weakkeycycle_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/weakkeycycle"
)

func Test(t *testing.T) {
	vettest.Run(t, weakkeycycle.Analyzer, "a")
}
