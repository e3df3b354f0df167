package nilarg

import (
	_ "embed"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/weakref-go/weakref/vet/internal/api"
	"github.com/weakref-go/weakref/vet/internal/check"
	"github.com/weakref-go/weakref/vet/internal/report"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

//go:embed doc.go
var doc string

// Analyzer is the check.
var Analyzer = check.New(doc, run)

var iface bool

func init() {
	Analyzer.Flags.BoolVar(&iface, "iface", false, "also report arguments of an interface type")
}

func run(pass *analysis.Pass, s *sites.Sites) {
	for _, r := range s.Registrations {
		if r.Arg == nil {
			continue
		}
		t := pass.TypesInfo.TypeOf(r.Call.Fun).(*types.Signature).Params().At(2).Type()
		null := isNil(pass.TypesInfo, r.Arg)
		switch {
		case null && types.IsInterface(t) && r.Kind == api.AddCleanup && !isTypeParam(t):
			report.Reportf(pass, r.Call, "a nil interface as the argument of runtime.AddCleanup is a nil dereference in the runtime (golang/go#81517); pass struct{}{} to a func(struct{})")
		case null:
			uses(pass, s, r)
		case iface && types.IsInterface(t) && !isTypeParam(t):
			report.Reportf(pass, r.Call, "the argument is an interface (%s), in which the runtime does not notice the object itself; pass a value of a concrete type", types.TypeString(t, types.RelativeTo(pass.Pkg)))
		}
	}
}

func isTypeParam(t types.Type) bool {
	_, ok := types.Unalias(t).(*types.TypeParam)
	return ok
}

// isNil reports whether e is nil, perhaps converted.
func isNil(info *types.Info, e ast.Expr) bool {
	e = ast.Unparen(e)
	call, ok := e.(*ast.CallExpr)
	if !ok || !info.Types[call.Fun].IsType() || len(call.Args) != 1 {
		return info.Types[e].IsNil()
	}
	if types.IsInterface(info.TypeOf(call.Fun)) {
		return info.Types[call.Args[0]].IsNil() // a nil pointer in an interface is not nil
	}
	return isNil(info, call.Args[0])
}

// uses reports a cleanup that gets nil and needs what it does not point to.
func uses(pass *analysis.Pass, s *sites.Sites, r *sites.Registration) {
	body := s.Body(r.Fn, r.Func)
	if body == nil {
		return
	}
	params := s.Params(body, r.Fn)
	if len(params) != 1 || params[0] == nil {
		return
	}
	u := &user{pass.TypesInfo, params[0]}
	if use := u.find(body.Code); use != "" && !u.compared(body.Code) {
		report.Reportf(pass, r.Call, "the cleanup gets nil as %s and %s, so it crashes the program when it runs; pass what it needs as the third argument", params[0].Name(), use)
	}
}

// A user looks for uses of a parameter that do not go with nil.
type user struct {
	info *types.Info
	v    *types.Var
}

func (u *user) is(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && u.info.Uses[id] == u.v
}

// find returns what the code does with the parameter, "" if nothing bad.
func (u *user) find(code *ast.BlockStmt) (use string) {
	ast.Inspect(code, func(n ast.Node) bool {
		if use == "" && n != nil {
			use = u.use(n)
		}
		return use == ""
	})
	return use
}

func (u *user) use(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StarExpr:
		if u.is(n.X) {
			return "dereferences it"
		}
	case *ast.SelectorExpr:
		if u.is(n.X) && u.throughNil(n) {
			return "selects " + n.Sel.Name + " of it"
		}
	case *ast.IndexExpr:
		if _, isMap := u.v.Type().Underlying().(*types.Map); u.is(n.X) && !isMap {
			return "indexes it"
		}
	case *ast.UnaryExpr:
		if n.Op == token.ARROW && u.is(n.X) {
			return "receives from it"
		}
	case *ast.SendStmt:
		if u.is(n.Chan) {
			return "sends to it"
		}
	case *ast.CallExpr:
		return u.call(n)
	}
	return ""
}

// throughNil reports whether the selection reads what the parameter points to:
// a field, or a method whose receiver is the value or that is called through an
// interface. A method with a pointer receiver may handle nil.
func (u *user) throughNil(e *ast.SelectorExpr) bool {
	sel := u.info.Selections[e]
	if sel == nil {
		return false
	}
	if sel.Kind() == types.FieldVal || types.IsInterface(u.v.Type()) {
		return true
	}
	_, isPointer := sel.Obj().(*types.Func).Signature().Recv().Type().Underlying().(*types.Pointer)
	_, pointed := u.v.Type().Underlying().(*types.Pointer)
	return pointed && !isPointer
}

func (u *user) call(call *ast.CallExpr) string {
	if u.is(call.Fun) {
		return "calls it"
	}
	if len(call.Args) == 0 || !u.is(call.Args[0]) || !u.info.Types[call.Fun].IsBuiltin() {
		return ""
	}
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.SelectorExpr: // of package unsafe
		if fun.Sel.Name == "Slice" || fun.Sel.Name == "String" {
			return "passes it to unsafe." + fun.Sel.Name
		}
	case *ast.Ident:
		if fun.Name == "close" {
			return "closes it"
		}
	}
	return ""
}

// compared reports whether the code compares the parameter with nil, or sets
// it.
func (u *user) compared(code *ast.BlockStmt) (found bool) {
	ast.Inspect(code, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			found = found || u.is(n.X) && u.info.Types[n.Y].IsNil() || u.is(n.Y) && u.info.Types[n.X].IsNil()
		case *ast.AssignStmt:
			for _, lhs := range n.Lhs {
				found = found || u.is(lhs)
			}
		}
		return !found
	})
	return found
}
