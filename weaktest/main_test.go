package weaktest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Main is tested with a package that is told what to leave behind.
func TestMainFunction(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "tidy.test")
	if out, err := exec.Command("go", "test", "-c", "-ldflags=-s=false -w=false", "-o", exe, "./internal/tidy").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, tt := range []struct {
		name, tidy, main string
		args             []string
		want             string // in the output; "" if the tests pass
	}{
		{name: "tidy"},
		{name: "growth", tidy: "growth", want: "tidy.kept["},
		{name: "timer", tidy: "timer", want: "timer → func tidy.TestTimer.func1 captures o"},
		{name: "cleanup", tidy: "cleanup", want: "is reachable from cleanup"},
		{name: "failure", tidy: "failure", want: "as it was told to"},
		{name: "off", tidy: "growth", main: "off"},
		{name: "short", tidy: "growth", args: []string{"-test.short"}},
		{name: "short but on", tidy: "growth", main: "on", args: []string{"-test.short"}, want: "tidy.kept["},
		{name: "list", tidy: "growth", args: []string{"-test.list=."}},
		{name: "bench", tidy: "growth", args: []string{"-test.bench=."}},
		{name: "profile", args: []string{"-test.cpuprofile=" + filepath.Join(t.TempDir(), "cpu")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command(exe, tt.args...)
			cmd.Env = append(os.Environ(), "TIDY="+tt.tidy, "WEAKTEST_MAIN="+tt.main)
			out, err := cmd.CombinedOutput()
			if (err == nil) != (tt.want == "") || !strings.Contains(string(out), tt.want) {
				t.Errorf("%v: %v, want %q in\n%s", cmd.Args, err, tt.want, out)
			}
			if n := strings.Count(string(out), "PASS"); n > 1 {
				t.Errorf("PASS is printed %d times", n)
			}
		})
	}
}
