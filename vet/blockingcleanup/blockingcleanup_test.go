package blockingcleanup_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/blockingcleanup"
	"github.com/weakref-go/weakref/vet/internal/vettest"
)

func Test(t *testing.T) {
	vettest.Run(t, blockingcleanup.Analyzer, "a", "real")
}
