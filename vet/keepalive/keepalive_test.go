package keepalive_test

import (
	"testing"

	"github.com/weakref-go/weakref/vet/internal/vettest"
	"github.com/weakref-go/weakref/vet/keepalive"
)

func Test(t *testing.T) {
	if err := keepalive.Analyzer.Flags.Set("callees", "handles.Use"); err != nil {
		t.Fatal(err)
	}
	defer keepalive.Analyzer.Flags.Set("callees", "")
	vettest.Run(t, keepalive.Analyzer, "a", "fix")
}
