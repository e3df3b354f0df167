package weakvalue

import (
	_ "embed"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/weakref-go/weakref/vet/internal/check"
	"github.com/weakref-go/weakref/vet/internal/flow"
	"github.com/weakref-go/weakref/vet/internal/report"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

//go:embed doc.go
var doc string

// Analyzer is the check.
var Analyzer = check.New(doc, run)

func run(pass *analysis.Pass, s *sites.Sites) {
	c := &checker{pass, s}
	guards := c.guards()
	fixed := make(map[*ast.IfStmt]bool)
	for _, call := range s.Values {
		g := guarding(guards, call)
		if g != nil && !c.relies(g, call) {
			g = nil
		}
		switch {
		case g != nil && (c.dereferenced(call) || !c.checked(call)):
			d := analysis.Diagnostic{Pos: call.Node().Pos(), End: call.Node().End(), Message: "this second call of Value may return nil although the first did not; keep the result of the first: p := " + types.ExprString(call.Node().(ast.Expr))}
			if !fixed[g.stmt] {
				d.SuggestedFixes = c.hoist(g, guards)
				fixed[g.stmt] = true
			}
			report.Report(pass, d)
		case g == nil && c.dereferenced(call) && !c.held(call):
			report.Reportf(pass, call.Node(), "Value returns nil once the object is collected, and its result is used here without a check; keep it in a variable and compare that with nil")
		}
	}
	for _, call := range s.Loads {
		c.load(call)
	}
}

type checker struct {
	pass *analysis.Pass
	s    *sites.Sites
}

// receiver returns w of the call w.Value().
func receiver(call inspector.Cursor) ast.Expr {
	sel, ok := ast.Unparen(call.Node().(*ast.CallExpr).Fun).(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	return sel.X
}

// dereferenced reports whether the result of the call at c is used as a pointer
// on the spot.
func (c *checker) dereferenced(call inspector.Cursor) bool {
	switch flow.Outer(call).ParentEdgeKind() {
	case edge.SelectorExpr_X, edge.StarExpr_X, edge.IndexExpr_X, edge.SliceExpr_X, edge.RangeStmt_X:
		return true
	}
	return false
}

// checked reports whether the result of the call is compared with nil, on the
// spot or in the variable that it is assigned to, or not used.
func (c *checker) checked(call inspector.Cursor) bool {
	if _, ok := flow.ComparedWithNil(c.pass.TypesInfo, call); ok || sites.Dropped(call) {
		return true
	}
	v := c.assigned(call)
	return v != nil && c.s.Func(call).NilCompared(v)
}

// assigned returns the variable that the result of the call goes to.
func (c *checker) assigned(call inspector.Cursor) *types.Var {
	call = flow.Outer(call)
	switch p := call.Parent().Node().(type) {
	case *ast.AssignStmt:
		if call.ParentEdgeKind() == edge.AssignStmt_Rhs && len(p.Lhs) == len(p.Rhs) {
			return c.s.Func(call).Var(p.Lhs[call.ParentEdgeIndex()])
		}
	case *ast.ValueSpec:
		if len(p.Names) == len(p.Values) {
			return c.s.Func(call).Var(p.Names[call.ParentEdgeIndex()])
		}
	}
	return nil
}

// held reports whether the function itself holds the object strongly: it made
// the weak pointer from a variable that it mentions again after the call.
func (c *checker) held(call inspector.Cursor) bool {
	f := c.s.Func(call)
	w := f.Var(receiver(call))
	if w == nil {
		return false
	}
	made, ok := f.Only(w).(*ast.CallExpr)
	if !ok || len(made.Args) != 1 || !c.s.Weakly(made, 0) {
		return false
	}
	o, ok := f.Object(made.Args[0])
	if !ok {
		return false
	}
	if !f.Local(o.Var) {
		return true // a package-level variable
	}
	for _, use := range f.Uses(o.Var) {
		if use.Node().Pos() > call.Node().End() {
			return true
		}
	}
	return false
}

// load finds v, _ := m.Load(k) with a v that is used without a check.
func (c *checker) load(call inspector.Cursor) {
	s, ok := call.Parent().Node().(*ast.AssignStmt)
	if !ok || len(s.Lhs) != 2 || len(s.Rhs) != 1 {
		return
	}
	if id, ok := s.Lhs[1].(*ast.Ident); !ok || id.Name != "_" {
		return
	}
	f := c.s.Func(call)
	v := f.Var(s.Lhs[0])
	if v == nil || !f.Local(v) || f.NilCompared(v) {
		return
	}
	for _, use := range f.Uses(v) {
		if use.Node().Pos() > call.Node().End() && c.dereferenced(use) {
			report.Reportf(c.pass, call.Node(), "Load returns nil once the value is collected, and %s is used without a check; use the second result or compare %[1]s with nil", v.Name())
			return
		}
	}
}

func (c *checker) terminates(body *ast.BlockStmt) bool {
	if len(body.List) == 0 {
		return false
	}
	switch s := body.List[len(body.List)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok != token.FALLTHROUGH
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		id, ok := call.Fun.(*ast.Ident)
		return ok && id.Name == "panic" && c.pass.TypesInfo.Types[id].IsBuiltin()
	}
	return false
}
