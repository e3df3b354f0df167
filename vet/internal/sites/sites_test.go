package sites_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/sites"
	"github.com/weakref-go/weakref/vet/internal/vettest"
)

func TestFacts(t *testing.T) {
	vettest.Run(t, sites.Analyzer, "facts", "user")
}
