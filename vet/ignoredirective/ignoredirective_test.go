package ignoredirective_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/ignoredirective"
	"github.com/weakref-go/weakref/vet/internal/vettest"
)

func Test(t *testing.T) {
	known := func(name string) bool { return name == "cleanupself" || name == "weakvalue" }
	vettest.Run(t, ignoredirective.New(known), "a", "irrelevant")
}
