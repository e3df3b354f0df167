package blockingcleanup

import (
	_ "embed"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

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
	for _, r := range s.Registrations {
		// The functions of weakref.Finalize run on goroutines of their own.
		if r.Kind == api.Finalize || report.IsTest(pass, r.Call.Pos()) {
			continue
		}
		c := &checker{pass: pass, s: s, r: r}
		body := s.Body(r.Fn, r.Func)
		if body == nil {
			continue
		}
		c.body = body.Code
		if params := s.Params(body, r.Fn); len(params) == 1 {
			c.param = params[0]
		}
		s.Executed(body, c.visit)
		if c.node != nil {
			c.report()
		}
	}
}

type checker struct {
	pass  *analysis.Pass
	s     *sites.Sites
	r     *sites.Registration
	body  *ast.BlockStmt // of the cleanup
	param *types.Var

	node ast.Node // the first that blocks
	what string
	skip map[ast.Node]bool // communications of a select statement
}

func (c *checker) report() {
	who, all := c.r.Kind.String(), "those of package unique included"
	if c.r.Kind == api.SetFinalizer {
		all = "since they share one goroutine"
	}
	d := analysis.Diagnostic{
		Pos: c.r.Call.Pos(), End: c.r.Call.End(),
		Message: "this " + who + " " + c.what + " and delays all other " + who + "s while it waits, " + all + "; start a goroutine for that",
	}
	d.Related = []analysis.RelatedInformation{{Pos: c.node.Pos(), End: c.node.End(), Message: "it " + c.what + " here"}}
	report.Report(c.pass, d)
}

// visit is called for what the cleanup executes.
func (c *checker) visit(n ast.Node) bool {
	if c.node != nil {
		return false
	}
	switch n := n.(type) {
	case *ast.SelectStmt:
		c.selects(n)
	case *ast.SendStmt:
		if !c.skip[n] && c.mayBlock(n.Chan) {
			c.node, c.what = n, "sends on a channel"
		}
	case *ast.UnaryExpr:
		if n.Op == token.ARROW && !c.skip[n] {
			c.node, c.what = n, "receives from a channel"
		}
	case *ast.RangeStmt:
		if _, ok := c.pass.TypesInfo.TypeOf(n.X).Underlying().(*types.Chan); ok {
			c.node, c.what = n, "receives from a channel"
		}
	case *ast.CallExpr:
		if what := blocks(api.NameOf(api.Callee(c.pass.TypesInfo, n))); what != "" {
			c.node, c.what = n, what
		} else if c.netConn(n) {
			c.node, c.what = n, "speaks on the network"
		}
	}
	return c.node == nil
}

// selects takes the communications of a select statement off the list: with
// default none of them waits, and without it the statement itself does.
func (c *checker) selects(s *ast.SelectStmt) {
	if c.skip == nil {
		c.skip = make(map[ast.Node]bool)
	}
	waits := true
	for _, clause := range s.Body.List {
		comm := clause.(*ast.CommClause).Comm
		if comm == nil {
			waits = false
			continue
		}
		ast.Inspect(comm, func(n ast.Node) bool {
			if n != nil {
				c.skip[n] = true
			}
			return true
		})
	}
	if waits {
		c.node, c.what = s, "waits in a select statement"
	}
}

// mayBlock reports whether a send on the channel is likely to wait for a
// receiver. Nothing is said of a channel that may have room: one that the
// package makes with a buffer, or, in a function that the cleanup calls, one of
// which the package does not show how it is made.
func (c *checker) mayBlock(ch ast.Expr) bool {
	if sel, ok := ast.Unparen(ch).(*ast.SelectorExpr); ok {
		if field, ok := c.pass.TypesInfo.Uses[sel.Sel].(*types.Var); ok && field.IsField() {
			buffered, made := c.made(field.Origin())
			return !buffered && (made || c.own(ch))
		}
	}
	return c.own(ch) && !c.hasRoom(ch)
}

// own reports whether n is in the function with the registration or in the
// cleanup itself.
func (c *checker) own(n ast.Node) bool {
	for _, body := range []ast.Node{c.r.Func.Cursor.Node(), c.body} {
		if body.Pos() <= n.Pos() && n.End() <= body.End() {
			return true
		}
	}
	return false
}

// made reports whether the package sets the field to a new channel, and whether
// one with a buffer.
func (c *checker) made(field *types.Var) (buffered, made bool) {
	set := func(to *ast.Ident, val ast.Expr) {
		v, ok := c.pass.TypesInfo.Uses[to].(*types.Var)
		call, isCall := ast.Unparen(val).(*ast.CallExpr)
		if !ok || v.Origin() != field || !isCall || !c.isMake(call) {
			return
		}
		made = true
		buffered = buffered || len(call.Args) == 2 && !isZero(c.pass.TypesInfo, call.Args[1])
	}
	for _, file := range c.pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok {
					set(key, n.Value)
				}
			case *ast.AssignStmt:
				for i, lhs := range n.Lhs {
					if sel, ok := lhs.(*ast.SelectorExpr); ok && len(n.Lhs) == len(n.Rhs) {
						set(sel.Sel, n.Rhs[i])
					}
				}
			}
			return true
		})
	}
	return buffered, made
}

func (c *checker) isMake(call *ast.CallExpr) bool {
	id, ok := call.Fun.(*ast.Ident)
	return ok && id.Name == "make" && c.pass.TypesInfo.Types[id].IsBuiltin()
}

// hasRoom reports whether the channel is the cleanup's argument, or a variable
// that it captures, and is made with room for at least one element in the
// function with the call.
func (c *checker) hasRoom(ch ast.Expr) bool {
	f := c.r.Func
	v := f.Var(ch)
	if v != nil && v == c.param && c.r.Arg != nil {
		v = f.Var(c.r.Arg)
	}
	if v == nil {
		return false
	}
	call, ok := f.Only(v).(*ast.CallExpr)
	return ok && len(call.Args) == 2 && c.isMake(call) && !isZero(c.pass.TypesInfo, call.Args[1])
}

func isZero(info *types.Info, e ast.Expr) bool {
	v := info.Types[e].Value
	return v != nil && v.ExactString() == "0"
}

// blocks returns what a function of the standard library does that takes its
// time, "" if it is not known to.
func blocks(name api.Name) string {
	switch name {
	case api.Name{Pkg: "sync", Recv: "WaitGroup", Func: "Wait"}:
		return "waits for other goroutines"
	case api.Name{Pkg: "sync", Recv: "Cond", Func: "Wait"}:
		return "waits on a condition"
	case api.Name{Pkg: "time", Func: "Sleep"}:
		return "sleeps"
	}
	switch name.Pkg {
	case "net":
		switch name.Func {
		case "Dial", "DialTimeout", "DialTCP", "DialUDP", "DialUnix", "DialIP", "DialContext",
			"LookupHost", "LookupAddr", "LookupIP", "ResolveTCPAddr", "ResolveUDPAddr":
			return "speaks on the network"
		}
	case "net/http":
		switch name.Func {
		case "Get", "Post", "PostForm", "Head", "Do", "RoundTrip", "Shutdown":
			return "speaks on the network"
		}
	}
	return ""
}

// netConn reports whether the call reads from or writes to a network connection.
func (c *checker) netConn(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Read" && sel.Sel.Name != "Write" {
		return false
	}
	x := c.pass.TypesInfo.Selections[sel]
	if x == nil || x.Kind() != types.MethodVal {
		return false
	}
	name := api.TypeName(flow.Deref(x.Recv()))
	return name.Pkg == "net" || name == api.Name{Pkg: "crypto/tls", Func: "Conn"}
}
