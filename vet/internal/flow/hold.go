package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// A Hold is a way in which an expression keeps an object alive.
type Hold struct {
	Expr ast.Expr // the innermost expression that refers to the object
	How  How
}

// How says in what form an expression refers to an object. The runtime finds
// the first four by itself in the arguments of runtime.AddCleanup, the fifth
// never.
type How int

const (
	Same    How = iota + 1 // the pointer to the object
	Inside                 // a pointer into the object
	Closure                // a function literal that captured the pointer
	Method                 // a method bound to the object
	Deeper                 // anything else: an interface, a struct, a slice, a variable
)

// Holds returns how e, evaluated at its place in the function, keeps o alive,
// or nil if it is not known to.
func (f *Func) Holds(e ast.Expr, o Object) *Hold {
	h := &holder{f: f, o: o, at: e.Pos(), seen: make(map[any]bool)}
	return h.holds(e)
}

type holder struct {
	f    *Func
	o    Object
	at   token.Pos
	seen map[any]bool // expressions and variables under way, against cycles
}

func (h *holder) holds(e ast.Expr) *Hold {
	if e == nil || h.seen[e] {
		return nil
	}
	h.seen[e] = true
	if t := h.f.info.TypeOf(e); t == nil || !HasPointers(t) {
		return nil
	}
	if o, ok := h.f.Object(e); ok && o == h.o && Points(h.f.info.TypeOf(e)) {
		return &Hold{e, h.how(e)}
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return h.holds(e.X)
	case *ast.TypeAssertExpr:
		return h.holds(e.X)
	case *ast.Ident:
		return h.variable(h.f.Var(e), nil)
	case *ast.UnaryExpr:
		return h.address(e)
	case *ast.CompositeLit:
		return h.elements(e)
	case *ast.FuncLit:
		return h.captures(e)
	case *ast.SelectorExpr:
		return h.selector(e)
	case *ast.SliceExpr:
		return h.slice(e)
	case *ast.CallExpr:
		return h.call(e)
	}
	return nil
}

// how tells the very pointer from one into the object and from one in an
// interface.
func (h *holder) how(e ast.Expr) How {
	switch h.f.info.TypeOf(e).Underlying().(type) {
	case *types.Pointer:
	case *types.Basic: // unsafe.Pointer
	default:
		return Deeper
	}
	if u, ok := Strip(h.f.info, e).(*ast.UnaryExpr); ok {
		if _, ok := ast.Unparen(u.X).(*ast.Ident); !ok {
			return Inside
		}
	}
	return Same
}

// deeper marks a hold as out of the runtime's sight.
func deeper(h *Hold) *Hold {
	if h != nil {
		h.How = Deeper
	}
	return h
}

// address is &x: a pointer to something that may hold the object.
func (h *holder) address(e *ast.UnaryExpr) *Hold {
	if e.Op != token.AND {
		return nil
	}
	if lit, ok := ast.Unparen(e.X).(*ast.CompositeLit); ok {
		return deeper(h.elements(lit))
	}
	return deeper(h.variable(h.f.Base(e.X), nil))
}

func (h *holder) elements(lit *ast.CompositeLit) *Hold {
	for _, elt := range lit.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			if hold := h.holds(kv.Key); hold != nil {
				return deeper(hold)
			}
			elt = kv.Value
		}
		if hold := h.holds(elt); hold != nil {
			return deeper(hold)
		}
	}
	return nil
}

// variable looks at what was stored in v, or, if field is given, in v.field
// only.
//
// A variable that was overwritten as a whole holds what it was given last,
// which is not known here, so it counts only if it has one value. Of several
// stores to the same part, the last before the call counts.
func (h *holder) variable(v *types.Var, field *types.Var) *Hold {
	if v == nil || v == h.o.Var && field == nil && !h.o.Itself {
		return nil
	}
	if !h.f.Local(v) || h.seen[v] {
		return nil
	}
	h.seen[v] = true
	if val := h.f.Only(v); val != nil {
		if hold := h.initial(val, field); hold != nil {
			return hold
		}
	}
	for i, s := range h.f.stores[v] {
		if s.whole || field != nil && h.firstField(s.to) != field || h.late(v, s) || h.overwritten(v, i) {
			continue
		}
		if hold := h.holds(s.val); hold != nil {
			return deeper(hold)
		}
	}
	return nil
}

// late reports whether s changes v, which is copied at the call, only after it.
func (h *holder) late(v *types.Var, s store) bool {
	return s.to.Pos() > h.at && !Points(v.Type())
}

// overwritten reports whether a store after the i-th goes to the same part.
func (h *holder) overwritten(v *types.Var, i int) bool {
	stores := h.f.stores[v]
	to := types.ExprString(stores[i].to)
	return slices.ContainsFunc(stores[i+1:], func(s store) bool {
		return !h.late(v, s) && types.ExprString(s.to) == to
	})
}

// initial looks at the value that a variable was declared with.
func (h *holder) initial(val ast.Expr, field *types.Var) *Hold {
	if field == nil {
		return h.holds(val)
	}
	if u, ok := ast.Unparen(val).(*ast.UnaryExpr); ok && u.Op == token.AND {
		val = u.X
	}
	lit, ok := ast.Unparen(val).(*ast.CompositeLit)
	if !ok {
		return nil
	}
	for _, elt := range lit.Elts {
		kv, ok := elt.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if id, ok := kv.Key.(*ast.Ident); ok && h.f.info.Uses[id] == field {
			return h.holds(kv.Value)
		}
	}
	return nil
}

// firstField returns f of a path v.f.g[i].
func (h *holder) firstField(path ast.Expr) *types.Var {
	var field *types.Var
	for {
		switch x := path.(type) {
		case *ast.SelectorExpr:
			field, _ = h.f.info.Uses[x.Sel].(*types.Var)
			path = x.X
		case *ast.IndexExpr:
			path = x.X
		case *ast.ParenExpr:
			path = x.X
		case *ast.StarExpr:
			path = x.X
		default:
			return field
		}
	}
}

// captures looks for the object among the variables that a function literal
// takes from around it.
func (h *holder) captures(lit *ast.FuncLit) *Hold {
	var found *Hold
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok || found != nil {
			return found == nil
		}
		v, ok := h.f.info.Uses[id].(*types.Var)
		if !ok || v.IsField() || !h.f.Local(v) || lit.Pos() <= v.Pos() && v.Pos() < lit.End() {
			return true
		}
		found = h.captured(v, id, lit.End())
		return true
	})
	return found
}

func (h *holder) captured(v *types.Var, id *ast.Ident, end token.Pos) *Hold {
	o, ok := h.f.Object(id)
	switch {
	case v == h.o.Var && h.o.Itself:
		return &Hold{id, Closure}
	case v == h.o.Var || ok && o == h.o:
		if h.f.byReference(v, end) {
			return &Hold{id, Deeper}
		}
		return &Hold{id, Closure}
	case HasPointers(v.Type()) && h.variable(v, nil) != nil:
		// The reader looks for the name in the literal.
		return &Hold{id, Deeper}
	}
	return nil
}

// selector is a bound method, which holds its receiver, or the load of a field,
// which holds only what was stored there.
func (h *holder) selector(e *ast.SelectorExpr) *Hold {
	sel := h.f.info.Selections[e]
	if sel == nil {
		return nil
	}
	switch sel.Kind() {
	case types.MethodVal:
		return h.receiver(e, sel)
	case types.FieldVal:
		v := h.f.Var(e.X)
		field, _ := sel.Obj().(*types.Var)
		if v == nil || len(sel.Index()) != 1 {
			return nil
		}
		return deeper(h.variable(v, field))
	}
	return nil
}

func (h *holder) receiver(e *ast.SelectorExpr, sel *types.Selection) *Hold {
	recv := sel.Obj().(*types.Func).Signature().Recv().Type()
	if !Points(recv) || hops(sel) {
		return nil // a copy of the value, or of an embedded pointer
	}
	var o Object
	var ok bool
	if Points(h.f.info.TypeOf(e.X)) {
		o, ok = h.f.Object(e.X)
	} else {
		o, ok = h.f.place(e.X, 8)
	}
	if ok && o == h.o {
		return &Hold{e, Method}
	}
	return deeper(h.holds(e.X))
}

func (h *holder) slice(e *ast.SliceExpr) *Hold {
	if _, ok := h.f.info.TypeOf(e.X).Underlying().(*types.Array); ok {
		if o, ok := h.f.place(e.X, 8); ok && o == h.o {
			return &Hold{e, Deeper}
		}
		return nil
	}
	return deeper(h.holds(e.X))
}

// call is a conversion, an append, or a function of the user's, whose result is
// not known.
func (h *holder) call(e *ast.CallExpr) *Hold {
	tv := h.f.info.Types[e.Fun]
	id, _ := ast.Unparen(e.Fun).(*ast.Ident)
	if !tv.IsType() && (!tv.IsBuiltin() || id == nil || id.Name != "append") {
		return nil
	}
	for _, arg := range e.Args {
		if hold := h.holds(arg); hold != nil {
			if tv.IsType() && !types.IsInterface(tv.Type) {
				return hold
			}
			return deeper(hold)
		}
	}
	return nil
}
