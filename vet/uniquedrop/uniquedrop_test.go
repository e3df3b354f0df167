package uniquedrop_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/uniquedrop"
)

func Test(t *testing.T) {
	vettest.Run(t, uniquedrop.Analyzer, "a", "real")
}

func TestInput(t *testing.T) {
	vettest.RunWith(t, uniquedrop.Analyzer, "input", "input")
}
