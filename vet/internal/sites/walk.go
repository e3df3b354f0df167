package sites

import (
	"go/ast"
	"go/types"

	"github.com/weakref-go/weakref/vet/internal/api"
	"github.com/weakref-go/weakref/vet/internal/flow"
)

// A Body is the code of a function, as far as the package shows it.
type Body struct {
	Type *ast.FuncType
	Recv *ast.FieldList // nil for a literal and for a plain function
	Code *ast.BlockStmt
}

// Body returns the code that the function value fn runs: that of a literal, of a
// local variable that holds only one, of a function or method of this package.
// It returns nil if the package does not show it. In a method value or method
// expression the receiver counts as no parameter and as the first one.
func (s *Sites) Body(fn ast.Expr, f *flow.Func) *Body {
	info := s.pass.TypesInfo
	fn = flow.Strip(info, fn)
	if lit, ok := fn.(*ast.FuncLit); ok {
		return &Body{Type: lit.Type, Code: lit.Body}
	}
	if v := f.Var(fn); v != nil {
		if val := f.Only(v); val != nil {
			if lit, ok := flow.Strip(info, val).(*ast.FuncLit); ok {
				return &Body{Type: lit.Type, Code: lit.Body}
			}
		}
		return nil
	}
	return s.declBody(s.Named(fn))
}

// Named returns the function or method that fn names, or nil.
func (s *Sites) Named(fn ast.Expr) *types.Func {
	switch e := ast.Unparen(fn).(type) {
	case *ast.IndexExpr:
		return s.Named(e.X)
	case *ast.IndexListExpr:
		return s.Named(e.X)
	case *ast.Ident:
		named, _ := s.pass.TypesInfo.Uses[e].(*types.Func)
		return named
	case *ast.SelectorExpr:
		named, _ := s.pass.TypesInfo.Uses[e.Sel].(*types.Func)
		return named
	}
	return nil
}

func (s *Sites) declBody(fn *types.Func) *Body {
	decl := s.Decl(fn)
	if decl == nil {
		return nil
	}
	return &Body{Type: decl.Type, Recv: decl.Recv, Code: decl.Body}
}

// Params returns the parameters of the function as a caller of the function
// value sees them: for the method expression (*T).m the receiver comes first.
func (s *Sites) Params(b *Body, fn ast.Expr) []*types.Var {
	var vars []*types.Var
	fields := b.Type.Params.List
	if sel, ok := ast.Unparen(fn).(*ast.SelectorExpr); ok && b.Recv != nil {
		if x := s.pass.TypesInfo.Selections[sel]; x != nil && x.Kind() == types.MethodExpr {
			fields = append(b.Recv.List[:1:1], fields...)
		}
	}
	for _, field := range fields {
		if len(field.Names) == 0 {
			vars = append(vars, nil)
		}
		for _, name := range field.Names {
			v, _ := s.pass.TypesInfo.Defs[name].(*types.Var)
			vars = append(vars, v)
		}
	}
	return vars
}

// maxDepth is how many calls deep Executed follows functions of the package.
const maxDepth = 3

// Executed calls visit for the nodes of b that run on the goroutine that runs
// b, in the manner of [ast.Inspect]. It follows calls of this package's
// functions, and leaves out what a go statement starts and function literals
// that are not called on the spot.
func (s *Sites) Executed(b *Body, visit func(ast.Node) bool) {
	s.executed(b, visit, make(map[*ast.BlockStmt]bool), maxDepth)
}

func (s *Sites) executed(b *Body, visit func(ast.Node) bool, seen map[*ast.BlockStmt]bool, depth int) {
	if b == nil || depth < 0 || seen[b.Code] {
		return
	}
	seen[b.Code] = true
	ast.Inspect(b.Code, func(n ast.Node) bool {
		switch n := n.(type) {
		case nil:
			return false
		case *ast.FuncLit, *ast.GoStmt:
			return false
		case *ast.CallExpr:
			if !visit(n) {
				return false
			}
			if lit, ok := ast.Unparen(n.Fun).(*ast.FuncLit); ok {
				s.executed(&Body{Type: lit.Type, Code: lit.Body}, visit, seen, depth)
			} else {
				s.executed(s.declBody(api.Callee(s.pass.TypesInfo, n)), visit, seen, depth-1)
			}
			return true
		}
		return visit(n)
	})
}
