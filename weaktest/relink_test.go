package weaktest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/internal/boxtest"
)

// A plain "go test" links without names. What a failure says has them all the same.
func TestNamesInPlainTest(t *testing.T) {
	if boxtest.InUse() {
		t.Skip("nothing here depends on handles")
	}
	for tidy, want := range map[string]string{
		"literal": "tidy.global.all[0]",
		"local":   "c.all[0]",
		"closure": "the function given → func tidy.TestHeld.func1 captures c → *tidy.compiler.all[",
		"method":  "the function given → method value tidy.(*compiler).round bound to receiver → *tidy.compiler.all[",
	} {
		t.Run(tidy, func(t *testing.T) {
			cmd := exec.Command("go", "test", "-count=1", "-run=^TestHeld$", "./internal/tidy")
			cmd.Env = append(os.Environ(), "TIDY="+tidy, "WEAKTEST_MAIN=off", "WEAKTEST_NAMES=on")
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("%v, want %q in\n%s", err, want, out)
			}
			if strings.Contains(string(out), "for names") {
				t.Errorf("a hint although there are names:\n%s", out)
			}
		})
	}
	cmd := exec.Command("go", "test", "-count=1", "-run=^TestHeld$", "./internal/tidy")
	cmd.Env = append(os.Environ(), "TIDY=literal", "WEAKTEST_MAIN=off", "WEAKTEST_NAMES=off")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "for names, run: go test") {
		t.Errorf("with names off: %v\n%s", err, out)
	}
}
