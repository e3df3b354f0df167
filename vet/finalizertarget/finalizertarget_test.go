package finalizertarget_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/finalizertarget"
	"github.com/weakref-go/weakref/vet/internal/vettest"
)

func Test(t *testing.T) {
	vettest.Run(t, finalizertarget.Analyzer, "a", "real")
}
