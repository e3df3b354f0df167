package escapingmemory_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/escapingmemory"
	"github.com/weakref-go/weakref/vet/internal/vettest"
)

func Test(t *testing.T) {
	vettest.Run(t, escapingmemory.Analyzer, "a")
}
