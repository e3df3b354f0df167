package goroutinepin

import (
	_ "embed"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/weakref-go/weakref/vet/internal/api"
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
	reported := make(map[token.Pos]bool) // one finding for a goroutine, however many cleanups
	for _, r := range s.Registrations {
		o, ok := r.Func.Object(r.Ptr)
		if !ok || !r.Func.Local(o.Var) {
			continue
		}
		c := &checker{pass, s, r, o}
		for at := range r.Func.Cursor.Preorder((*ast.GoStmt)(nil), (*ast.CallExpr)(nil)) {
			if call := c.started(at); call != nil && !reported[call.Pos()] && c.pins(call) {
				reported[call.Pos()] = true
				c.report(at.Node())
			}
		}
	}
}

type checker struct {
	pass *analysis.Pass
	s    *sites.Sites
	r    *sites.Registration
	o    flow.Object
}

func (c *checker) report(at ast.Node) {
	name, what := c.o.Var.Name(), c.r.Kind.String()
	report.Report(c.pass, analysis.Diagnostic{
		Pos: at.Pos(), End: at.End(),
		Message: "this goroutine refers to " + name + " as long as it runs, so " + name + " is not collected and its " + what + " does not run; let the goroutine hold an inner object that does not refer to " + name,
		Related: []analysis.RelatedInformation{{Pos: c.r.Call.Pos(), End: c.r.Call.End(), Message: "the " + what + " of " + name}},
	})
}

// started returns the call that runs on a goroutine of its own: that of a go
// statement, or the function passed to the Go method of a group.
func (c *checker) started(at inspector.Cursor) *ast.CallExpr {
	switch n := at.Node().(type) {
	case *ast.GoStmt:
		return n.Call
	case *ast.CallExpr:
		switch api.NameOf(api.Callee(c.pass.TypesInfo, n)) {
		case api.Name{Pkg: "sync", Recv: "WaitGroup", Func: "Go"},
			api.Name{Pkg: "golang.org/x/sync/errgroup", Recv: "Group", Func: "Go"}:
			return &ast.CallExpr{Fun: n.Args[0], Lparen: n.Lparen, Rparen: n.Rparen}
		}
	}
	return nil
}

// pins reports whether the call holds the object for as long as it waits.
func (c *checker) pins(call *ast.CallExpr) bool {
	body := c.s.Body(call.Fun, c.r.Func)
	if body == nil {
		return false
	}
	if body.Code.Pos() <= c.o.Var.Pos() && c.o.Var.Pos() < body.Code.End() {
		return false // the goroutine makes the object itself
	}
	seen := make(map[*ast.BlockStmt]bool)
	if within(body.Code, c.r.Func) && (c.waitsWith(body.Code, c.captured) || c.passesOn(body.Code, c.isObject, maxDepth, seen)) {
		return true
	}
	return c.passes(call, c.isObject, maxDepth, seen)
}

// maxDepth is how many calls deep the object is followed.
const maxDepth = 3

// within reports whether code is a literal in the function f.
func within(code *ast.BlockStmt, f *flow.Func) bool {
	n := f.Cursor.Node()
	return n.Pos() <= code.Pos() && code.End() < n.End()
}

// isObject reports whether e is the pointer to the object, in the function with
// the cleanup.
func (c *checker) isObject(e ast.Expr) bool {
	o, ok := c.r.Func.Object(e)
	if !ok {
		v := c.r.Func.Var(e)
		return v != nil && v == c.o.Var // s.run() of a variable s
	}
	return o == c.o
}

// captured reports whether id names the object from within a function literal.
func (c *checker) captured(id *ast.Ident) bool {
	_, ok := c.pass.TypesInfo.Uses[id].(*types.Var)
	return ok && c.isObject(id)
}

// passes reports whether the call hands the object, as its receiver or an
// argument, to a function of this package that holds it as long as it waits.
func (c *checker) passes(call *ast.CallExpr, is func(ast.Expr) bool, depth int, seen map[*ast.BlockStmt]bool) bool {
	body := c.s.Body(call.Fun, c.r.Func)
	if body == nil || depth == 0 || seen[body.Code] {
		return false
	}
	seen[body.Code] = true
	for _, v := range c.given(call, body, is) {
		same := func(id *ast.Ident) bool { return c.pass.TypesInfo.Uses[id] == v }
		if c.waitsWith(body.Code, same) {
			return true
		}
		named := func(e ast.Expr) bool {
			id, ok := ast.Unparen(e).(*ast.Ident)
			return ok && same(id)
		}
		if c.passesOn(body.Code, named, depth-1, seen) {
			return true
		}
	}
	return false
}

// passesOn reports whether a call in code passes the object, see passes.
func (c *checker) passesOn(code *ast.BlockStmt, is func(ast.Expr) bool, depth int, seen map[*ast.BlockStmt]bool) (found bool) {
	ast.Inspect(code, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && !found {
			found = c.passes(call, is, depth, seen)
		}
		return !found
	})
	return found
}

// given returns the receiver and parameters of body that the call sets to the
// object.
func (c *checker) given(call *ast.CallExpr, body *sites.Body, is func(ast.Expr) bool) []*types.Var {
	var vars []*types.Var
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && body.Recv != nil && is(sel.X) {
		if names := body.Recv.List[0].Names; len(names) == 1 {
			if v, ok := c.pass.TypesInfo.Defs[names[0]].(*types.Var); ok {
				vars = append(vars, v)
			}
		}
	}
	params := c.s.Params(body, call.Fun)
	for i, arg := range call.Args {
		if i < len(params) && params[i] != nil && is(arg) {
			vars = append(vars, params[i])
		}
	}
	return vars
}

// waitsWith reports whether code refers to the object in or after its first
// endless loop or wait.
func (c *checker) waitsWith(code *ast.BlockStmt, is func(*ast.Ident) bool) (found bool) {
	from := token.NoPos
	ast.Inspect(code, func(n ast.Node) bool {
		if !from.IsValid() && n != nil && c.waits(n, is) {
			from = n.Pos()
		}
		if id, ok := n.(*ast.Ident); ok && from.IsValid() && is(id) {
			found = true
		}
		return !found
	})
	return found
}

func (c *checker) waits(n ast.Node, is func(*ast.Ident) bool) bool {
	switch n := n.(type) {
	case *ast.ForStmt:
		return n.Cond == nil || n.Post == nil && mentions(n.Cond, is)
	case *ast.RangeStmt:
		_, ok := c.pass.TypesInfo.TypeOf(n.X).Underlying().(*types.Chan)
		return ok
	case *ast.SelectStmt:
		for _, clause := range n.Body.List {
			if clause.(*ast.CommClause).Comm == nil {
				return false
			}
		}
		return true
	}
	return false
}

func mentions(e ast.Expr, is func(*ast.Ident) bool) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && is(id) {
			found = true
		}
		return !found
	})
	return found
}
