package tinytarget_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/tinytarget"
)

func Test(t *testing.T) {
	vettest.Run(t, tinytarget.Analyzer, "a")
}
