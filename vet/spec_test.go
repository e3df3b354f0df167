package vet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/weakref-go/weakref/vet"
)

// TestSpecification runs the whole suite over the examples of the
// specification: the default and warning tiers must find all bad ones and
// nothing else, the opt-in tier what belongs to it.
func TestSpecification(t *testing.T) {
	pkgs := load(t, filepath.Join("testdata", "spec"), "./...")
	bad, optIn := expected(pkgs)
	if len(bad) < 19 {
		t.Fatalf("%d bad examples, want at least 19", len(bad))
	}
	got := findings(t, vet.Warning, pkgs)
	contains(t, "the examples", bad, "the warning tier's", got)
	contains(t, "the warning tier", got, "a bad example's", bad)
	contains(t, "the examples", optIn, "the opt-in tier's", findings(t, vet.OptIn, pkgs))
	contains(t, "the default tier", findings(t, vet.Default, pkgs), "a bad example's", bad)
}

func load(t *testing.T, dir string, patterns ...string) []*packages.Package {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadAllSyntax | packages.NeedModule,
		Dir:  dir,
		Env:  append(os.Environ(), "GOWORK=off"),
	}, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	if packages.PrintErrors(pkgs) > 0 {
		t.Fatal("the packages have errors")
	}
	return pkgs
}

// findings returns the findings of a tier, as "file:line: analyzer".
func findings(t *testing.T, tier vet.Tier, pkgs []*packages.Package) []string {
	t.Helper()
	graph, err := checker.Analyze(vet.Select(tier), pkgs, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { vet.Select(vet.Default) })
	var all []string
	for _, act := range graph.Roots {
		if act.Err != nil {
			t.Fatalf("%v: %v", act, act.Err)
		}
		for _, d := range act.Diagnostics {
			p := act.Package.Fset.Position(d.Pos)
			all = append(all, fmt.Sprintf("%s:%d: %s", filepath.Base(p.Filename), p.Line, act.Analyzer.Name))
		}
	}
	return all
}

// expected returns what the comments announce, in the form of findings.
func expected(pkgs []*packages.Package) (bad, optIn []string) {
	for _, pkg := range pkgs {
		for _, file := range pkg.Syntax {
			for _, group := range file.Comments {
				for _, c := range group.List {
					p := pkg.Fset.Position(c.Pos())
					kind, name, ok := strings.Cut(strings.TrimPrefix(c.Text, "// "), ": ")
					place := fmt.Sprintf("%s:%d: %s", filepath.Base(p.Filename), p.Line, name)
					switch {
					case ok && kind == "bad":
						bad = append(bad, place)
					case ok && kind == "opt-in":
						optIn = append(optIn, place)
					}
				}
			}
		}
	}
	return bad, optIn
}

// contains fails for each of the findings that is not among others.
func contains(t *testing.T, who string, findings []string, whose string, others []string) {
	t.Helper()
	for _, f := range findings {
		if !slices.Contains(others, f) {
			t.Errorf("%s: %s is not %s", who, f, whose)
		}
	}
}
