package cleanupself_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/cleanupself"
	"github.com/weakref-go/weakref/vet/internal/vettest"
)

func Test(t *testing.T) {
	vettest.Run(t, cleanupself.Analyzer, "a", "old", "real", "fix")
}
