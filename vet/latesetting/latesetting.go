package latesetting

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/weakref-go/weakref/vet/internal/api"
	"github.com/weakref-go/weakref/vet/internal/check"
	"github.com/weakref-go/weakref/vet/internal/report"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

//go:embed doc.go
var doc string

// Analyzer is the check.
var Analyzer = check.New(doc, run, inspect.Analyzer)

func run(pass *analysis.Pass, s *sites.Sites) {
	if !s.Relevant {
		return
	}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for c := range in.Root().Preorder((*ast.AssignStmt)(nil)) {
		for _, lhs := range c.Node().(*ast.AssignStmt).Lhs {
			if sel, ok := lhs.(*ast.SelectorExpr); ok && isSetting(pass.TypesInfo, sel) {
				setting(pass, c, sel)
			}
		}
	}
}

// isSetting reports whether sel is an exported field of a container.
func isSetting(info *types.Info, sel *ast.SelectorExpr) bool {
	s, ok := info.Selections[sel]
	return ok && s.Kind() == types.FieldVal && sel.Sel.IsExported() && len(s.Index()) == 1 && api.Configured(s.Recv())
}

// setting looks for a use of the container before the assignment at c.
func setting(pass *analysis.Pass, c inspector.Cursor, sel *ast.SelectorExpr) {
	container := nameOf(pass.TypesInfo, sel.X)
	if container == "" {
		return
	}
	for {
		for before, ok := c.PrevSibling(); ok; before, ok = before.PrevSibling() {
			stmt, isStmt := before.Node().(ast.Stmt)
			if !isStmt {
				break
			}
			if renews(pass.TypesInfo, stmt, container) {
				return
			}
			if use := firstUse(pass.TypesInfo, stmt, container); use != nil {
				report.Reportf(pass, sel, "%s is set after %s was used (line %d), which has read its settings then; set it before",
					types.ExprString(sel), types.ExprString(sel.X), pass.Fset.Position(use.Pos()).Line)
				return
			}
		}
		switch c.Node().(type) {
		case *ast.FuncDecl, *ast.FuncLit, *ast.File:
			return
		}
		c = c.Parent()
	}
}

// nameOf identifies a variable, or a field of one: two expressions of the same name
// mean the same container. It is empty for what cannot be told.
func nameOf(info *types.Info, e ast.Expr) string {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if v, ok := info.ObjectOf(e).(*types.Var); ok {
			return fmt.Sprintf("%p", v)
		}
	case *ast.SelectorExpr:
		if x := nameOf(info, e.X); x != "" {
			return x + "." + e.Sel.Name
		}
	case *ast.StarExpr:
		return nameOf(info, e.X)
	case *ast.UnaryExpr: // &x
		return nameOf(info, e.X)
	}
	return ""
}

// renews reports whether a statement, or one within it, assigns to the container or to
// what it is reached by.
func renews(info *types.Info, stmt ast.Stmt, container string) bool {
	found := false
	ast.Inspect(stmt, func(n ast.Node) bool {
		assign, ok := n.(*ast.AssignStmt)
		if !ok {
			return !found
		}
		for _, lhs := range assign.Lhs {
			if name := nameOf(info, lhs); name != "" && (name == container || strings.HasPrefix(container, name+".")) {
				found = true
			}
		}
		return !found
	})
	return found
}

// firstUse returns a use of the container that a statement certainly makes.
func firstUse(info *types.Info, stmt ast.Stmt, container string) (use *ast.CallExpr) {
	ast.Inspect(stmt, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt, *ast.FuncLit, *ast.CaseClause, *ast.CommClause, *ast.GoStmt, *ast.DeferStmt:
			return false // not now, or not always
		case *ast.CallExpr:
			if use == nil && isUse(info, n, container) {
				use = n
			}
		}
		return use == nil
	})
	return use
}

// isUse reports whether a call is a use of the container.
func isUse(info *types.Info, call *ast.CallExpr, container string) bool {
	fn := api.Callee(info, call)
	if !api.Uses(fn) {
		return false
	}
	if fn.Signature().Recv() == nil {
		return len(call.Args) > 0 && nameOf(info, call.Args[0]) == container
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	return ok && nameOf(info, sel.X) == container
}
