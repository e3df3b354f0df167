// Package flow answers questions about the local variables of one function:
// which piece of memory a pointer refers to, what else holds it, and whether it
// can outlive the call.
//
// It looks at the syntax and types of the function alone and does not follow
// the order of statements, except where a comment says so. Its answers lean to
// silence: "not known" wherever the function's text does not settle it. That
// costs a fraction of building SSA form, which the checks would need for a
// handful of functions in a package at most.
package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/inspector"
)

// A Func is one declaration with everything inside it, function literals
// included.
type Func struct {
	Cursor inspector.Cursor // the *ast.FuncDecl, or the *ast.GenDecl around a literal
	info   *types.Info
	uses   map[*types.Var][]inspector.Cursor // mentions, the declaration excluded
	homes  map[*types.Var]ast.Node           // the function that declares it
	stores map[*types.Var][]store
}

// A store assigns to a variable or to a part of it.
type store struct {
	to    ast.Expr
	val   ast.Expr // nil if the value is no expression of its own
	whole bool     // to is the variable itself
}

// Info returns the types of the function's package.
func (f *Func) Info() *types.Info { return f.info }

// Enclosing returns the outermost declaration around c.
func Enclosing(c inspector.Cursor) inspector.Cursor {
	top := c
	for d := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.GenDecl)(nil)) {
		top = d
	}
	return top
}

// New reads the declaration at c.
func New(info *types.Info, c inspector.Cursor) *Func {
	f := &Func{
		Cursor: c,
		info:   info,
		uses:   make(map[*types.Var][]inspector.Cursor),
		homes:  make(map[*types.Var]ast.Node),
		stores: make(map[*types.Var][]store),
	}
	for n := range c.Preorder((*ast.Ident)(nil), (*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil), (*ast.RangeStmt)(nil), (*ast.IncDecStmt)(nil)) {
		switch s := n.Node().(type) {
		case *ast.Ident:
			f.mention(n, s)
		case *ast.AssignStmt:
			f.assign(s)
		case *ast.ValueSpec:
			f.declare(s)
		case *ast.RangeStmt:
			f.store(s.Key, nil)
			f.store(s.Value, nil)
		case *ast.IncDecStmt:
			f.store(s.X, nil)
		}
	}
	return f
}

func (f *Func) mention(c inspector.Cursor, id *ast.Ident) {
	if v, ok := f.info.Defs[id].(*types.Var); ok {
		f.homes[v] = FuncOf(c)
		return
	}
	if v, ok := f.info.Uses[id].(*types.Var); ok && !v.IsField() {
		f.uses[v] = append(f.uses[v], c)
	}
}

func (f *Func) assign(s *ast.AssignStmt) {
	for i, lhs := range s.Lhs {
		var val ast.Expr
		if s.Tok == token.ASSIGN || s.Tok == token.DEFINE {
			val = at(s.Rhs, i, len(s.Lhs))
		}
		f.store(lhs, val)
	}
}

// declare leaves out "var x T": the zero value holds nothing.
func (f *Func) declare(s *ast.ValueSpec) {
	if len(s.Values) == 0 {
		return
	}
	for i, name := range s.Names {
		f.store(name, at(s.Values, i, len(s.Names)))
	}
}

// at returns the i-th of n values, or nil if they come from one call.
func at(vals []ast.Expr, i, n int) ast.Expr {
	if len(vals) != n {
		return nil
	}
	return vals[i]
}

func (f *Func) store(to, val ast.Expr) {
	if to == nil {
		return
	}
	if v := f.Base(to); v != nil {
		_, whole := ast.Unparen(to).(*ast.Ident)
		f.stores[v] = append(f.stores[v], store{to, val, whole})
	}
}

// Base returns the variable that a path such as x.f[2] or *x starts with, or
// nil.
func (f *Func) Base(e ast.Expr) *types.Var {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return f.Var(x)
		case *ast.ParenExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// Var returns the variable that e names, or nil.
func (f *Func) Var(e ast.Expr) *types.Var {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return nil
	}
	v, _ := f.info.ObjectOf(id).(*types.Var)
	return v
}

// Uses returns the mentions of v, its declaration excluded.
func (f *Func) Uses(v *types.Var) []inspector.Cursor { return f.uses[v] }

// Local reports whether v is a variable, parameter or result that the function
// declares.
func (f *Func) Local(v *types.Var) bool { return f.homes[v] != nil }

// Home returns the function declaration or literal that declares v.
func (f *Func) Home(v *types.Var) ast.Node { return f.homes[v] }

// Only returns the expression that gives v its one and only value, or nil if
// there are several or none.
func (f *Func) Only(v *types.Var) ast.Expr {
	if !f.Local(v) || hasValue(v) {
		return nil
	}
	var val ast.Expr
	for _, s := range f.stores[v] {
		if !s.whole {
			continue
		}
		if val != nil || s.val == nil {
			return nil
		}
		val = s.val
	}
	return val
}

// hasValue reports whether v has a value, or may get one, that no assignment in
// the function gives it.
func hasValue(v *types.Var) bool {
	switch v.Kind() {
	case types.ParamVar, types.RecvVar, types.ResultVar:
		return true
	}
	return false
}

// Reassigned reports whether v has several values in the course of the
// function.
func (f *Func) Reassigned(v *types.Var) bool {
	n := 0
	if hasValue(v) {
		n++
	}
	for _, s := range f.stores[v] {
		if s.whole {
			n++
		}
	}
	return n > 1
}

// byReference reports whether a function literal that ends at pos captures the
// variable v itself and not its value, which is what the compiler does with a
// variable that may change later: one that is set again, or a result.
func (f *Func) byReference(v *types.Var, pos token.Pos) bool {
	return v.Kind() == types.ResultVar || slices.ContainsFunc(f.stores[v], func(s store) bool {
		return s.whole && s.to.Pos() > pos
	})
}

// FuncOf returns the innermost function declaration or literal around c, or
// nil. The parameters of a function count as inside it.
func FuncOf(c inspector.Cursor) ast.Node {
	for d := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		return d.Node()
	}
	return nil
}

// Strip removes parentheses, type assertions and conversions that keep the
// pointer: to another pointer type, to an interface, through unsafe.Pointer.
func Strip(info *types.Info, e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.TypeAssertExpr:
			if x.Type == nil {
				return e
			}
			e = x.X
		case *ast.CallExpr:
			if tv := info.Types[x.Fun]; !tv.IsType() || len(x.Args) != 1 || !Points(tv.Type) {
				return e
			}
			if !Points(info.TypeOf(x.Args[0])) {
				return e // from a string, or from uintptr
			}
			e = x.Args[0]
		default:
			return e
		}
	}
}

// Points reports whether a variable of type t can be a reference to memory: a
// pointer, an interface, a slice, a map, a channel or a function.
func Points(t types.Type) bool {
	if t == nil {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Interface, *types.Slice, *types.Map, *types.Chan, *types.Signature:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	}
	return false
}

// HasPointers reports whether a value of type t can hold a reference to memory.
func HasPointers(t types.Type) bool {
	switch u := types.Unalias(t).Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer || u.Kind() == types.String || u.Kind() == types.UntypedString
	case *types.Array:
		return u.Len() > 0 && HasPointers(u.Elem())
	case *types.Struct:
		for v := range u.Fields() {
			if HasPointers(v.Type()) {
				return true
			}
		}
		return false
	}
	return true
}

// Mentions reports whether v is used in n.
func Mentions(info *types.Info, n ast.Node, v *types.Var) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && info.Uses[id] == v {
			found = true
		}
		return !found
	})
	return found
}

// Pure reports whether e can be evaluated twice with the same effect: it is
// made of variables, fields, constants and operators, and calls nothing.
func Pure(info *types.Info, e ast.Expr) bool {
	pure := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			pure = pure && info.Types[n.Fun].IsType()
		case *ast.FuncLit, *ast.CompositeLit:
			pure = false
		case *ast.UnaryExpr:
			pure = pure && n.Op != token.ARROW
		}
		return pure
	})
	return pure
}

// StoredBetween reports whether v or a part of it is assigned to between two
// places in the text.
func (f *Func) StoredBetween(v *types.Var, from, to token.Pos) bool {
	return slices.ContainsFunc(f.stores[v], func(s store) bool {
		return from <= s.to.Pos() && s.to.Pos() < to
	})
}

// NilCompared reports whether the function compares v with nil anywhere.
func (f *Func) NilCompared(v *types.Var) bool {
	return slices.ContainsFunc(f.uses[v], func(c inspector.Cursor) bool {
		_, ok := ComparedWithNil(f.info, c)
		return ok
	})
}

// ComparedWithNil reports whether the expression at c is compared with nil, and
// how: token.EQL or token.NEQ.
func ComparedWithNil(info *types.Info, c inspector.Cursor) (op token.Token, ok bool) {
	c = Outer(c)
	b, ok := c.Parent().Node().(*ast.BinaryExpr)
	if !ok || b.Op != token.EQL && b.Op != token.NEQ {
		return 0, false
	}
	return b.Op, info.Types[b.X].IsNil() || info.Types[b.Y].IsNil()
}

// Outer returns the outermost parenthesised form of the expression at c.
func Outer(c inspector.Cursor) inspector.Cursor {
	for {
		if _, ok := c.Parent().Node().(*ast.ParenExpr); !ok {
			return c
		}
		c = c.Parent()
	}
}

// Deref returns the type that t points to, or t.
func Deref(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}
