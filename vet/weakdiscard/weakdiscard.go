package weakdiscard

import (
	_ "embed"
	"go/ast"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"

	"github.com/weakref-go/weakref/vet/internal/api"
	"github.com/weakref-go/weakref/vet/internal/check"
	"github.com/weakref-go/weakref/vet/internal/flow"
	"github.com/weakref-go/weakref/vet/internal/fresh"
	"github.com/weakref-go/weakref/vet/internal/report"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

//go:embed doc.go
var doc string

// Analyzer is the check.
var Analyzer = check.New(doc, run, fresh.Analyzer)

var calls bool

func init() {
	Analyzer.Flags.BoolVar(&calls, "calls", false, "also report weak pointers to the new object that a call returns")
}

const remedy = "keep a pointer to it where it is used"

func run(pass *analysis.Pass, s *sites.Sites) {
	for _, w := range s.Weak {
		// An object that lives for its finalizer only, or is watched, is there
		// to tell of a collection. Listeners belong to weaksubscribe.
		if _, _, binds := api.Binds(w.Fn); binds || api.Registers(w.Fn) != 0 || w.Holding != api.Weakly {
			continue
		}
		if report.IsTest(pass, w.Call.Pos()) {
			continue
		}
		if api.NameOf(w.Fn).Pkg == api.Module+"/leak" {
			continue
		}
		check1(pass, s, w)
	}
}

func check1(pass *analysis.Pass, s *sites.Sites, w *sites.WeakArg) {
	switch {
	case sites.Allocates(pass.TypesInfo, w.Arg):
		report.Reportf(pass, w.Call, "nothing but this weak pointer refers to the new object, so it is nil after the next collection; %s", remedy)
	case calls && freshCall(pass, w.Arg):
		report.Reportf(pass, w.Call, "nothing but this weak pointer refers to the object that %s returns, so it is nil after the next collection; %s", callee(pass, w.Arg), remedy)
	case lostVariable(pass, s, w):
		report.Reportf(pass, w.Call, "nothing but this weak pointer refers to the object of %s once the function has returned, so it is nil after the next collection; %s", w.Func.Var(flow.Strip(pass.TypesInfo, w.Arg)).Name(), remedy)
	}
}

func freshCall(pass *analysis.Pass, arg ast.Expr) bool {
	call, ok := flow.Strip(pass.TypesInfo, arg).(*ast.CallExpr)
	return ok && pass.ResultOf[fresh.Analyzer].(*fresh.Results).Fresh(api.Callee(pass.TypesInfo, call))
}

func callee(pass *analysis.Pass, arg ast.Expr) string {
	return api.Callee(pass.TypesInfo, flow.Strip(pass.TypesInfo, arg).(*ast.CallExpr)).Name()
}

// lostVariable reports whether the argument is a local variable with a new
// object that goes nowhere else, while the weak pointer to it leaves the
// function.
func lostVariable(pass *analysis.Pass, s *sites.Sites, w *sites.WeakArg) bool {
	v := w.Func.Var(flow.Strip(pass.TypesInfo, w.Arg))
	if v == nil {
		return false
	}
	val := w.Func.Only(v)
	return val != nil && sites.Allocates(pass.TypesInfo, val) &&
		w.Func.PointeeDiesWithCall(v, s.Weakly) && !probe(w)
}

// probe reports whether the weak pointer stays in a local variable, as in
// programs that show how weak pointers work.
func probe(w *sites.WeakArg) bool {
	switch w.Cursor.ParentEdgeKind() {
	case edge.AssignStmt_Rhs:
		s := w.Cursor.Parent().Node().(*ast.AssignStmt)
		if len(s.Lhs) != len(s.Rhs) {
			return false
		}
		v := w.Func.Var(s.Lhs[w.Cursor.ParentEdgeIndex()])
		return v != nil && w.Func.Local(v)
	case edge.ValueSpec_Values:
		return true
	}
	return false
}
