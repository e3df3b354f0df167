package weaksubscribe_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/weaksubscribe"
)

func Test(t *testing.T) {
	vettest.Run(t, weaksubscribe.Analyzer, "a", "b", "real")
}
