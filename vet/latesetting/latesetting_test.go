package latesetting_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/latesetting"
)

func Test(t *testing.T) {
	vettest.Run(t, latesetting.Analyzer, "a")
}
