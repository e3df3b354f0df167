package weaksubscribe

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
	"github.com/weakref-go/weakref/vet/internal/fresh"
	"github.com/weakref-go/weakref/vet/internal/report"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

//go:embed doc.go
var doc string

// Analyzer is the check.
var Analyzer = check.New(doc, run, fresh.Analyzer)

func run(pass *analysis.Pass, s *sites.Sites) {
	for _, c := range s.Binds {
		bind(pass, s, c)
	}
	for _, w := range s.Weak {
		if w.Holding == api.Weakly && api.Registers(w.Fn) == 0 {
			function(pass, s, w)
		}
	}
	for _, c := range s.Lost {
		fn := api.Callee(pass.TypesInfo, c.Node().(*ast.CallExpr))
		report.Reportf(pass, c.Node(), "%s keeps only a weak pointer to its own copy of the function, which is lost after the next collection; its package must hold the receiver weakly and take a method expression", fn.Name())
	}
	for _, c := range s.Kept {
		if sites.Dropped(c) && !report.IsTest(pass, c.Node().Pos()) {
			dropped(pass, c)
		}
	}
}

// dropped reports a call whose result had to be kept.
func dropped(pass *analysis.Pass, c inspector.Cursor) {
	fn := api.Callee(pass.TypesInfo, c.Node().(*ast.CallExpr))
	otherwise := api.MustKeep(fn)
	if otherwise == "" {
		otherwise = "nothing else keeps what the call registers or returns, which is gone after the next collection"
	}
	report.Reportf(pass, c.Node(), "the result of %s is dropped: %s; keep the result", fn.Name(), otherwise)
}

// bind looks at a call that ties a handler to its owner.
func bind(pass *analysis.Pass, s *sites.Sites, c inspector.Cursor) {
	call := c.Node().(*ast.CallExpr)
	fn := api.Callee(pass.TypesInfo, call)
	o, h, _ := api.Binds(fn)
	owner, handler := call.Args[o], call.Args[h]
	f := s.Func(c)
	test := report.IsTest(pass, call.Pos()) // where owners are let die on purpose
	if isNew(pass, owner) && !test {
		report.Reportf(pass, call, "nothing but this call refers to the owner, so it and its handler are gone after the next collection; keep a pointer to the owner where it is used")
		return
	}
	obj, ok := f.Object(owner)
	if !ok {
		return
	}
	if !test && !obj.Itself && f.Local(obj.Var) && outlives(f, c, o) && lost(pass, s, f, obj.Var) {
		report.Reportf(pass, call, "nothing refers to %s once the function has returned, so it and its handler are gone after the next collection; keep a pointer to it where it is used", obj.Var.Name())
		return
	}
	if f.Holds(handler, obj) != nil {
		report.Reportf(pass, call, "the handler refers to %s, which %s keeps no longer than the handler lives, so neither is ever collected; use the handler's first parameter, which is %[1]s", obj.Var.Name(), fn.Name())
	}
}

// isNew reports whether the owner is a new object without any other holder.
func isNew(pass *analysis.Pass, owner ast.Expr) bool {
	if sites.Allocates(pass.TypesInfo, owner) {
		return true
	}
	call, ok := flow.Strip(pass.TypesInfo, owner).(*ast.CallExpr)
	return ok && pass.ResultOf[fresh.Analyzer].(*fresh.Results).Fresh(api.Callee(pass.TypesInfo, call))
}

// outlives reports whether what the handler is bound in may be used after the
// function around the call has returned: a bus that the function has not declared
// itself, or a bound function that does not go to a local variable.
func outlives(f *flow.Func, c inspector.Cursor, owner int) bool {
	if owner == 0 { // Bind
		s, ok := c.Parent().Node().(*ast.AssignStmt)
		return !ok || len(s.Lhs) != 1 || !declares(f, f.Var(s.Lhs[0]))
	}
	bus := flow.Strip(f.Info(), c.Node().(*ast.CallExpr).Args[0])
	if u, ok := bus.(*ast.UnaryExpr); ok && u.Op == token.AND {
		bus = u.X
	}
	return !declares(f, f.Base(bus))
}

// declares reports whether v is a variable of the function that is not given to it.
func declares(f *flow.Func, v *types.Var) bool {
	return v != nil && f.Local(v) && v.Kind() == types.LocalVar
}

func lost(pass *analysis.Pass, s *sites.Sites, f *flow.Func, v *types.Var) bool {
	val := f.Only(v)
	return val != nil && isNew(pass, val) && f.PointeeDiesWithCall(v, s.Weakly)
}

// function looks at a weak pointer to a variable that holds a function.
func function(pass *analysis.Pass, s *sites.Sites, w *sites.WeakArg) {
	u, ok := flow.Strip(pass.TypesInfo, w.Arg).(*ast.UnaryExpr)
	if !ok || u.Op != token.AND {
		return
	}
	v := w.Func.Var(u.X)
	if v == nil {
		return
	}
	if _, ok := v.Type().Underlying().(*types.Signature); ok && w.Func.DiesWithCall(v, s.Weakly) {
		report.Reportf(pass, w.Call, "the weak pointer refers to the variable %s, which nothing keeps, so the function is lost after the next collection; hold its receiver weakly and pass a method expression", v.Name())
	}
}
