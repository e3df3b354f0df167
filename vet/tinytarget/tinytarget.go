package tinytarget

import (
	_ "embed"
	"fmt"
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

// tinySize is the size below which the runtime packs values without pointers
// (maxTinySize in runtime/malloc.go).
const tinySize = 16

func run(pass *analysis.Pass, s *sites.Sites) {
	for _, r := range s.Registrations {
		examine(pass, r.Call, r.Ptr, r.Func, "the "+r.Kind.String()+" may never run")
	}
	for _, w := range s.Weak {
		if api.Registers(w.Fn) != 0 {
			continue
		}
		effect := "the weak pointer may never become nil"
		if w.Fn.Pkg().Path() == api.Module {
			effect = w.Fn.Name() + " panics"
		}
		examine(pass, w.Call, w.Arg, w.Func, effect)
	}
}

func examine(pass *analysis.Pass, call *ast.CallExpr, ptr ast.Expr, f *flow.Func, effect string) {
	p, ok := pass.TypesInfo.TypeOf(ptr).Underlying().(*types.Pointer)
	if !ok || !concrete(p.Elem()) || flow.HasPointers(p.Elem()) {
		return
	}
	size := pass.TypesSizes.Sizeof(p.Elem())
	if size >= tinySize || !alone(pass, ptr, f, p.Elem()) {
		return
	}
	name := types.TypeString(p.Elem(), types.RelativeTo(pass.Pkg))
	why := fmt.Sprintf("a %s has %d bytes and no pointers, so the runtime may pack it with others", name, size)
	if size == 0 {
		why = fmt.Sprintf("a %s has no size, so all of them share one address", name)
	}
	report.Reportf(pass, call, "%s: %s; put it into a struct with a pointer field", why, effect)
}

// alone reports whether the value has an allocation of its own, as far as can
// be seen: it is new, it is a local variable, or it is of a named struct type
// and not an element or a field of something.
func alone(pass *analysis.Pass, ptr ast.Expr, f *flow.Func, t types.Type) bool {
	ptr = origin(pass.TypesInfo, ptr, f)
	if sites.Allocates(pass.TypesInfo, ptr) {
		return true
	}
	if u, ok := ptr.(*ast.UnaryExpr); ok && u.Op == token.AND {
		v := f.Var(u.X)
		return v != nil && f.Local(v)
	}
	_, named := types.Unalias(t).(*types.Named)
	_, isStruct := t.Underlying().(*types.Struct)
	return named && isStruct && !converted(pass.TypesInfo, ptr)
}

// origin follows local variables with a single value. It keeps conversions,
// which may come from another type.
func origin(info *types.Info, ptr ast.Expr, f *flow.Func) ast.Expr {
	for range 8 {
		v := f.Var(ptr)
		if v == nil || f.Only(v) == nil {
			break
		}
		ptr = f.Only(v)
	}
	return ast.Unparen(ptr)
}

func converted(info *types.Info, e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	return ok && info.Types[call.Fun].IsType()
}

// concrete reports whether the size of t is known: it mentions no type
// parameter outside of a pointer.
func concrete(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		return false
	case *types.Named:
		return concrete(t.Underlying())
	case *types.Array:
		return concrete(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if !concrete(f.Type()) {
				return false
			}
		}
	}
	return true
}
