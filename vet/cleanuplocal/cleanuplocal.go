package cleanuplocal

import (
	_ "embed"
	"go/ast"
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
		(&checker{pass, s, r.Call, r.Func, "the " + r.Kind.String() + " is attached to", registered}).check(r.Ptr)
	}
	for _, w := range s.Weak {
		if api.Registers(w.Fn) == 0 && w.Holding == api.Weakly {
			(&checker{pass, s, w.Call, w.Func, "the weak pointer refers to", weakly}).check(w.Arg)
		}
	}
}

// What happens to a local variable that nothing keeps.
const (
	registered = "it runs as soon as the function has returned, whether or not the value is in use; attach it to the object that its users hold"
	weakly     = "it is nil after the next collection, whether or not the value is in use; point to the object that its users hold"
)

type checker struct {
	pass *analysis.Pass
	s    *sites.Sites
	call *ast.CallExpr
	f    *flow.Func
	what string // what was done with the variable
	then string // and what comes of it
}

func (c *checker) check(ptr ast.Expr) {
	if report.IsTest(c.pass, c.call.Pos()) {
		return
	}
	o, ok := c.f.Object(ptr)
	if !ok || !o.Itself || !c.f.Local(o.Var) {
		return
	}
	if c.then == weakly && isFunc(o.Var.Type()) {
		return // a listener: weaksubscribe says more about it
	}
	if c.isPointerVariable(ptr, o.Var) {
		report.Reportf(c.pass, c.call, "%s the variable %s, not what it points to; did you mean %[2]s instead of &%[2]s?", c.what, o.Var.Name())
		return
	}
	if c.f.DiesWithCall(o.Var, c.s.Weakly) {
		report.Reportf(c.pass, c.call, "%s %s, a local variable that nothing keeps: %s", c.what, o.Var.Name(), c.then)
	}
}

// isPointerVariable reports whether ptr is &v and v is a pointer.
func (c *checker) isPointerVariable(ptr ast.Expr, v *types.Var) bool {
	u, ok := flow.Strip(c.pass.TypesInfo, ptr).(*ast.UnaryExpr)
	if !ok || c.f.Var(u.X) != v {
		return false
	}
	_, ok = v.Type().Underlying().(*types.Pointer)
	return ok
}

func isFunc(t types.Type) bool {
	_, ok := t.Underlying().(*types.Signature)
	return ok
}
