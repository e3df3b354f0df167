package prunedentry

import (
	_ "embed"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"

	"github.com/weakref-go/weakref/vet/internal/api"
	"github.com/weakref-go/weakref/vet/internal/check"
	"github.com/weakref-go/weakref/vet/internal/flow"
	"github.com/weakref-go/weakref/vet/internal/report"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

//go:embed doc.go
var doc string

// Analyzer is the check.
var Analyzer = check.New(doc, run, inspect.Analyzer)

func run(pass *analysis.Pass, s *sites.Sites) {
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	done := make(map[ast.Node]bool)
	for _, r := range s.Registrations {
		fn := flow.FuncOf(r.Cursor)
		if fn == nil || done[fn] || r.Kind != api.AddCleanup {
			continue
		}
		done[fn] = true
		at, ok := in.Root().FindNode(fn)
		if !ok {
			continue
		}
		examine(pass, s, at)
	}
}

// examine looks at one function declaration or literal.
func examine(pass *analysis.Pass, s *sites.Sites, fn inspector.Cursor) {
	stores := storesIn(pass.TypesInfo, fn)
	if len(stores) < 2 {
		return
	}
	g := newGraph(s, fn)
	var bare []*store
	for _, st := range stores {
		if g.avoidable(st) {
			bare = append(bare, st)
		}
	}
	if len(bare) == len(stores) {
		return // the cleanup is for something else
	}
	for _, st := range bare {
		report.Reportf(pass, st.node, "this entry gets no cleanup, although another path of the function registers one, so it is never removed; register it here too")
	}
}

// A store puts a weak pointer into a map.
type store struct {
	node   ast.Node
	result string // of LoadOrStore and CompareAndSwap: the variable that tells whether it did
	call   *ast.CallExpr
	did    bool // the value of result, or of the call, if it did
}

func storesIn(info *types.Info, fn inspector.Cursor) []*store {
	var stores []*store
	for c := range fn.Preorder((*ast.AssignStmt)(nil), (*ast.CallExpr)(nil)) {
		if flow.FuncOf(c) != fn.Node() {
			continue
		}
		switch n := c.Node().(type) {
		case *ast.AssignStmt:
			for i, lhs := range n.Lhs {
				if index, ok := lhs.(*ast.IndexExpr); ok && len(n.Lhs) == len(n.Rhs) && isWeakMap(info, index.X) && isWeak(info, n.Rhs[i]) {
					stores = append(stores, &store{node: n})
				}
			}
		case *ast.CallExpr:
			if st := storeCall(info, c, n); st != nil {
				stores = append(stores, st)
			}
		}
	}
	return stores
}

func isWeakMap(info *types.Info, e ast.Expr) bool {
	_, ok := info.TypeOf(e).Underlying().(*types.Map)
	return ok
}

func isWeak(info *types.Info, e ast.Expr) bool {
	t := info.TypeOf(e)
	if t == nil {
		return false
	}
	_, ok := api.WeakElem(t)
	return ok
}

// storeCall recognizes m.Store(k, w) and the like, of sync.Map or of any other
// map with the same methods.
func storeCall(info *types.Info, c inspector.Cursor, call *ast.CallExpr) *store {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || len(call.Args) < 2 || !isWeak(info, call.Args[len(call.Args)-1]) {
		return nil
	}
	st := &store{node: call, call: call}
	switch name := sel.Sel.Name; {
	case (name == "Store" || name == "Swap") && len(call.Args) == 2:
		st.call = nil
	case name == "LoadOrStore" && len(call.Args) == 2:
		st.result = resultName(c, 1)
	case name == "CompareAndSwap" && len(call.Args) == 3:
		st.result, st.did = resultName(c, 0), true
	default:
		return nil
	}
	return st
}

// resultName returns the name of the variable that the i-th result of the call
// at c is assigned to.
func resultName(c inspector.Cursor, i int) string {
	s, ok := c.Parent().Node().(*ast.AssignStmt)
	if !ok || len(s.Rhs) != 1 || i >= len(s.Lhs) {
		return ""
	}
	if id, ok := s.Lhs[i].(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// A graph is the control flow of a function, with its registrations.
type graph struct {
	blocks    []*cfg.Block
	registers map[*ast.CallExpr]bool
}

func newGraph(s *sites.Sites, fn inspector.Cursor) *graph {
	g := &graph{registers: make(map[*ast.CallExpr]bool)}
	for _, r := range s.Registrations {
		if flow.FuncOf(r.Cursor) == fn.Node() {
			g.registers[r.Call] = true
		}
	}
	var body *ast.BlockStmt
	switch n := fn.Node().(type) {
	case *ast.FuncDecl:
		body = n.Body
	case *ast.FuncLit:
		body = n.Body
	}
	g.blocks = cfg.New(body, func(*ast.CallExpr) bool { return true }).Blocks
	return g
}

// avoidable reports whether a run of the function can perform the store without
// any registration before or after it.
func (g *graph) avoidable(st *store) bool {
	for _, b := range g.blocks {
		for i, n := range b.Nodes {
			if !contains(n, st.node) || !b.Live {
				continue
			}
			return !g.registration(b.Nodes[:i+1]) && g.enters(b) &&
				!g.registration(b.Nodes[i+1:]) && g.leaves(b, st)
		}
	}
	return false
}

func contains(n, sub ast.Node) bool {
	return n.Pos() <= sub.Pos() && sub.End() <= n.End()
}

// registration reports whether a node registers a cleanup.
func (g *graph) registration(nodes []ast.Node) (found bool) {
	for _, n := range nodes {
		ast.Inspect(n, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			found = found || ok && g.registers[call]
			return !found
		})
	}
	return found
}

// enters reports whether b can be reached from the start without a
// registration.
func (g *graph) enters(b *cfg.Block) bool {
	return g.search(g.blocks[0], make(map[*cfg.Block]bool), func(x *cfg.Block) bool { return x == b }, func(x *cfg.Block) bool {
		return g.registration(x.Nodes)
	})
}

// leaves reports whether the end can be reached from b without a registration,
// on the way that is taken if the store took place.
func (g *graph) leaves(b *cfg.Block, st *store) bool {
	if len(b.Succs) == 0 {
		return true
	}
	seen := make(map[*cfg.Block]bool)
	for _, next := range taken(b, st) {
		if g.search(next, seen, func(x *cfg.Block) bool { return len(x.Succs) == 0 && !g.registration(x.Nodes) }, func(x *cfg.Block) bool {
			return g.registration(x.Nodes)
		}) {
			return true
		}
	}
	return false
}

// search looks for a block that is wanted, and does not go on beyond those that
// are closed.
func (g *graph) search(b *cfg.Block, seen map[*cfg.Block]bool, wanted, closed func(*cfg.Block) bool) bool {
	if wanted(b) {
		return true
	}
	if seen[b] || closed(b) {
		return false
	}
	seen[b] = true
	for _, next := range b.Succs {
		if g.search(next, seen, wanted, closed) {
			return true
		}
	}
	return false
}

// taken returns the successors of b that a run goes on to if the store took
// place: one of two if b ends with a condition that depends on it alone.
func taken(b *cfg.Block, st *store) []*cfg.Block {
	if len(b.Succs) != 2 || st.call == nil {
		return b.Succs
	}
	cond, ok := b.Nodes[len(b.Nodes)-1].(ast.Expr)
	if !ok {
		return b.Succs
	}
	switch val, known := st.eval(cond); {
	case !known:
		return b.Succs
	case val:
		return b.Succs[:1]
	default:
		return b.Succs[1:]
	}
}

// eval returns the value of a condition if the store took place.
func (st *store) eval(cond ast.Expr) (val, known bool) {
	switch e := cond.(type) {
	case *ast.ParenExpr:
		return st.eval(e.X)
	case *ast.Ident:
		return st.did, st.result != "" && e.Name == st.result
	case *ast.CallExpr:
		return st.did, e == st.call
	case *ast.UnaryExpr:
		val, known = st.eval(e.X)
		return !val, known && e.Op == token.NOT
	case *ast.BinaryExpr:
		x, knownX := st.eval(e.X)
		y, knownY := st.eval(e.Y)
		switch e.Op {
		case token.LAND:
			return x && y, knownX && knownY || knownX && !x || knownY && !y
		case token.LOR:
			return x && knownX || y && knownY, knownX && knownY || knownX && x || knownY && y
		}
	}
	return false, false
}
