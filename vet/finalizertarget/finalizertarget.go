package finalizertarget

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
		c := &checker{pass, s, r}
		switch finalizer := r.Kind == api.SetFinalizer; {
		case c.global():
		case finalizer && c.interior():
			report.Reportf(pass, r.Call, "runtime.SetFinalizer needs a pointer to the start of an allocation and ends the program here; use runtime.AddCleanup, which takes a pointer into one")
		case finalizer && c.pooled():
			report.Reportf(pass, r.Call, "an object from a sync.Pool comes back: setting a second finalizer on it ends the program, and a finalizer that puts it back revives it; do without, the pool drops objects by itself")
		case finalizer && c.dropped():
			report.Reportf(pass, r.Call, "nothing refers to this object once the function has returned, so the finalizer runs at the next collection, while what the object refers to is in use; use runtime.AddCleanup on what the caller holds")
		}
	}
}

type checker struct {
	pass *analysis.Pass
	s    *sites.Sites
	r    *sites.Registration
}

// global reports a target that a package-level variable is or holds for good.
func (c *checker) global() bool {
	o, ok := c.r.Func.Object(c.r.Ptr)
	if !ok || o.Var.Pkg() == nil || o.Var.Parent() != o.Var.Pkg().Scope() {
		return false
	}
	what := "is a package-level variable"
	if !o.Itself {
		if o.Var.Pkg() != c.pass.Pkg || o.Var.Exported() || c.assigned(o.Var) {
			return false
		}
		what = "stays in a package-level variable"
	}
	report.Reportf(c.pass, c.r.Call, "%s %s and is never collected, so the %s never runs, not even when the program ends; call it where the program shuts down", o.Var.Name(), what, c.r.Kind)
	return true
}

// assigned reports whether the package gives v a value anywhere but in its
// declaration, or takes its address.
func (c *checker) assigned(v *types.Var) (found bool) {
	is := func(e ast.Expr) bool {
		id, ok := ast.Unparen(e).(*ast.Ident)
		return ok && c.pass.TypesInfo.Uses[id] == v
	}
	for _, file := range c.pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, lhs := range n.Lhs {
					found = found || is(lhs)
				}
			case *ast.UnaryExpr:
				found = found || n.Op == token.AND && is(n.X)
			}
			return !found
		})
	}
	return found
}

// interior reports whether the target is a field behind the first one.
func (c *checker) interior() bool {
	u, ok := flow.Strip(c.pass.TypesInfo, c.r.Ptr).(*ast.UnaryExpr)
	if !ok || u.Op != token.AND {
		return false
	}
	for e := ast.Unparen(u.X); ; {
		sel, ok := e.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		s := c.pass.TypesInfo.Selections[sel]
		if s == nil || s.Kind() != types.FieldVal {
			return false
		}
		if c.behindFirst(s) {
			return true
		}
		if _, ok := s.Recv().Underlying().(*types.Pointer); ok {
			return false
		}
		e = ast.Unparen(sel.X)
	}
}

// behindFirst reports whether the selected field does not start where the object
// starts that it is a part of.
func (c *checker) behindFirst(sel *types.Selection) bool {
	t := sel.Recv()
	behind := false
	for _, i := range sel.Index() {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t, behind = p.Elem(), false
		}
		s, ok := t.Underlying().(*types.Struct)
		if !ok {
			return false
		}
		for before := range i {
			behind = behind || c.hasSize(s.Field(before).Type())
		}
		t = s.Field(i).Type()
	}
	return behind
}

// hasSize reports whether a value of type t surely takes up space.
func (c *checker) hasSize(t types.Type) bool {
	switch u := types.Unalias(t).Underlying().(type) {
	case *types.Struct:
		for f := range u.Fields() {
			if c.hasSize(f.Type()) {
				return true
			}
		}
		return false
	case *types.Array:
		return u.Len() > 0 && c.hasSize(u.Elem())
	case *types.Interface:
		_, param := types.Unalias(t).(*types.TypeParam)
		return !param
	}
	return true
}

// pooled reports whether the target comes out of a sync.Pool.
func (c *checker) pooled() bool {
	info := c.pass.TypesInfo
	e := flow.Strip(info, c.r.Ptr)
	if v := c.r.Func.Var(e); v != nil {
		if val := c.r.Func.Only(v); val != nil {
			e = flow.Strip(info, val)
		}
	}
	call, ok := e.(*ast.CallExpr)
	return ok && api.NameOf(api.Callee(info, call)) == api.Name{Pkg: "sync", Recv: "Pool", Func: "Get"}
}

// dropped reports whether the target is new and goes nowhere, although its
// finalizer uses what it refers to.
func (c *checker) dropped() bool {
	f := c.r.Func
	o, ok := f.Object(c.r.Ptr)
	if !ok || o.Itself || report.IsTest(c.pass, c.r.Call.Pos()) {
		return false
	}
	val := f.Only(o.Var)
	if val == nil || !sites.Allocates(c.pass.TypesInfo, val) || !f.PointeeDiesWithCall(o.Var, c.s.Weakly) {
		return false
	}
	body := c.s.Body(c.r.Fn, f)
	if body == nil {
		return false
	}
	var param *types.Var
	if params := c.s.Params(body, c.r.Fn); len(params) == 1 {
		param = params[0]
	}
	uses, sets := false, false
	c.s.Executed(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			id, ok := ast.Unparen(n.X).(*ast.Ident)
			uses = uses || ok && param != nil && c.pass.TypesInfo.Uses[id] == param
		case *ast.CallExpr:
			sets = sets || api.Registers(api.Callee(c.pass.TypesInfo, n)) != 0
		}
		return true
	})
	return uses && !sets
}
