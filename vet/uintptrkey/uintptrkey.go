package uintptrkey

import (
	_ "embed"
	"go/ast"
	"go/types"
	"slices"

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

var guarded bool

func init() {
	Analyzer.Flags.BoolVar(&guarded, "guarded", false, "also report address keys in functions that guard against reuse")
}

func run(pass *analysis.Pass, s *sites.Sites) {
	type object struct {
		f *flow.Func
		o flow.Object
	}
	done := make(map[object]bool)
	for _, r := range s.Registrations {
		o, ok := r.Func.Object(r.Ptr)
		if !ok {
			continue
		}
		guard := guards(s, r, o)
		if guard != "" && !guarded {
			continue
		}
		if this := (object{r.Func, o}); !done[this] {
			done[this] = true
			(&checker{pass, s, r.Func, o}).examine(guard)
		}
	}
}

// guards returns what in the function keeps the entry of a dead object from
// being taken for that of another: a finalizer, which runs before the address is
// free, or a weak pointer to the object, to compare with.
func guards(s *sites.Sites, r *sites.Registration, o flow.Object) string {
	if r.Kind == api.SetFinalizer {
		return "the finalizer"
	}
	if slices.ContainsFunc(s.Weak, func(w *sites.WeakArg) bool {
		if w.Func != r.Func || api.Registers(w.Fn) != 0 {
			return false
		}
		held, ok := w.Func.Object(w.Arg)
		return ok && held == o
	}) {
		return "the weak pointer"
	}
	return ""
}

type checker struct {
	pass *analysis.Pass
	s    *sites.Sites
	f    *flow.Func
	o    flow.Object
}

// examine reports the first use of the object's address as a key.
func (c *checker) examine(guard string) {
	if guard != "" {
		guard = "; " + guard + " guards against that here, if all uses of the map heed it"
	}
	for at := range c.f.Cursor.Preorder((*ast.IndexExpr)(nil), (*ast.CallExpr)(nil)) {
		if key := c.key(at.Node()); key != nil && c.address(key) {
			report.Reportf(c.pass, key, "the key is the address of %s, which the runtime uses again for another object once %[1]s is dead, perhaps before the cleanup has removed the entry; use a weak.Pointer as the key%[2]s", c.o.Var.Name(), guard)
			return
		}
	}
}

// key returns the key of an access to a map or to a sync.Map.
func (c *checker) key(n ast.Node) ast.Expr {
	switch n := n.(type) {
	case *ast.IndexExpr:
		if t := c.pass.TypesInfo.TypeOf(n.X); t != nil {
			if _, ok := t.Underlying().(*types.Map); ok {
				return n.Index
			}
		}
	case *ast.CallExpr:
		name := api.NameOf(api.Callee(c.pass.TypesInfo, n))
		if name.Pkg == "sync" && name.Recv == "Map" && len(n.Args) > 0 {
			return n.Args[0]
		}
	}
	return nil
}

// address reports whether e is the address of the object, as a number.
func (c *checker) address(e ast.Expr) bool {
	e = ast.Unparen(e)
	if v := c.f.Var(e); v != nil {
		val := c.f.Only(v)
		return val != nil && c.address(val)
	}
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	if p := addressed(c.pass.TypesInfo, call); p != nil {
		return c.is(p)
	}
	body := c.s.Body(call.Fun, c.f)
	if body == nil || len(body.Code.List) != 1 {
		return false
	}
	ret, ok := body.Code.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return false
	}
	inner, ok := ast.Unparen(ret.Results[0]).(*ast.CallExpr)
	if !ok {
		return false
	}
	p := addressed(c.pass.TypesInfo, inner)
	for i, param := range c.s.Params(body, call.Fun) {
		if id, ok := p.(*ast.Ident); ok && param != nil && c.pass.TypesInfo.Uses[id] == param && i < len(call.Args) {
			return c.is(call.Args[i])
		}
	}
	return false
}

func (c *checker) is(p ast.Expr) bool {
	o, ok := c.f.Object(p)
	return ok && o == c.o
}

// addressed returns p if the call is uintptr(unsafe.Pointer(p)) or
// reflect.ValueOf(p).Pointer(), perhaps converted once more; nil otherwise.
func addressed(info *types.Info, call *ast.CallExpr) ast.Expr {
	if info.Types[call.Fun].IsType() && len(call.Args) == 1 {
		arg := ast.Unparen(call.Args[0])
		inner, ok := arg.(*ast.CallExpr)
		if ok && isUnsafePointer(info.TypeOf(arg)) && info.Types[inner.Fun].IsType() {
			return ast.Unparen(inner.Args[0])
		}
		if ok {
			return addressed(info, inner)
		}
		return nil
	}
	switch name := api.NameOf(api.Callee(info, call)); name {
	case api.Name{Pkg: "reflect", Recv: "Value", Func: "Pointer"},
		api.Name{Pkg: "reflect", Recv: "Value", Func: "UnsafePointer"}:
		value, ok := ast.Unparen(ast.Unparen(call.Fun).(*ast.SelectorExpr).X).(*ast.CallExpr)
		if ok && api.NameOf(api.Callee(info, value)) == (api.Name{Pkg: "reflect", Func: "ValueOf"}) {
			return ast.Unparen(value.Args[0])
		}
	}
	return nil
}

func isUnsafePointer(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}
