package flow

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// Weakly reports whether a call holds its argument weakly, or only for the
// length of the call.
type Weakly func(call *ast.CallExpr, arg int) bool

// DiesWithCall reports whether the variable v can only be reached while the
// function runs: its address goes nowhere but to calls that hold it weakly, no
// function literal captures it, no method is called on its address.
func (f *Func) DiesWithCall(v *types.Var, weakly Weakly) bool {
	if !f.Local(v) {
		return false
	}
	for _, c := range f.uses[v] {
		if FuncOf(c) != f.homes[v] || !f.addressStays(f.longest(c), weakly) {
			return false
		}
	}
	return true
}

// longest returns the longest path through fields and array elements that
// starts with the variable at c and stays within its memory.
func (f *Func) longest(c inspector.Cursor) inspector.Cursor {
	for {
		switch n := c.Parent().Node().(type) {
		case *ast.ParenExpr:
		case *ast.SelectorExpr:
			sel := f.info.Selections[n]
			if sel == nil || sel.Kind() != types.FieldVal || isPointer(f.info.TypeOf(n.X)) || hops(sel) {
				return c
			}
		case *ast.IndexExpr:
			if _, ok := f.info.TypeOf(n.X).Underlying().(*types.Array); !ok || c.ParentEdgeKind() != edge.IndexExpr_X {
				return c
			}
		default:
			return c
		}
		c = c.Parent()
	}
}

// addressStays reports whether the operand at c is copied, assigned to, or has
// its address taken for a call that holds it weakly.
func (f *Func) addressStays(c inspector.Cursor, weakly Weakly) bool {
	switch n := c.Parent().Node().(type) {
	case *ast.UnaryExpr:
		return n.Op != token.AND || f.passedTo(c.Parent(), weakly) || f.keptIn(c.Parent(), weakly)
	case *ast.SliceExpr:
		_, array := f.info.TypeOf(n.X).Underlying().(*types.Array)
		return !array
	case *ast.SelectorExpr:
		return !f.takesAddress(n)
	}
	return true
}

// keptIn reports whether the pointer at c is the only value of a variable
// through which nothing gets away either.
func (f *Func) keptIn(c inspector.Cursor, weakly Weakly) bool {
	if c.ParentEdgeKind() != edge.AssignStmt_Rhs {
		return false
	}
	s := c.Parent().Node().(*ast.AssignStmt)
	if s.Tok != token.DEFINE || len(s.Lhs) != len(s.Rhs) {
		return false
	}
	v := f.Var(s.Lhs[c.ParentEdgeIndex()])
	return v != nil && f.Only(v) != nil && f.PointeeDiesWithCall(v, weakly)
}

// takesAddress reports whether e names a method with a pointer receiver of an
// operand that is no pointer.
func (f *Func) takesAddress(e *ast.SelectorExpr) bool {
	sel := f.info.Selections[e]
	if sel == nil || sel.Kind() != types.MethodVal || Points(f.info.TypeOf(e.X)) || hops(sel) {
		return false
	}
	recv := sel.Obj().(*types.Func).Signature().Recv()
	return isPointer(recv.Type())
}

// passedTo reports whether the value at c is only an argument of a call that
// holds it weakly, perhaps converted on the way.
func (f *Func) passedTo(c inspector.Cursor, weakly Weakly) bool {
	for {
		p := c.Parent()
		switch n := p.Node().(type) {
		case *ast.ParenExpr:
		case *ast.CallExpr:
			if c.ParentEdgeKind() != edge.CallExpr_Args {
				return false
			}
			if f.info.Types[n.Fun].IsType() {
				break
			}
			return weakly(n, c.ParentEdgeIndex())
		default:
			return false
		}
		c = p
	}
}

// PointeeDiesWithCall reports whether nothing but the pointer variable v can
// reach what it points to, beyond calls that hold it weakly: v is only read
// through, compared, or passed to such a call. It says nothing of what v was
// set from.
func (f *Func) PointeeDiesWithCall(v *types.Var, weakly Weakly) bool {
	if !f.Local(v) {
		return false
	}
	for _, c := range f.uses[v] {
		if FuncOf(c) != f.homes[v] || !f.ReadThrough(c) && !f.passedTo(c, weakly) {
			return false
		}
	}
	return true
}

// ReadThrough reports whether the pointer at c is used for what it points to,
// or compared, or assigned to, and goes nowhere itself.
func (f *Func) ReadThrough(c inspector.Cursor) bool {
	c = Outer(c)
	p := c.Parent()
	switch n := p.Node().(type) {
	case *ast.StarExpr:
		return f.addressStays(f.longest(p), never)
	case *ast.SelectorExpr:
		sel := f.info.Selections[n]
		if sel == nil || sel.Kind() != types.FieldVal {
			return false
		}
		return hops(sel) || f.addressStays(f.longest(p), never)
	case *ast.BinaryExpr:
		return true
	case *ast.AssignStmt:
		return c.ParentEdgeKind() == edge.AssignStmt_Lhs
	}
	return false
}

func never(*ast.CallExpr, int) bool { return false }

// EscapesByResult reports whether what v points to leaves the function through
// its result and in no other way: v, or a literal that captures it, stands in a
// return statement.
func (f *Func) EscapesByResult(v *types.Var, weakly Weakly) bool {
	returned := false
	for _, c := range f.uses[v] {
		inner := FuncOf(c) != f.homes[v]
		switch {
		case !inner && (f.ReadThrough(c) || f.passedTo(c, weakly)):
		case f.inReturn(c, f.homes[v]):
			returned = true
		default:
			return false
		}
	}
	return returned
}

// inReturn reports whether c is part of what the function home returns, as
// itself, in a composite literal or in a function literal.
func (f *Func) inReturn(c inspector.Cursor, home ast.Node) bool {
	for ; c.Node() != home; c = c.Parent() {
		switch n := c.Node().(type) {
		case *ast.ReturnStmt:
			if FuncOf(c) == home {
				return true
			}
		case *ast.CallExpr:
			// What a call does with its argument is not known, unless the call
			// stands in a literal that is returned.
			if FuncOf(c) == home && !f.info.Types[n.Fun].IsType() {
				return false
			}
		case *ast.File:
			return false
		}
	}
	return false
}

// Private reports whether only statements of the function that declares v can
// change it: its address is not taken and no function literal assigns to it.
func (f *Func) Private(v *types.Var) bool {
	for _, c := range f.uses[v] {
		if !f.addressStays(f.longest(c), never) {
			return false
		}
	}
	for _, s := range f.stores[v] {
		if c, ok := f.Cursor.FindNode(s.to); !ok || FuncOf(c) != f.homes[v] {
			return false
		}
	}
	return true
}
