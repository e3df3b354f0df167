package weakvalue

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/weakref-go/weakref/vet/internal/flow"
)

// A guard is an if statement that compares w.Value() with nil, and the part of
// the text that relies on it.
type guard struct {
	stmt     *ast.IfStmt
	check    inspector.Cursor // the call in the condition
	name     string           // w, as text
	from, to token.Pos        // where Value is not nil, so one would think
	inside   bool             // that part belongs to stmt
}

// guards returns the guards of the package.
func (c *checker) guards() []*guard {
	var all []*guard
	for _, call := range c.s.Values {
		w := receiver(call)
		if w == nil || !flow.Pure(c.pass.TypesInfo, w) {
			continue
		}
		if g := c.guard(call); g != nil {
			g.name = types.ExprString(w)
			all = append(all, g)
		}
	}
	return all
}

// guard returns the guard that the call is part of: alone in the condition, or
// among operands that must all be as it is for the guarded part to be reached.
func (c *checker) guard(call inspector.Cursor) *guard {
	op, ok := flow.ComparedWithNil(c.pass.TypesInfo, call)
	if !ok {
		return nil
	}
	join := token.LAND
	if op == token.EQL {
		join = token.LOR
	}
	cond := flow.Outer(flow.Outer(call).Parent())
	for {
		b, ok := cond.Parent().Node().(*ast.BinaryExpr)
		if !ok || b.Op != join {
			break
		}
		cond = flow.Outer(cond.Parent())
	}
	if cond.ParentEdgeKind() != edge.IfStmt_Cond {
		return nil
	}
	at := cond.Parent()
	stmt := at.Node().(*ast.IfStmt)
	g := &guard{stmt: stmt, check: call, from: call.Node().End(), inside: true}
	switch {
	case op == token.NEQ:
		g.to = stmt.Body.End()
	case stmt.Else != nil:
		g.from, g.to = stmt.Else.Pos(), stmt.Else.End()
	case c.terminates(stmt.Body):
		g.from, g.to, g.inside = stmt.End(), endOfBlock(at), false
	default:
		return nil
	}
	return g
}

// endOfBlock returns the end of the statement list that stmt stands in.
func endOfBlock(stmt inspector.Cursor) token.Pos {
	return stmt.Parent().Node().End()
}

// guarding returns the guard that the call relies on, or nil: the same
// expression in the guarded part, with nothing assigned to it in between.
func guarding(guards []*guard, call inspector.Cursor) *guard {
	for _, g := range guards {
		if call == g.check || call.Node().Pos() < g.from || call.Node().End() > g.to {
			continue
		}
		w := receiver(call)
		if w != nil && types.ExprString(w) == g.name && flow.FuncOf(call) == flow.FuncOf(g.check) {
			return g
		}
	}
	return nil
}

// relies reports whether nothing is assigned to the weak pointer between the
// check and the call.
func (c *checker) relies(g *guard, call inspector.Cursor) bool {
	f := c.s.Func(call)
	v := f.Base(receiver(call))
	return v == nil || !f.StoredBetween(v, g.check.Node().Pos(), call.Node().Pos())
}

// hoist is the fix: if p := w.Value(); p != nil { … p … }.
func (c *checker) hoist(g *guard, guards []*guard) []analysis.SuggestedFix {
	if g.stmt.Init != nil || !g.inside || g.check.Node().Pos() != leftmost(g.stmt.Cond).Pos() {
		return nil
	}
	calls := []inspector.Cursor{g.check}
	for _, call := range c.s.Values {
		if call != g.check && guarding(guards, call) == g {
			calls = append(calls, call)
		}
	}
	name := freeName(g.stmt)
	if name == "" || !c.stable(g, calls) {
		return nil
	}
	text := types.ExprString(g.check.Node().(ast.Expr))
	edits := []analysis.TextEdit{{Pos: g.stmt.Cond.Pos(), End: g.stmt.Cond.Pos(), NewText: []byte(name + " := " + text + "; ")}}
	for _, call := range calls {
		edits = append(edits, analysis.TextEdit{Pos: call.Node().Pos(), End: call.Node().End(), NewText: []byte(name)})
	}
	return []analysis.SuggestedFix{{Message: fmt.Sprintf("Call Value once: %s := %s", name, text), TextEdits: edits}}
}

// leftmost returns the operand of cond that is evaluated first.
func leftmost(cond ast.Expr) ast.Expr {
	for {
		switch e := cond.(type) {
		case *ast.ParenExpr:
			cond = e.X
		case *ast.BinaryExpr:
			cond = e.X
		default:
			return cond
		}
	}
}

// freeName returns a name that does not occur in the statement.
func freeName(stmt *ast.IfStmt) string {
	used := make(map[string]bool)
	ast.Inspect(stmt, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			used[id.Name] = true
		}
		return true
	})
	for name := range strings.FieldsSeq("p v ptr strong value") {
		if !used[name] {
			return name
		}
	}
	return ""
}

// stable reports whether the weak pointer is surely the same at all calls: a
// local variable whose address nobody takes and which no function literal
// changes, or a field that nothing before the last of the calls could change.
func (c *checker) stable(g *guard, calls []inspector.Cursor) bool {
	w := receiver(g.check)
	f := c.s.Func(g.check)
	v := f.Base(w)
	if v == nil || !f.Local(v) || f.StoredBetween(v, g.stmt.Pos(), g.stmt.End()) {
		return false
	}
	if f.Var(w) != nil {
		return f.Private(v)
	}
	last := calls[len(calls)-1].Node().Pos()
	own := make(map[ast.Node]bool)
	for _, call := range calls {
		own[call.Node()] = true
	}
	quiet := true
	ast.Inspect(g.stmt, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && !own[call] && call.End() <= last && !c.pass.TypesInfo.Types[call.Fun].IsType() {
			quiet = false
		}
		_, assigns := n.(*ast.AssignStmt)
		if assigns && n.End() <= last {
			quiet = false
		}
		return quiet
	})
	return quiet
}
