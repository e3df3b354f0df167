package goroutinepin_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/goroutinepin"
	"github.com/weakref-go/weakref/vet/internal/vettest"
)

func Test(t *testing.T) {
	vettest.Run(t, goroutinepin.Analyzer, "a", "real")
}
