package keepalive

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/vet/internal/api"
)

// usesHandles reports whether the call is of a function that makes use of
// handles outside of Go's sight.
func (c *checker) usesHandles(call *ast.CallExpr) bool {
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		if strings.HasPrefix(fun.Name, "_Cfunc_") {
			return true
		}
		if v, ok := c.pass.TypesInfo.Uses[fun].(*types.Var); ok {
			return c.filled[v]
		}
	case *ast.SelectorExpr:
		if x, ok := fun.X.(*ast.Ident); ok && x.Name == "C" {
			return true
		}
	}
	fn := api.Callee(c.pass.TypesInfo, call)
	if fn == nil || fn.Pkg() == nil {
		return false
	}
	path := fn.Pkg().Path()
	switch path {
	case "syscall", "golang.org/x/sys/unix", "golang.org/x/sys/windows":
		return true
	}
	return slices.ContainsFunc(strings.Split(callees, ","), func(name string) bool {
		return name == path || name == path+"."+fn.Name()
	})
}

// puregoVars returns the function variables of the package that are passed to
// purego by address.
func (c *checker) puregoVars() map[*types.Var]bool {
	vars := make(map[*types.Var]bool)
	if !imports(c.pass.Pkg, "github.com/ebitengine/purego") {
		return vars
	}
	for at := range c.in.Root().Preorder((*ast.CallExpr)(nil)) {
		call := at.Node().(*ast.CallExpr)
		name := api.NameOf(api.Callee(c.pass.TypesInfo, call))
		if name.Pkg != "github.com/ebitengine/purego" || !strings.HasPrefix(name.Func, "Register") || len(call.Args) == 0 {
			continue
		}
		if u, ok := call.Args[0].(*ast.UnaryExpr); ok {
			if id, ok := u.X.(*ast.Ident); ok {
				if v, ok := c.pass.TypesInfo.Uses[id].(*types.Var); ok {
					vars[v] = true
				}
			}
		}
	}
	return vars
}

func imports(pkg *types.Package, path string) bool {
	return slices.ContainsFunc(pkg.Imports(), func(p *types.Package) bool { return p.Path() == path })
}
