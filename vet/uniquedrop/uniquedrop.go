package uniquedrop

import (
	_ "embed"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/weakref-go/weakref/vet/internal/api"
	"github.com/weakref-go/weakref/vet/internal/check"
	"github.com/weakref-go/weakref/vet/internal/flow"
	"github.com/weakref-go/weakref/vet/internal/report"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

//go:embed doc.go
var doc string

// Analyzer is the check.
var Analyzer = check.New(doc, run)

var input bool

func init() {
	Analyzer.Flags.BoolVar(&input, "input", false, "also report handles on the whole of a function's []byte parameter")
}

func run(pass *analysis.Pass, s *sites.Sites) {
	for _, call := range s.Uniques {
		if report.IsTest(pass, call.Node().Pos()) {
			continue // it tests or measures handles
		}
		arg := call.Node().(*ast.CallExpr).Args[0]
		t := pass.TypesInfo.TypeOf(arg)
		switch {
		case scalar(t):
			report.Reportf(pass, call.Node(), "comparing handles of %s costs as much as comparing the values, and each value is stored once more; use the value itself", types.TypeString(t, types.RelativeTo(pass.Pkg)))
		case onlyValue(pass, s, call):
			report.Reportf(pass, call.Node(), "the handle is dropped, so the canonical copy lasts until the next collection only; keep the unique.Handle instead of its value")
		case input && wholeInput(pass, s, call, arg):
			report.Reportf(pass, call.Node(), "the whole of a []byte parameter is made unique: each different input is stored and is rarely equal to another; use a part of it that repeats, or a hash")
		}
	}
}

// scalar reports whether values of t are compared in one instruction.
func scalar(t types.Type) bool {
	if _, ok := t.(*types.TypeParam); ok {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&(types.IsInteger|types.IsBoolean|types.IsFloat) != 0 || u.Kind() == types.UnsafePointer
	case *types.Pointer, *types.Chan:
		return true
	}
	return false
}

// onlyValue reports whether nothing but Value is ever called on the handle.
func onlyValue(pass *analysis.Pass, s *sites.Sites, call inspector.Cursor) bool {
	if valueOf(pass, call) {
		return true
	}
	call = flow.Outer(call)
	def, ok := call.Parent().Node().(*ast.AssignStmt)
	if !ok || call.ParentEdgeKind() != edge.AssignStmt_Rhs || len(def.Lhs) != len(def.Rhs) {
		return false
	}
	f := s.Func(call)
	h := f.Var(def.Lhs[call.ParentEdgeIndex()])
	if h == nil || f.Only(h) == nil || len(f.Uses(h)) == 0 {
		return false
	}
	for _, use := range f.Uses(h) {
		if !valueOf(pass, use) || flow.FuncOf(use) != f.Home(h) {
			return false
		}
	}
	return true
}

// valueOf reports whether the expression at c is x in x.Value().
func valueOf(pass *analysis.Pass, c inspector.Cursor) bool {
	c = flow.Outer(c)
	sel, ok := c.Parent().Node().(*ast.SelectorExpr)
	if !ok || c.ParentEdgeKind() != edge.SelectorExpr_X {
		return false
	}
	fn, _ := pass.TypesInfo.Uses[sel.Sel].(*types.Func)
	return fn != nil && api.NameOf(fn.Origin()) == api.Name{Pkg: "unique", Recv: "Handle", Func: "Value"}
}

// wholeInput reports whether arg is string(b) of a parameter b.
func wholeInput(pass *analysis.Pass, s *sites.Sites, call inspector.Cursor, arg ast.Expr) bool {
	conv, ok := ast.Unparen(arg).(*ast.CallExpr)
	if !ok || len(conv.Args) != 1 || !pass.TypesInfo.Types[conv.Fun].IsType() {
		return false
	}
	v := s.Func(call).Var(conv.Args[0])
	if v == nil || v.Kind() != types.ParamVar {
		return false
	}
	_, ok = v.Type().Underlying().(*types.Slice)
	return ok
}
