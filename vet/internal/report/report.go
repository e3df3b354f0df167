// Package report writes findings, unless the source says to leave them out.
package report

import (
	"go/ast"
	"go/token"
	"go/version"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// A Directive is a comment that suppresses findings on its own line and, if it
// stands alone, on the line below:
//
//	//weakvet:ignore cleanupself,cleanuplocal the reason
type Directive struct {
	Pos    token.Pos
	Names  []string // of the analyzers
	Reason string
}

const prefix = "//weakvet:ignore"

// Parse reads a comment, and reports whether it is a directive.
func Parse(c *ast.Comment) (Directive, bool) {
	text, ok := strings.CutPrefix(c.Text, prefix)
	if !ok || text != "" && !strings.ContainsAny(text[:1], " \t") {
		return Directive{}, false
	}
	d := Directive{Pos: c.Pos()}
	// A comment in the comment is not a reason.
	text, _, _ = strings.Cut(text, "//")
	names, reason, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(text, "\t", " ")), " ")
	if names != "" {
		d.Names = strings.Split(names, ",")
	}
	d.Reason = strings.TrimSpace(reason)
	return d, true
}

// covers reports whether d silences the analyzer called name. A directive
// without a reason silences nothing.
func (d Directive) covers(name string) bool {
	return d.Reason != "" && slices.Contains(d.Names, name)
}

// Report reports d unless a directive suppresses it.
func Report(pass *analysis.Pass, d analysis.Diagnostic) {
	if !suppressed(pass, d.Pos) {
		pass.Report(d)
	}
}

// Reportf reports the message at the place of rng unless a directive
// suppresses it.
func Reportf(pass *analysis.Pass, rng analysis.Range, format string, args ...any) {
	if !suppressed(pass, rng.Pos()) {
		pass.ReportRangef(rng, format, args...)
	}
}

// suppressed looks the directive up again for each finding: findings are rare,
// so that costs less than to index the comments of every file.
func suppressed(pass *analysis.Pass, pos token.Pos) bool {
	file := File(pass, pos)
	if file == nil {
		return false
	}
	lines := pass.Fset.File(pos)
	line := lines.Line(pos)
	for _, group := range file.Comments {
		for _, c := range group.List {
			at := lines.Line(c.Pos())
			if at != line && at != line-1 {
				continue
			}
			d, ok := Parse(c)
			if ok && d.covers(pass.Analyzer.Name) && (at == line || alone(pass, file, c)) {
				return true
			}
		}
	}
	return false
}

// alone reports whether nothing but space stands before c on its line.
func alone(pass *analysis.Pass, file *ast.File, c *ast.Comment) bool {
	lines := pass.Fset.File(c.Pos())
	start := lines.LineStart(lines.Line(c.Pos()))
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil || found || n.End() <= start || n.Pos() >= c.Pos() {
			return false
		}
		switch n.(type) {
		case *ast.Comment, *ast.CommentGroup:
			return false
		}
		// A node that begins or ends between the start of the line and c.
		found = n.Pos() >= start || n.End() <= c.Pos()
		return true
	})
	return !found
}

// File returns the file that contains pos.
func File(pass *analysis.Pass, pos token.Pos) *ast.File {
	for _, f := range pass.Files {
		if f.FileStart <= pos && pos < f.FileEnd {
			return f
		}
	}
	return nil
}

// IsTest reports whether pos is in a file of tests, where some misuse is
// deliberate.
func IsTest(pass *analysis.Pass, pos token.Pos) bool {
	return strings.HasSuffix(pass.Fset.File(pos).Name(), "_test.go")
}

// Before reports whether the file that contains pos is written for a Go
// version older than v. A version that is not known is not older.
func Before(pass *analysis.Pass, pos token.Pos, v string) bool {
	have := pass.Pkg.GoVersion()
	if f := File(pass, pos); f != nil {
		if fv := pass.TypesInfo.FileVersions[f]; fv != "" {
			have = fv
		}
	}
	return version.IsValid(have) && version.Compare(have, v) < 0
}
