// Package fresh finds the functions that return a new object which nothing else
// refers to.
package fresh

import (
	"go/ast"
	"go/types"
	"reflect"
	"sync"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/weakref-go/weakref/vet/internal/api"
	"github.com/weakref-go/weakref/vet/internal/flow"
	"github.com/weakref-go/weakref/vet/internal/sites"
)

// Analyzer computes the *Results of a package. It looks at every package, since
// a constructor need not import anything that has to do with weak references.
var Analyzer = &analysis.Analyzer{
	Name:       "weakvetfresh",
	Doc:        "find the functions that return a new object which nothing else refers to",
	Requires:   []*analysis.Analyzer{inspect.Analyzer},
	ResultType: reflect.TypeFor[*Results](),
	FactTypes:  []analysis.Fact{new(freshResult)},
	Run:        run,
}

// freshResult is a fact about a function: its result is a pointer to a new
// object, and the only one.
type freshResult struct{}

func (*freshResult) AFact()         {}
func (*freshResult) String() string { return "freshResult" }

// Results answers for the functions of a package and of those it imports.
type Results struct {
	pass  *analysis.Pass
	in    *inspector.Inspector
	decls func() map[*types.Func]inspector.Cursor
	known map[*types.Func]bool // false also while under way
	kept  map[*types.Func]bool // methods that may keep their receiver
	funcs map[*types.Func]*flow.Func
	mu    sync.Mutex
}

func run(pass *analysis.Pass) (any, error) {
	r := &Results{
		pass:  pass,
		in:    pass.ResultOf[inspect.Analyzer].(*inspector.Inspector),
		known: make(map[*types.Func]bool),
		kept:  make(map[*types.Func]bool),
		funcs: make(map[*types.Func]*flow.Func),
	}
	r.decls = sync.OnceValue(r.index)
	if pass.Pkg.Name() == "main" {
		return r, nil // nobody imports it
	}
	for _, file := range pass.Files {
		for _, d := range file.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok || !d.Name.IsExported() || !candidate(d) {
				continue
			}
			fn, ok := pass.TypesInfo.Defs[d.Name].(*types.Func)
			if ok && r.Fresh(fn) {
				pass.ExportObjectFact(fn, new(freshResult))
			}
		}
	}
	return r, nil
}

// candidate reports whether the declaration could be of such a function, by its
// looks: it has a body and one result, a pointer.
func candidate(d *ast.FuncDecl) bool {
	if d.Body == nil || d.Type.Results == nil || len(d.Type.Results.List) != 1 {
		return false
	}
	result := d.Type.Results.List[0]
	_, ok := result.Type.(*ast.StarExpr)
	return ok && len(result.Names) == 0
}

// Fresh reports whether fn returns a new object which nothing else refers to.
func (r *Results) Fresh(fn *types.Func) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fresh(fn)
}

func (r *Results) fresh(fn *types.Func) bool {
	if fn == nil {
		return false
	}
	if fn.Pkg() != r.pass.Pkg {
		return r.pass.ImportObjectFact(fn, new(freshResult))
	}
	if fresh, ok := r.known[fn]; ok {
		return fresh
	}
	r.known[fn] = false
	c, ok := r.decls()[fn]
	if !ok || !candidate(c.Node().(*ast.FuncDecl)) {
		return false
	}
	r.known[fn] = r.returnsFresh(fn, c)
	return r.known[fn]
}

// returnsFresh reports whether all return statements return a new object, or
// nil.
func (r *Results) returnsFresh(fn *types.Func, c inspector.Cursor) bool {
	found := false
	for ret := range c.Preorder((*ast.ReturnStmt)(nil)) {
		if flow.FuncOf(ret) != c.Node() {
			continue
		}
		results := ret.Node().(*ast.ReturnStmt).Results
		if len(results) == 1 && r.pass.TypesInfo.Types[results[0]].IsNil() {
			continue
		}
		if len(results) != 1 || !r.freshExpr(fn, c, results[0]) {
			return false
		}
		found = true
	}
	return found
}

func (r *Results) freshExpr(fn *types.Func, c inspector.Cursor, e ast.Expr) bool {
	info := r.pass.TypesInfo
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		return sites.Allocates(info, e) || r.fresh(api.Callee(info, e))
	case *ast.Ident:
		f := r.flow(fn, c)
		v := f.Var(e)
		if v == nil {
			return false
		}
		val := f.Only(v)
		return val != nil && f.Home(v) == c.Node() && r.freshExpr(fn, c, val) && r.leavesByReturn(f, v)
	}
	return sites.Allocates(info, e)
}

// leavesByReturn reports whether v is read through, used as the receiver of
// methods that do not keep it, and returned, but goes nowhere else.
func (r *Results) leavesByReturn(f *flow.Func, v *types.Var) bool {
	for _, c := range f.Uses(v) {
		if flow.FuncOf(c) != f.Home(v) {
			return false
		}
		if c.ParentEdgeKind() != edge.ReturnStmt_Results && !f.ReadThrough(c) && !r.harmlessCall(c) {
			return false
		}
	}
	return true
}

// harmlessCall reports whether c is the receiver in a call of a method that does
// not keep it.
func (r *Results) harmlessCall(c inspector.Cursor) bool {
	sel := c.Parent()
	if c.ParentEdgeKind() != edge.SelectorExpr_X || sel.ParentEdgeKind() != edge.CallExpr_Fun {
		return false
	}
	fn := api.Callee(r.pass.TypesInfo, sel.Parent().Node().(*ast.CallExpr))
	return fn != nil && fn.Pkg() == r.pass.Pkg && !r.keepsReceiver(fn)
}

// keepsReceiver reports whether the method fn may store its receiver. A method
// under way counts as one that does not: if some other keeps the receiver, that
// one says so.
func (r *Results) keepsReceiver(fn *types.Func) bool {
	if kept, ok := r.kept[fn]; ok {
		return kept
	}
	r.kept[fn] = false
	r.kept[fn] = r.mayKeepReceiver(fn)
	return r.kept[fn]
}

func (r *Results) mayKeepReceiver(fn *types.Func) bool {
	c, ok := r.decls()[fn]
	if !ok {
		return true
	}
	f := r.flow(fn, c)
	recv := fn.Signature().Recv()
	for _, use := range f.Uses(recv) {
		if flow.FuncOf(use) != f.Home(recv) || !f.ReadThrough(use) && !r.harmlessCall(use) {
			return true
		}
	}
	return false
}

func (r *Results) flow(fn *types.Func, c inspector.Cursor) *flow.Func {
	if r.funcs[fn] == nil {
		r.funcs[fn] = flow.New(r.pass.TypesInfo, c)
	}
	return r.funcs[fn]
}

func (r *Results) index() map[*types.Func]inspector.Cursor {
	decls := make(map[*types.Func]inspector.Cursor)
	for c := range r.in.Root().Preorder((*ast.File)(nil)) {
		for d := range c.Children() {
			decl, ok := d.Node().(*ast.FuncDecl)
			if !ok || decl.Body == nil {
				continue
			}
			if fn, ok := r.pass.TypesInfo.Defs[decl.Name].(*types.Func); ok {
				decls[fn] = d
			}
		}
	}
	return decls
}
