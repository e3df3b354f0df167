package rc

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// rust returns a benchmark that has rust/main.rs do the operation b.N times and
// reports the time which it has measured.
func rust(op string) func(b *testing.B) {
	return func(b *testing.B) {
		program, err := rustProgram()
		if err != nil {
			b.Skip(err)
		}
		b.ResetTimer()
		out, err := exec.Command(program, op, strconv.Itoa(b.N)).CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(ns/float64(b.N), "ns/op")
		b.ReportMetric(0, "B/op") // not ours
		b.ReportMetric(0, "allocs/op")
	}
}

// rustProgram builds the program once.
var rustProgram = sync.OnceValues(func() (string, error) {
	rustc, err := exec.LookPath("rustc")
	if err != nil {
		return "", errors.New("rustc is not installed, so Rust's Arc and Weak are not measured")
	}
	dir, err := os.MkdirTemp("", "rcbench")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "rcbench")
	rustDir = dir
	cmd := exec.Command(rustc, "--edition=2021", "-O", "-o", program, filepath.Join("rust", "main.rs"))
	cmd.Stderr = os.Stderr
	return program, cmd.Run()
})

var rustDir string // to be removed

func TestMain(m *testing.M) {
	code := m.Run()
	if rustDir != "" {
		os.RemoveAll(rustDir)
	}
	os.Exit(code)
}
