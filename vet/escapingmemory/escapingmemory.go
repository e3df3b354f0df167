package escapingmemory

import (
	_ "embed"
	"go/ast"
	"go/types"
	"regexp"

	"golang.org/x/tools/go/analysis"

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
		if r.Arg == nil || !memory(pass.TypesInfo.TypeOf(r.Arg)) || !frees(pass.TypesInfo, s, r) {
			continue
		}
		if where := escapes(pass, s, r); where != "" {
			report.Reportf(pass, r.Call, "the cleanup frees memory that %s, and who has it there does not keep the object alive; copy out of the memory, with runtime.KeepAlive after it", where)
		}
	}
}

// memory reports whether t can refer to memory that Go does not manage.
func memory(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		b, ok := u.Elem().Underlying().(*types.Basic)
		return ok && b.Info()&types.IsNumeric != 0
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	}
	return false
}

var freeing = regexp.MustCompile(`(?i)unmap|free`)

// frees reports whether the cleanup is, or calls, a function that by its name
// gives memory back.
func frees(info *types.Info, s *sites.Sites, r *sites.Registration) (found bool) {
	if fn := s.Named(r.Fn); fn != nil && freeing.MatchString(fn.Name()) {
		return true
	}
	s.Executed(s.Body(r.Fn, r.Func), func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			switch fun := ast.Unparen(call.Fun).(type) {
			case *ast.Ident:
				found = found || freeing.MatchString(fun.Name)
			case *ast.SelectorExpr:
				found = found || freeing.MatchString(fun.Sel.Name)
			}
		}
		return !found
	})
	return found
}

// escapes says where others get at the argument, "" if they do not.
func escapes(pass *analysis.Pass, s *sites.Sites, r *sites.Registration) string {
	fields := r.Fields(pass.TypesInfo)
	for _, field := range fields {
		if field.Exported() {
			return "is in the exported field " + field.Name()
		}
	}
	if v := r.Func.Var(r.Arg); v != nil && returned(pass.TypesInfo, r.Func, v) {
		return "the function returns"
	}
	for _, field := range fields {
		if method := getter(pass, field); method != "" {
			return "the method " + method + " returns"
		}
	}
	return ""
}

// returned reports whether the function returns v, or a slice of it.
func returned(info *types.Info, f *flow.Func, v *types.Var) bool {
	for ret := range f.Cursor.Preorder((*ast.ReturnStmt)(nil)) {
		for _, e := range ret.Node().(*ast.ReturnStmt).Results {
			if f.Var(unsliced(e)) == v {
				return true
			}
		}
	}
	return false
}

func unsliced(e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return e
		}
	}
}

// getter returns the name of an exported method that returns the field, or a
// slice of it.
func getter(pass *analysis.Pass, field *types.Var) (name string) {
	for _, file := range pass.Files {
		for _, d := range file.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || decl.Recv == nil || decl.Body == nil || !decl.Name.IsExported() {
				continue
			}
			ast.Inspect(decl.Body, func(n ast.Node) bool {
				ret, ok := n.(*ast.ReturnStmt)
				if !ok {
					return true
				}
				for _, e := range ret.Results {
					sel, ok := unsliced(e).(*ast.SelectorExpr)
					if !ok {
						continue
					}
					if v, ok := pass.TypesInfo.Uses[sel.Sel].(*types.Var); ok && v.Origin() == field {
						name = decl.Name.Name
					}
				}
				return false
			})
		}
	}
	return name
}
