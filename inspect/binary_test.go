package inspect_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNotInOtherBinaries builds a program that uses containers of every package and does
// not list them: it has nothing of this package, and no net/http because of us.
func TestNotInOtherBinaries(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "small")
	if out, err := exec.Command("go", "build", "-o", bin, "./testdata/small").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command("go", "tool", "nm", bin).Output()
	if err != nil {
		t.Fatal(err)
	}
	symbols := string(out)
	if !strings.Contains(symbols, "weakref/internal/gcclock.") {
		t.Fatal("no symbols of this module were found")
	}
	for _, not := range []string{"internal/gcclock.Each", "weakref/internal/live.", "weakref/inspect.", ".Describe", ".EachKey", "net/http."} {
		for line := range strings.Lines(symbols) {
			if strings.Contains(line, not) {
				t.Errorf("the program contains %s", line)
				break
			}
		}
	}
	_ = os.Remove(bin)
}
