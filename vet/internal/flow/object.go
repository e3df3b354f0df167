package flow

import (
	"go/ast"
	"go/token"
	"go/types"
)

// An Object is a piece of memory, named by the local or package-level variable
// through which the function gets at it.
type Object struct {
	Var *types.Var
	// Itself: the object is the variable. Otherwise it is what the variable
	// points to.
	Itself bool
}

// Object returns the object that the pointer ptr points to or into: the
// parameter p for p, &p.f and unsafe.Pointer(p), the variable x for &x and
// &x.f[2]. It follows a local variable with a single value to where that value
// comes from. The second result is false if the object has no such name, as
// with a field that is a pointer itself.
func (f *Func) Object(ptr ast.Expr) (Object, bool) {
	return f.object(ptr, 8)
}

// depth bounds the way along variables that are set from each other.
func (f *Func) object(ptr ast.Expr, depth int) (Object, bool) {
	if depth == 0 {
		return Object{}, false
	}
	switch e := Strip(f.info, ptr).(type) {
	case *ast.Ident:
		v := f.Var(e)
		if v == nil {
			return Object{}, false
		}
		if val := f.Only(v); val != nil && f.fixed(val) {
			if o, ok := f.object(val, depth-1); ok {
				return o, true
			}
		}
		return Object{Var: v}, Points(v.Type())
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			return f.place(e.X, depth)
		}
	}
	return Object{}, false
}

// fixed reports whether val means the same object wherever it is evaluated: it
// mentions no pointer variable that is set more than once.
func (f *Func) fixed(val ast.Expr) bool {
	v := f.Base(Strip(f.info, val))
	return v == nil || !Points(v.Type()) || !f.Reassigned(v)
}

// place returns the object that contains the addressable operand e.
func (f *Func) place(e ast.Expr, depth int) (Object, bool) {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v := f.Var(e)
		return Object{Var: v, Itself: true}, v != nil
	case *ast.StarExpr:
		return f.object(e.X, depth)
	case *ast.IndexExpr:
		switch f.info.TypeOf(e.X).Underlying().(type) {
		case *types.Array:
			return f.place(e.X, depth)
		case *types.Pointer, *types.Slice:
			return f.object(e.X, depth)
		}
	case *ast.SelectorExpr:
		sel := f.info.Selections[e]
		if sel == nil { // a variable of another package
			v, _ := f.info.Uses[e.Sel].(*types.Var)
			return Object{Var: v, Itself: true}, v != nil
		}
		if sel.Kind() != types.FieldVal || hops(sel) {
			return Object{}, false
		}
		if isPointer(f.info.TypeOf(e.X)) {
			return f.object(e.X, depth)
		}
		return f.place(e.X, depth)
	}
	return Object{}, false
}

// hops reports whether the selection goes through an embedded pointer, so that
// what it selects is not part of the operand (or of what the operand points
// to).
func hops(sel *types.Selection) bool {
	t := sel.Recv()
	for i, index := range sel.Index()[:len(sel.Index())-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			if i > 0 {
				return true
			}
			t = p.Elem()
		}
		s, ok := t.Underlying().(*types.Struct)
		if !ok {
			return true
		}
		t = s.Field(index).Type()
	}
	return len(sel.Index()) > 1 && isPointer(t)
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// FieldsSetFrom returns the fields of o that the function sets to the variable
// v, in a composite literal or by assignment.
func (f *Func) FieldsSetFrom(o Object, v *types.Var) []*types.Var {
	var fields []*types.Var
	for _, s := range f.stores[o.Var] {
		if s.whole {
			fields = append(fields, f.elementsFrom(s.val, v)...)
			continue
		}
		sel, ok := ast.Unparen(s.to).(*ast.SelectorExpr)
		if ok && s.val != nil && f.Var(sel.X) == o.Var && f.Var(unconverted(f.info, s.val)) == v {
			if field, ok := f.info.Uses[sel.Sel].(*types.Var); ok {
				fields = append(fields, field.Origin())
			}
		}
	}
	return fields
}

// elementsFrom returns the fields that the composite literal in val, or that
// val points to, sets to v.
func (f *Func) elementsFrom(val ast.Expr, v *types.Var) []*types.Var {
	if u, ok := val.(*ast.UnaryExpr); ok {
		val = u.X
	}
	lit, ok := val.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	t, ok := f.info.TypeOf(lit).Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	var fields []*types.Var
	for i, elt := range lit.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			if field, _ := f.info.Uses[kv.Key.(*ast.Ident)].(*types.Var); field != nil && f.Var(unconverted(f.info, kv.Value)) == v {
				fields = append(fields, field.Origin())
			}
		} else if f.Var(unconverted(f.info, elt)) == v {
			fields = append(fields, t.Field(i).Origin())
		}
	}
	return fields
}

// unconverted removes conversions of any kind.
func unconverted(info *types.Info, e ast.Expr) ast.Expr {
	for {
		e = ast.Unparen(e)
		call, ok := e.(*ast.CallExpr)
		if !ok || !info.Types[call.Fun].IsType() || len(call.Args) != 1 {
			return e
		}
		e = call.Args[0]
	}
}
