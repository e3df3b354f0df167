package stopmissing

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

var dropped bool

func init() {
	Analyzer.Flags.BoolVar(&dropped, "dropped", false, "also report cleanups whose result is dropped although the object can be closed")
}

func run(pass *analysis.Pass, s *sites.Sites) {
	for _, r := range s.Registrations {
		if r.Kind != api.AddCleanup {
			continue
		}
		owner, closer := closer(pass.TypesInfo.TypeOf(r.Ptr))
		if closer == nil {
			continue
		}
		name := owner.Obj().Name() + "." + closer.Name()
		if field := storedIn(pass, r); field != nil {
			if !field.Exported() && !used(pass, field) {
				report.Reportf(pass, r.Call, "the Cleanup is kept in %s but never stopped, so after %s the resource is released a second time; call Stop there, with runtime.KeepAlive after it", field.Name(), name)
			}
		} else if dropped && sites.Dropped(r.Cursor) && !shared(pass, s, r, closer) {
			report.Reportf(pass, r.Call, "the Cleanup is dropped, so after %s the resource is released a second time; keep it and call Stop there, with runtime.KeepAlive after it", name)
		}
	}
}

// closer returns the named type that t points to and its method that releases
// what it holds, or nil.
func closer(t types.Type) (*types.Named, *types.Func) {
	p, ok := t.Underlying().(*types.Pointer)
	if !ok {
		return nil, nil
	}
	n, ok := types.Unalias(p.Elem()).(*types.Named)
	if !ok {
		return nil, nil
	}
	n = n.Origin()
	for _, name := range []string{"Close", "Free", "Release", "Destroy", "Stop", "Shutdown"} {
		// Methods of embedded fields release something else.
		for m := range n.Methods() {
			if m.Name() == name {
				return n, m
			}
		}
	}
	return nil, nil
}

// storedIn returns the field that the Cleanup is assigned to, or nil.
func storedIn(pass *analysis.Pass, r *sites.Registration) *types.Var {
	s, ok := r.Cursor.Parent().Node().(*ast.AssignStmt)
	if !ok || s.Tok != token.ASSIGN || len(s.Lhs) != 1 {
		return nil
	}
	sel, ok := s.Lhs[0].(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	field, _ := pass.TypesInfo.Uses[sel.Sel].(*types.Var)
	if field == nil || !field.IsField() {
		return nil
	}
	return field.Origin()
}

// used reports whether the package mentions the field anywhere but to assign to
// it.
func used(pass *analysis.Pass, field *types.Var) bool {
	assigned := make(map[*ast.Ident]bool)
	found := false
	for _, file := range pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, lhs := range n.Lhs {
					if sel, ok := lhs.(*ast.SelectorExpr); ok {
						assigned[sel.Sel] = true
					}
				}
			case *ast.Ident:
				v, ok := pass.TypesInfo.Uses[n].(*types.Var)
				found = found || ok && v.Origin() == field && !assigned[n]
			}
			return !found
		})
	}
	return found
}

// shared reports whether the argument is a reference to a state that the method
// uses too.
func shared(pass *analysis.Pass, s *sites.Sites, r *sites.Registration, closer *types.Func) bool {
	decl := s.Decl(closer)
	if decl == nil {
		return true // not known
	}
	mentions := make(map[*types.Var]bool)
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if v, ok := pass.TypesInfo.Uses[id].(*types.Var); ok && v.IsField() {
				mentions[v.Origin()] = true
			}
		}
		return true
	})
	for _, field := range r.Fields(pass.TypesInfo) {
		if _, ok := field.Type().Underlying().(*types.Pointer); ok && mentions[field] {
			return true
		}
	}
	return false
}
