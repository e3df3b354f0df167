package vet_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/weakref-go/weakref/vet"
)

func TestValid(t *testing.T) {
	if err := analysis.Validate(vet.Analyzers()); err != nil {
		t.Fatal(err)
	}
}

// TestNames checks that each analyzer has the name of its folder, and each
// folder with a check is in the suite.
func TestNames(t *testing.T) {
	var names []string
	for _, a := range vet.Analyzers() {
		names = append(names, a.Name)
		if _, err := os.Stat(a.Name + "/doc.go"); err != nil {
			t.Error(err)
		}
		if !strings.Contains(a.Doc, "WRONG:") || !strings.Contains(a.Doc, "RIGHT:") {
			t.Errorf("the documentation of %s has no examples", a.Name)
		}
		if strings.HasPrefix(a.Doc, "Package ") || strings.Contains(a.Doc, "//go:") {
			t.Errorf("the documentation of %s starts wrong: %.40s", a.Name, a.Doc)
		}
	}
	dirs, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if _, err := os.Stat(d.Name() + "/doc.go"); d.IsDir() && err == nil && !slices.Contains(names, d.Name()) {
			t.Errorf("%s is not in the suite", d.Name())
		}
	}
}

func TestSelect(t *testing.T) {
	t.Cleanup(func() { vet.Select(vet.Default) })
	for _, tier := range []vet.Tier{vet.OptIn, vet.Warning, vet.Default} {
		selected := vet.Select(tier)
		for _, c := range vet.Suite {
			if slices.Contains(selected, c.Analyzer) != (c.Tier <= tier) {
				t.Errorf("tier %v: %s belongs to tier %v", tier, c.Name, c.Tier)
			}
			if c.Part == "" {
				continue
			}
			f := c.Flags.Lookup(c.Part)
			if f == nil {
				t.Fatalf("%s has no flag %s", c.Name, c.Part)
			}
			if on := f.Value.String() == "true"; on != (c.PartTier <= tier) {
				t.Errorf("tier %v: %s.%s is %v", tier, c.Name, c.Part, on)
			}
		}
	}
}

func TestParseTier(t *testing.T) {
	for _, tier := range []vet.Tier{vet.Default, vet.Warning, vet.OptIn} {
		if got, err := vet.ParseTier(tier.String()); got != tier || err != nil {
			t.Errorf("%v: %v, %v", tier, got, err)
		}
	}
	if _, err := vet.ParseTier("Tier(7)"); err == nil {
		t.Error("no error")
	}
	if s := vet.Tier(7).String(); s != "Tier(7)" {
		t.Error(s)
	}
}
