package keepalive

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"

	"github.com/weakref-go/weakref/vet/internal/flow"
)

// alive reports whether some way on from the call mentions v, which is what
// keeps it alive during the call. A deferred call that mentions v does too.
func alive(fn inspector.Cursor, call *ast.CallExpr, f *flow.Func, v *types.Var) bool {
	l := &liveness{uses: make(map[ast.Node]bool), seen: make(map[*cfg.Block]bool)}
	for _, use := range f.Uses(v) {
		for range use.Enclosing((*ast.DeferStmt)(nil)) {
			return true
		}
		l.uses[use.Node()] = true
	}
	g := cfg.New(fn.Node().(*ast.FuncDecl).Body, func(*ast.CallExpr) bool { return true })
	for _, b := range g.Blocks {
		for i, n := range b.Nodes {
			if n.Pos() <= call.Pos() && call.End() <= n.End() {
				return l.after(n, call) || l.mentioned(b.Nodes[i+1:]) || l.ahead(b)
			}
		}
	}
	return true // in dead code
}

type liveness struct {
	uses map[ast.Node]bool
	seen map[*cfg.Block]bool
}

// after reports whether v is mentioned in the rest of the statement n.
func (l *liveness) after(n ast.Node, call *ast.CallExpr) bool {
	for use := range l.uses {
		if n.Pos() <= use.Pos() && use.End() <= n.End() && use.Pos() >= call.End() {
			return true
		}
	}
	return false
}

func (l *liveness) mentioned(nodes []ast.Node) bool {
	for _, n := range nodes {
		for use := range l.uses {
			if n.Pos() <= use.Pos() && use.End() <= n.End() {
				return true
			}
		}
	}
	return false
}

// ahead reports whether a block that can follow b mentions v.
func (l *liveness) ahead(b *cfg.Block) bool {
	for _, next := range b.Succs {
		if l.seen[next] {
			continue
		}
		l.seen[next] = true
		if l.mentioned(next.Nodes) || l.ahead(next) {
			return true
		}
	}
	return false
}
