package stopmissing_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/stopmissing"
)

func Test(t *testing.T) {
	vettest.Run(t, stopmissing.Analyzer, "a")
}

func TestDropped(t *testing.T) {
	vettest.RunWith(t, stopmissing.Analyzer, "dropped", "dropped")
}
