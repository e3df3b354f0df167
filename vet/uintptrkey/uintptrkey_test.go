package uintptrkey_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/uintptrkey"
)

func Test(t *testing.T) {
	vettest.Run(t, uintptrkey.Analyzer, "a")
}

func TestGuarded(t *testing.T) {
	vettest.RunWith(t, uintptrkey.Analyzer, "guarded", "real")
}
