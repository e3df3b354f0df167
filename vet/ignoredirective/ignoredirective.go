package ignoredirective

import (
	_ "embed"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/weakref-go/weakref/vet/internal/check"
	"github.com/weakref-go/weakref/vet/internal/report"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

//go:embed doc.go
var doc string

// New returns the check, for a suite of analyzers with these names.
func New(names []string) *analysis.Analyzer {
	return check.New(doc, func(pass *analysis.Pass, s *sites.Sites) {
		if !s.Relevant {
			return
		}
		for _, file := range pass.Files {
			for _, group := range file.Comments {
				for _, c := range group.List {
					if d, ok := report.Parse(c); ok {
						examine(pass, c, d, names)
					}
				}
			}
		}
	})
}

func examine(pass *analysis.Pass, at analysis.Range, d report.Directive, names []string) {
	if len(d.Names) == 0 {
		pass.ReportRangef(at, "this comment ignores nothing; write //weakvet:ignore NAME reason")
		return
	}
	for _, name := range d.Names {
		if !slices.Contains(names, name) {
			pass.ReportRangef(at, "there is no check called %q", name)
		}
	}
	if d.Reason == "" {
		pass.ReportRangef(at, "this comment has no reason and ignores nothing; write //weakvet:ignore %s reason", d.Names[0])
	}
}
