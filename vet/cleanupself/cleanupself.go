package cleanupself

import (
	_ "embed"
	"fmt"
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
		o, ok := r.Func.Object(r.Ptr)
		if !ok {
			sameExpr(pass, r)
			continue
		}
		c := &checker{pass, s, r, o}
		if hold := r.Func.Holds(r.Fn, o); hold != nil {
			c.report(hold, c.function(hold))
		} else if hold := c.made(r.Fn); hold != nil {
			c.report(hold, c.function(hold))
		} else if r.Arg != nil {
			if hold := r.Func.Holds(r.Arg, o); hold != nil {
				c.report(hold, c.argument(hold))
			}
		}
	}
}

// sameExpr finds the object as its own argument where it has no name of its
// own, as in AddCleanup(x.f, release, x.f).
func sameExpr(pass *analysis.Pass, r *sites.Registration) {
	if r.Arg == nil || !flow.Pure(pass.TypesInfo, r.Ptr) {
		return
	}
	name := types.ExprString(r.Ptr)
	if types.ExprString(flow.Strip(pass.TypesInfo, r.Arg)) != name {
		return
	}
	consequence := "this call panics"
	if r.Kind != api.AddCleanup || types.IsInterface(argType(pass, r)) {
		consequence = name + " is never collected and the cleanup never runs"
	}
	report.Reportf(pass, r.Call, "the argument of the cleanup is %s itself, so %s; pass what the cleanup needs instead", name, consequence)
}

type checker struct {
	pass *analysis.Pass
	s    *sites.Sites
	r    *sites.Registration
	o    flow.Object
}

func (c *checker) report(hold *flow.Hold, message string) {
	d := analysis.Diagnostic{Pos: c.r.Call.Pos(), End: c.r.Call.End(), Message: message}
	if line := c.pass.Fset.Position(hold.Expr.Pos()).Line; line != c.pass.Fset.Position(d.Pos).Line {
		d.Related = []analysis.RelatedInformation{{Pos: hold.Expr.Pos(), End: hold.Expr.End(), Message: "the reference to " + c.o.Var.Name()}}
	}
	if fix, ok := c.methodExpr(); ok {
		d.SuggestedFixes = []analysis.SuggestedFix{fix}
	}
	report.Report(c.pass, d)
}

// function is the message for a function that holds the object.
func (c *checker) function(hold *flow.Hold) string {
	name := c.o.Var.Name()
	if c.r.Kind == api.SetFinalizer {
		return fmt.Sprintf("the finalizer refers to %s, so %[1]s is never collected and the finalizer never runs; use its parameter, which is %[1]s, or a method expression", name)
	}
	const remedy = "pass what it needs as the argument"
	if direct := hold.How == flow.Closure || hold.How == flow.Method; direct && c.r.Kind == api.AddCleanup {
		return fmt.Sprintf("the cleanup refers to %s, so %s; %s", name, c.consequence(), remedy)
	}
	via := ""
	if v := c.r.Func.Var(hold.Expr); hold.How == flow.Deeper && v != nil && v != c.o.Var {
		via = " through " + v.Name()
	}
	return fmt.Sprintf("the cleanup refers to %s%s, so %[1]s is never collected and the cleanup never runs; %[3]s", name, via, remedy)
}

// argument is the message for an argument that holds the object.
func (c *checker) argument(hold *flow.Hold) string {
	name := c.o.Var.Name()
	const remedy = "pass what the cleanup needs instead"
	how := hold.How
	if how == flow.Closure || how == flow.Method || c.r.Kind != api.AddCleanup || types.IsInterface(argType(c.pass, c.r)) {
		how = flow.Deeper // where the runtime does not look
	}
	switch {
	case how == flow.Deeper:
		return fmt.Sprintf("the argument of the cleanup refers to %s, so %[1]s is never collected and the cleanup never runs; %s", name, remedy)
	case how == flow.Same && c.r.Func.Holds(c.r.Ptr, c.o).How == flow.Same:
		return fmt.Sprintf("the argument of the cleanup is %s itself, so this call panics; %s", name, remedy)
	}
	return fmt.Sprintf("the argument of the cleanup points into the object of %s, so %s; %s", name, c.consequence(), remedy)
}

// consequence is what happens where Go 1.26 panics and older versions do not.
func (c *checker) consequence() string {
	name := c.o.Var.Name()
	if report.Before(c.pass, c.r.Call.Pos(), "go1.26") {
		return name + " is never collected and the cleanup never runs (from Go 1.26 on this call panics)"
	}
	return name + " is never collected (Go 1.26 panics here)"
}

// argType returns the type that the argument is converted to.
func argType(pass *analysis.Pass, r *sites.Registration) types.Type {
	return pass.TypesInfo.TypeOf(r.Call.Fun).(*types.Signature).Params().At(2).Type()
}

// made looks into a function of this package that makes the cleanup, as in
// AddCleanup(r, releaser(r), 0), for a literal that captures its parameter.
func (c *checker) made(fn ast.Expr) *flow.Hold {
	call, ok := ast.Unparen(fn).(*ast.CallExpr)
	if !ok {
		return nil
	}
	body := c.s.Body(call.Fun, c.r.Func)
	if body == nil || body.Recv != nil {
		return nil
	}
	params := c.s.Params(body, call.Fun)
	for i, arg := range call.Args {
		o, ok := c.r.Func.Object(arg)
		if ok && o == c.o && i < len(params) && params[i] != nil && c.returnsCapture(body, params[i]) {
			return &flow.Hold{Expr: arg, How: flow.Closure}
		}
	}
	return nil
}

func (c *checker) returnsCapture(body *sites.Body, param *types.Var) (found bool) {
	ast.Inspect(body.Code, func(n ast.Node) bool {
		ret, ok := n.(*ast.ReturnStmt)
		if !ok || len(ret.Results) != 1 {
			return !found
		}
		if lit, ok := ast.Unparen(ret.Results[0]).(*ast.FuncLit); ok {
			found = found || flow.Mentions(c.pass.TypesInfo, lit, param)
		}
		return false
	})
	return found
}

// methodExpr is the fix for SetFinalizer(r, r.method).
func (c *checker) methodExpr() (analysis.SuggestedFix, bool) {
	none := analysis.SuggestedFix{}
	sel, ok := ast.Unparen(c.r.Fn).(*ast.SelectorExpr)
	if !ok || c.r.Kind != api.SetFinalizer {
		return none, false
	}
	info := c.pass.TypesInfo
	x := info.Selections[sel]
	if x == nil || x.Kind() != types.MethodVal || len(x.Index()) != 1 || x.Type().(*types.Signature).Params().Len() != 0 {
		return none, false
	}
	p, ok := types.Unalias(info.TypeOf(c.r.Ptr)).(*types.Pointer)
	if !ok || !types.Identical(p, info.TypeOf(sel.X)) {
		return none, false
	}
	named, ok := types.Unalias(p.Elem()).(*types.Named)
	if !ok || named.TypeArgs().Len() > 0 || !c.inScope(named.Obj()) {
		return none, false
	}
	text := fmt.Sprintf("(*%s).%s", named.Obj().Name(), sel.Sel.Name)
	return analysis.SuggestedFix{
		Message:   "Use the method expression " + text,
		TextEdits: []analysis.TextEdit{{Pos: c.r.Fn.Pos(), End: c.r.Fn.End(), NewText: []byte(text)}},
	}, true
}

// inScope reports whether the name of obj means obj at the call.
func (c *checker) inScope(obj *types.TypeName) bool {
	scope := c.pass.Pkg.Scope().Innermost(c.r.Call.Pos())
	if scope == nil {
		return false
	}
	_, found := scope.LookupParent(obj.Name(), c.r.Call.Pos())
	return found == obj
}
