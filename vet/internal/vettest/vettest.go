// Package vettest runs an analyzer over its testdata.
package vettest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// Run checks the packages of testdata/src against their "want" comments, and
// the fixes of files with a .golden file beside them against that. The packages
// can import fakes of the weakref module's packages by their real paths.
func Run(t *testing.T, a *analysis.Analyzer, packages ...string) {
	t.Helper()
	gopath := t.TempDir()
	for _, from := range []string{"testdata", fakes(t)} {
		if err := os.CopyFS(gopath, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	// Each run loads the standard library from its source, so there are two at most.
	var fixed, plain []string
	for _, p := range packages {
		golden, err := filepath.Glob(filepath.Join(gopath, "src", p, "*.golden"))
		if err != nil {
			t.Fatal(err)
		}
		if len(golden) > 0 {
			fixed = append(fixed, p)
		} else {
			plain = append(plain, p)
		}
	}
	if len(fixed) > 0 {
		analysistest.RunWithSuggestedFixes(t, gopath, a, fixed...)
	}
	if len(plain) > 0 {
		analysistest.Run(t, gopath, a, plain...)
	}
}

// RunWith is Run with a flag of the analyzer switched on for the test.
func RunWith(t *testing.T, a *analysis.Analyzer, flag string, packages ...string) {
	t.Helper()
	if err := a.Flags.Set(flag, "true"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Flags.Set(flag, "false") })
	Run(t, a, packages...)
}

func fakes(t *testing.T) string {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("the source of this package is not known")
	}
	return filepath.Join(filepath.Dir(file), "testdata")
}
