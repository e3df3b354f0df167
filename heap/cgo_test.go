package heap_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A program that calls C is linked by another linker. What it holds is explained like that
// of any other.
func TestProgramWithC(t *testing.T) {
	out, err := exec.Command("go", "env", "CGO_ENABLED").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(out)) != "1" {
		t.Skip("there is no C compiler for this system, or CGO_ENABLED=0")
	}
	exe := filepath.Join(t.TempDir(), "cgo")
	build := exec.Command("go", "build", "-o", exe, "./testdata/cgo")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err = exec.Command(exe).Output(); err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	want := []string{"cgo.handles[1].(*main.Target)", "main.pins.pinner.refStore[0]", `main.registry.byName["a"]`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
