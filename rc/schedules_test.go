//go:build !rcsched

package rc_test

import (
	"os"
	"os/exec"
	"sync"
	"testing"
)

var schedulesOnce sync.Once

// TestSchedules runs the tests of sched_test.go, which need another build.
func TestSchedules(t *testing.T) {
	if os.Getenv("WEAKREF_LONG") == "" {
		t.Skip("takes half a minute; .ci/run runs it, with WEAKREF_LONG=1")
	}
	goCmd, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to build the tests with")
	}
	schedulesOnce.Do(func() { // once is enough under -count
		out, err := exec.Command(goCmd, "test", "-tags=rcsched", "-run=^TestSchedule", "-v", ".").CombinedOutput()
		if err != nil {
			t.Errorf("go test -tags=rcsched: %v\n%s", err, out)
		}
	})
}
