package ignoredirective_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/ignoredirective"
	"github.com/weakref-go/weakref/vet/internal/vettest"
)

func Test(t *testing.T) {
	vettest.Run(t, ignoredirective.New([]string{"cleanupself", "weakvalue"}), "a", "irrelevant")
}
