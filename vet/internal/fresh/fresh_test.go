package fresh_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/fresh"
	"github.com/weakref-go/weakref/vet/internal/vettest"
)

func TestFacts(t *testing.T) {
	vettest.Run(t, fresh.Analyzer, "a")
}
