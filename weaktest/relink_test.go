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
	held := func(how, names string) string {
		cmd := exec.Command("go", "test", "-count=1", "-run=^TestHeld$", "./internal/tidy")
		cmd.Env = append(os.Environ(), "TIDY="+how, "WEAKTEST_MAIN=off", "WEAKTEST_NAMES="+names)
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("nothing is held:\n%s", out)
		}
		return string(out)
	}
	out := held("literal,local,closure,method", "on") // linking takes long, so all at once
	for how, want := range map[string]string{
		"literal": "tidy.global.all[0]",
		"local":   "c.all[0]",
		"closure": "the function given → func tidy.byClosure.func1 captures c → *tidy.compiler.all[",
		"method":  "the function given → method value tidy.(*compiler).round bound to receiver → *tidy.compiler.all[",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%s: want %q in\n%s", how, want, out)
		}
	}
	if strings.Contains(out, "for names") {
		t.Errorf("a hint although there are names:\n%s", out)
	}
	if out := held("literal", "off"); !strings.Contains(out, "for names, run: go test") {
		t.Errorf("with names off:\n%s", out)
	}
}
