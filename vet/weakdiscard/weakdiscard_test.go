package weakdiscard_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/weakdiscard"
)

func Test(t *testing.T) {
	vettest.Run(t, weakdiscard.Analyzer, "a")
}

func TestCalls(t *testing.T) {
	vettest.RunWith(t, weakdiscard.Analyzer, "calls", "calls", "real")
}
