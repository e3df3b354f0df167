package keepalive

import (
	_ "embed"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/weakref-go/weakref/vet/internal/api"
	"github.com/weakref-go/weakref/vet/internal/check"
	"github.com/weakref-go/weakref/vet/internal/flow"
	"github.com/weakref-go/weakref/vet/internal/report"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

//go:embed doc.go
var doc string

// Analyzer is the check.
var Analyzer = check.New(doc, run, inspect.Analyzer)

var callees string

func init() {
	Analyzer.Flags.StringVar(&callees, "callees", "", "comma-separated functions (example.com/pkg.Func) and packages (example.com/pkg) that use handles")
}

func run(pass *analysis.Pass, s *sites.Sites) {
	c := &checker{pass: pass, s: s, in: pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)}
	if len(s.Registrations) == 0 {
		return
	}
	c.filled = c.puregoVars()
	c.handles = c.handleFields()
	if len(c.handles) == 0 {
		return
	}
	own := c.finalizers()
	for fn := range c.in.Root().Preorder((*ast.FuncDecl)(nil)) {
		if decl := fn.Node().(*ast.FuncDecl); decl.Body != nil && !own[decl] {
			c.function(fn)
		}
	}
}

type checker struct {
	pass    *analysis.Pass
	s       *sites.Sites
	in      *inspector.Inspector
	handles map[*types.Var]bool // fields
	filled  map[*types.Var]bool // function variables that purego fills in
}

// finalizers returns the declarations of the finalizers, which release the
// handle themselves.
func (c *checker) finalizers() map[*ast.FuncDecl]bool {
	decls := make(map[*ast.FuncDecl]bool)
	for _, r := range c.s.Registrations {
		if r.Kind == api.SetFinalizer {
			decls[c.s.Decl(c.s.Named(r.Fn))] = true
		}
	}
	return decls
}

// handleFields returns the fields that are handles.
func (c *checker) handleFields() map[*types.Var]bool {
	handles := make(map[*types.Var]bool)
	for _, r := range c.s.Registrations {
		for _, field := range r.Fields(c.pass.TypesInfo) {
			if isNumber(field.Type()) {
				handles[field] = true
			}
		}
		if r.Kind == api.SetFinalizer {
			c.finalizerHandles(r, handles)
		}
	}
	return handles
}

// finalizerHandles adds the fields of its parameter that a finalizer passes to a
// call that uses handles.
func (c *checker) finalizerHandles(r *sites.Registration, handles map[*types.Var]bool) {
	body := c.s.Body(r.Fn, r.Func)
	if body == nil {
		return
	}
	c.s.Executed(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && c.usesHandles(call) {
			for _, arg := range call.Args {
				if field, _ := c.handle(arg); field != nil && isNumber(field.Type()) {
					handles[field] = true
				}
			}
		}
		return true
	})
}

// isNumber reports whether t can be a handle: an integer, a uintptr, an
// unsafe.Pointer or a pointer of C.
func isNumber(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsInteger != 0 || u.Kind() == types.UnsafePointer
	case *types.Pointer:
		n, ok := types.Unalias(u.Elem()).(*types.Named)
		return ok && strings.HasPrefix(n.Obj().Name(), "_Ctype_")
	}
	return false
}

// handle returns the field and the variable x of an argument x.field, perhaps
// converted.
func (c *checker) handle(arg ast.Expr) (field *types.Var, x *ast.Ident) {
	for {
		arg = ast.Unparen(arg)
		call, ok := arg.(*ast.CallExpr)
		if !ok || !c.pass.TypesInfo.Types[call.Fun].IsType() || len(call.Args) != 1 {
			break
		}
		arg = call.Args[0]
	}
	sel, ok := arg.(*ast.SelectorExpr)
	if !ok {
		return nil, nil
	}
	x, _ = ast.Unparen(sel.X).(*ast.Ident)
	v, _ := c.pass.TypesInfo.Uses[sel.Sel].(*types.Var)
	if v == nil || !v.IsField() || x == nil {
		return nil, nil
	}
	return v.Origin(), x
}

// function looks at the calls of one function declaration.
func (c *checker) function(fn inspector.Cursor) {
	var f *flow.Func
	for at := range fn.Preorder((*ast.CallExpr)(nil)) {
		call := at.Node().(*ast.CallExpr)
		if flow.FuncOf(at) != fn.Node() || !c.usesHandles(call) || isDeferred(at) {
			continue
		}
		for _, arg := range call.Args {
			field, x := c.handle(arg)
			if field == nil || !c.handles[field] {
				continue
			}
			if f == nil {
				f = c.s.Func(fn)
			}
			if v := f.Var(x); v != nil && isOwner(v) && !captured(f, v) && !alive(fn, call, f, v) {
				c.report(fn, call, v)
				break
			}
		}
	}
}

func isDeferred(at inspector.Cursor) bool {
	switch at.Parent().Node().(type) {
	case *ast.DeferStmt, *ast.GoStmt:
		return true
	}
	return false
}

// isOwner reports whether v is a parameter or receiver that points to a struct.
func isOwner(v *types.Var) bool {
	p, ok := v.Type().Underlying().(*types.Pointer)
	if !ok || v.Kind() != types.ParamVar && v.Kind() != types.RecvVar {
		return false
	}
	_, ok = p.Elem().Underlying().(*types.Struct)
	return ok
}

// captured reports whether a function literal refers to v, which makes its life
// hard to tell.
func captured(f *flow.Func, v *types.Var) bool {
	for _, use := range f.Uses(v) {
		if flow.FuncOf(use) != f.Home(v) {
			return true
		}
	}
	return false
}

func (c *checker) report(fn inspector.Cursor, call *ast.CallExpr, v *types.Var) {
	d := analysis.Diagnostic{
		Pos: call.Pos(), End: call.End(),
		Message: v.Name() + " is not mentioned after this call, so its cleanup may release the handle while the call uses it; add defer runtime.KeepAlive(" + v.Name() + ") before it",
	}
	body := fn.Node().(*ast.FuncDecl).Body
	if name := c.runtimeName(fn); name != "" && !c.oneLine(body) {
		d.SuggestedFixes = []analysis.SuggestedFix{{
			Message:   "Keep " + v.Name() + " alive until the function returns",
			TextEdits: []analysis.TextEdit{{Pos: body.Lbrace + 1, End: body.Lbrace + 1, NewText: []byte("\n\tdefer " + name + ".KeepAlive(" + v.Name() + ")")}},
		}}
	}
	report.Report(c.pass, d)
}

// oneLine reports whether the body stands on one line, where the fix would not
// look well.
func (c *checker) oneLine(body *ast.BlockStmt) bool {
	line := func(n ast.Node, end bool) int {
		if end {
			return c.pass.Fset.Position(n.End()).Line
		}
		return c.pass.Fset.Position(n.Pos()).Line
	}
	return line(body, false) == line(body, true)
}

// runtimeName returns the name by which the file imports package runtime, or "".
func (c *checker) runtimeName(fn inspector.Cursor) string {
	file := report.File(c.pass, fn.Node().Pos())
	for _, spec := range file.Imports {
		if spec.Path.Value != `"runtime"` {
			continue
		}
		name := "runtime"
		if spec.Name != nil {
			name = spec.Name.Name
		}
		scope := c.pass.TypesInfo.Scopes[fn.Node().(*ast.FuncDecl).Type]
		if scope == nil || name == "_" || name == "." {
			return ""
		}
		if _, obj := scope.LookupParent(name, fn.Node().End()); obj == nil || obj.Parent() != scope.Parent() {
			return "" // another thing of that name
		}
		return name
	}
	return ""
}
