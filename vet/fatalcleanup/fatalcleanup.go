package fatalcleanup

import (
	_ "embed"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/weakref-go/weakref/vet/internal/check"
	"github.com/weakref-go/weakref/vet/internal/report"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

//go:embed doc.go
var doc string

// Analyzer is the check.
var Analyzer = check.New(doc, run)

func run(pass *analysis.Pass, s *sites.Sites) {
	for _, r := range s.Registrations {
		s.Executed(s.Body(r.Fn, r.Func), func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				examine(pass, r, call)
			}
			return true
		})
	}
}

func examine(pass *analysis.Pass, r *sites.Registration, call *ast.CallExpr) {
	name, instead := ends(pass.TypesInfo, call)
	if name == "" {
		return
	}
	report.Report(pass, analysis.Diagnostic{
		Pos: r.Call.Pos(), End: r.Call.End(),
		Message: "the " + r.Kind.String() + " calls " + name + ", which ends the goroutine that runs " + r.Kind.String() + "s, not the test; " + instead,
		Related: []analysis.RelatedInformation{{Pos: call.Pos(), End: call.End(), Message: "the call of " + name}},
	})
}

// ends returns the name of the function called if it ends its goroutine, and
// what to do instead.
func ends(info *types.Info, call *ast.CallExpr) (name, instead string) {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	fn, ok := info.Uses[sel.Sel].(*types.Func)
	if !ok || fn.Pkg() == nil {
		return "", ""
	}
	switch fn.Pkg().Path() + "." + fn.Name() {
	case "runtime.Goexit":
		return "runtime.Goexit", "return instead"
	case "testing.Fatal", "testing.FailNow":
		return fn.Name(), "use Error"
	case "testing.Fatalf":
		return fn.Name(), "use Errorf"
	case "testing.Skip", "testing.Skipf", "testing.SkipNow":
		return fn.Name(), "skip on the test's own goroutine"
	}
	return "", ""
}
