// Package check makes an analyzer of a check's documentation and its function.
package check

import (
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/weakref-go/weakref/vet/internal/api"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

// New returns the analyzer of the package that the source file docgo documents.
// run looks at the sites of one package.
func New(docgo string, run func(*analysis.Pass, *sites.Sites), requires ...*analysis.Analyzer) *analysis.Analyzer {
	name, doc := parse(docgo)
	return &analysis.Analyzer{
		Name:     name,
		Doc:      doc,
		URL:      "https://pkg.go.dev/" + api.Module + "/vet/" + name,
		Requires: append([]*analysis.Analyzer{sites.Analyzer}, requires...),
		Run: func(pass *analysis.Pass) (any, error) {
			run(pass, pass.ResultOf[sites.Analyzer].(*sites.Sites))
			return nil, nil
		},
	}
}

// parse takes the package's name and the text of its comment, less the words
// "Package name", out of a doc.go.
func parse(docgo string) (name, doc string) {
	comment, clause, _ := strings.Cut(docgo, "\npackage ")
	name, _, _ = strings.Cut(clause, "\n")
	var b strings.Builder
	for line := range strings.Lines(comment) {
		b.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, "//"), " "))
	}
	return name, strings.TrimPrefix(b.String(), "Package "+name+" ")
}
