package sites

import (
	"go/ast"
	"go/types"
)

// Fields returns the fields of the object that the argument of the registration
// is taken from: f for AddCleanup(r, release, r.f), and for AddCleanup(r,
// release, v) if the function makes r from R{f: v} or sets r.f = v. The
// elements of a composite literal count one by one.
func (r *Registration) Fields(info *types.Info) []*types.Var {
	o, ok := r.Func.Object(r.Ptr)
	if !ok {
		return nil
	}
	var fields []*types.Var
	var look func(e ast.Expr)
	look = func(e ast.Expr) {
		switch e := ast.Unparen(e).(type) {
		case *ast.CallExpr:
			if info.Types[e.Fun].IsType() && len(e.Args) == 1 {
				look(e.Args[0])
			}
		case *ast.UnaryExpr:
			look(e.X)
		case *ast.CompositeLit:
			for _, elt := range e.Elts {
				if kv, ok := elt.(*ast.KeyValueExpr); ok {
					elt = kv.Value
				}
				look(elt)
			}
		case *ast.SelectorExpr:
			sel := info.Selections[e]
			if x, ok := r.Func.Object(e.X); ok && x == o && sel != nil && sel.Kind() == types.FieldVal {
				fields = append(fields, sel.Obj().(*types.Var).Origin())
			} else if v := r.Func.Var(e.X); v != nil && v == o.Var && sel != nil && sel.Kind() == types.FieldVal {
				fields = append(fields, sel.Obj().(*types.Var).Origin())
			}
		case *ast.Ident:
			if v := r.Func.Var(e); v != nil {
				fields = append(fields, r.Func.FieldsSetFrom(o, v)...)
			}
		}
	}
	if r.Arg != nil {
		look(r.Arg)
	}
	return fields
}
