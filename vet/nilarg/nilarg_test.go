package nilarg_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/nilarg"
)

func Test(t *testing.T) {
	vettest.Run(t, nilarg.Analyzer, "a")
}

func TestIface(t *testing.T) {
	vettest.RunWith(t, nilarg.Analyzer, "iface", "iface")
}
