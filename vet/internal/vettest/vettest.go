// Package vettest runs analyzers over their testdata.
package vettest

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// Run checks packages of testdata/src against their "want" comments. They can import fakes
// of the weakref module's packages by their real paths.
func Run(t *testing.T, a *analysis.Analyzer, packages ...string) {
	t.Helper()
	gopath := fakes(t)
	copyTo(t, filepath.Join(gopath, "src"), "testdata/src")
	analysistest.Run(t, gopath, a, packages...)
}

// Check is an analyzer and packages of testdata/src of the folder that has its name.
type Check struct {
	*analysis.Analyzer
	Packages []string
}

// Split returns an analyzer with all packages of its testdata/src but fakes: those below the
// folder that is called part, and the others.
func Split(t *testing.T, a *analysis.Analyzer, part string) (without, with Check) {
	t.Helper()
	without.Analyzer, with.Analyzer = a, a
	err := fs.WalkDir(os.DirFS(filepath.Join(a.Name, "testdata", "src")), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".go" {
			return err
		}
		p, of := path.Dir(file), &without
		if first, _, _ := strings.Cut(p, "/"); first == part {
			of = &with
		}
		if !strings.Contains(p, ".") && !slices.Contains(of.Packages, p) { // or it is a fake
			of.Packages = append(of.Packages, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(without.Packages) == 0 || part != "" && len(with.Packages) == 0 {
		t.Errorf("%s has no testdata, or none for its part %q", a.Name, part)
	}
	return without, with
}

// RunAll is Run for many analyzers, and checks the fixes of files with a .golden file beside
// them against that. Each run loads the standard library from its source, which takes
// seconds; so all packages are loaded at once. Their paths begin with the name of their
// analyzer.
func RunAll(t *testing.T, checks ...Check) {
	t.Helper()
	gopath := fakes(t)
	var fixed, plain []string
	for _, c := range checks {
		src := filepath.Join(gopath, "src", c.Name)
		copyTo(t, src, filepath.Join(c.Name, "testdata", "src"))
		exposeFakes(t, gopath, src)
		for _, p := range c.Packages {
			golden, err := filepath.Glob(filepath.Join(src, p, "*.golden"))
			if err != nil {
				t.Fatal(err)
			}
			if path := c.Name + "/" + p; len(golden) > 0 {
				fixed = append(fixed, path)
			} else {
				plain = append(plain, path)
			}
		}
	}
	all := together(checks)
	if len(fixed) > 0 {
		analysistest.RunWithSuggestedFixes(t, gopath, all, fixed...)
	}
	if len(plain) > 0 {
		analysistest.Run(t, gopath, all, plain...)
	}
}

// together returns an analyzer that is, for each package, the one whose name the package's
// path begins with.
func together(checks []Check) *analysis.Analyzer {
	all := &analysis.Analyzer{Name: "together", Doc: "one of several"}
	byName := make(map[string]*analysis.Analyzer)
	for _, c := range checks {
		byName[c.Name] = c.Analyzer
		for _, r := range c.Requires {
			if !slices.Contains(all.Requires, r) {
				all.Requires = append(all.Requires, r)
			}
		}
	}
	all.Run = func(pass *analysis.Pass) (any, error) {
		name, _, _ := strings.Cut(pass.Pkg.Path(), "/")
		a := byName[name]
		if a == nil {
			return nil, errors.New("there is no analyzer " + name)
		}
		own := *pass
		own.Analyzer = a
		return a.Run(&own)
	}
	return all
}

// fakes returns a new GOPATH with the fakes.
func fakes(t *testing.T) string {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("the source of this package is not known")
	}
	gopath := t.TempDir()
	copyTo(t, gopath, filepath.Join(filepath.Dir(file), "testdata"))
	return gopath
}

// exposeFakes moves the fakes of an analyzer's own to where their paths say.
func exposeFakes(t *testing.T, gopath, src string) {
	t.Helper()
	hosts, err := filepath.Glob(filepath.Join(src, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range hosts {
		copyTo(t, filepath.Join(gopath, "src", filepath.Base(host)), host)
	}
}

func copyTo(t *testing.T, to, from string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
