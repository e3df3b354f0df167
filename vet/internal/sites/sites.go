// Package sites finds, in one pass over a package, the calls that the checks
// are about, and what the package's own functions do with weak references.
package sites

import (
	"go/ast"
	"go/types"
	"reflect"
	"sync"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/weakref-go/weakref/vet/internal/api"
	"github.com/weakref-go/weakref/vet/internal/flow"
)

// Analyzer computes the *Sites of a package.
var Analyzer = &analysis.Analyzer{
	Name:       "weakvetsites",
	Doc:        "find the calls that hold an object weakly or run code at its death",
	Requires:   []*analysis.Analyzer{inspect.Analyzer},
	ResultType: reflect.TypeFor[*Sites](),
	FactTypes:  []analysis.Fact{new(weakParams), new(lostParams), new(keepResult), new(hasFacts)},
	Run:        run,
}

// Sites holds what was found. The slices are in source order.
type Sites struct {
	Relevant      bool // the package can contain something; otherwise all is empty
	Registrations []*Registration
	Weak          []*WeakArg
	Values        []inspector.Cursor // calls of Value on a weak pointer
	Loads         []inspector.Cursor // calls of Load on a container of weak values
	Uniques       []inspector.Cursor // calls of unique.Make
	Kept          []inspector.Cursor // calls whose result must be kept
	Binds         []inspector.Cursor // calls that tie a handler to its owner
	Lost          []inspector.Cursor // calls of other packages' functions that lose a function they are given

	pass  *analysis.Pass
	weak  map[*types.Func][]int // indices of parameters held weakly, of this package's functions
	keep  map[*types.Func]bool  // this package's functions whose result must be kept
	decls func() map[*types.Func]*ast.FuncDecl

	dropped map[*ast.CallExpr]bool // calls that could return an argument, to nobody

	mu    sync.Mutex // the analyzers of a package run concurrently
	funcs map[ast.Node]*flow.Func
}

// A Registration is a call that has a function run at an object's death.
type Registration struct {
	Kind   api.Kind
	Call   *ast.CallExpr
	Cursor inspector.Cursor
	Ptr    ast.Expr
	Fn     ast.Expr
	Arg    ast.Expr // nil for runtime.SetFinalizer
	Func   *flow.Func
}

// A WeakArg is an argument that a call holds weakly.
type WeakArg struct {
	Call    *ast.CallExpr
	Cursor  inspector.Cursor // of the call
	Fn      *types.Func
	Arg     ast.Expr
	Holding api.Holding // Weakly also if it could be returned, but the result is dropped
	Func    *flow.Func
}

func run(pass *analysis.Pass) (any, error) {
	s := &Sites{
		pass:  pass,
		weak:  make(map[*types.Func][]int),
		keep:  make(map[*types.Func]bool),
		funcs: make(map[ast.Node]*flow.Func),

		dropped: make(map[*ast.CallExpr]bool),
	}
	s.decls = sync.OnceValue(s.indexDecls)
	s.Relevant = api.Relevant(pass.Pkg) || importsFacts(pass)
	if !s.Relevant {
		return s, nil
	}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for c := range in.Root().Preorder((*ast.CallExpr)(nil)) {
		s.call(c)
	}
	s.infer(in)
	return s, nil
}

// call files the call at c.
func (s *Sites) call(c inspector.Cursor) {
	call := c.Node().(*ast.CallExpr)
	fn := api.Callee(s.pass.TypesInfo, call)
	if fn == nil || call.Ellipsis.IsValid() {
		return
	}
	if kind := api.Registers(fn); kind != 0 {
		s.registration(c, call, kind)
	}
	if owner, handler, ok := api.Binds(fn); ok && len(call.Args) > max(owner, handler) {
		s.Binds = append(s.Binds, c)
	}
	for i := range call.Args {
		if h := s.holding(fn, i); h != api.Strongly {
			s.Weak = append(s.Weak, s.weakArg(c, call, fn, i, h))
		}
	}
	switch {
	case api.IsValue(fn):
		s.Values = append(s.Values, c)
	case api.IsLoad(fn):
		s.Loads = append(s.Loads, c)
	case api.NameOf(fn) == api.Name{Pkg: "unique", Func: "Make"}:
		s.Uniques = append(s.Uniques, c)
	case s.mustKeep(fn):
		s.Kept = append(s.Kept, c)
	case fn.Pkg() != s.pass.Pkg && s.pass.ImportObjectFact(fn, new(lostParams)):
		s.Lost = append(s.Lost, c)
	}
}

func (s *Sites) registration(c inspector.Cursor, call *ast.CallExpr, kind api.Kind) {
	want := 3
	if kind == api.SetFinalizer {
		want = 2
	}
	if len(call.Args) != want { // the results of another call
		return
	}
	if s.pass.TypesInfo.Types[call.Args[1]].IsNil() { // takes a finalizer back
		return
	}
	r := &Registration{Kind: kind, Call: call, Cursor: c, Ptr: call.Args[0], Fn: call.Args[1], Func: s.Func(c)}
	if want == 3 {
		r.Arg = call.Args[2]
	}
	s.Registrations = append(s.Registrations, r)
}

func (s *Sites) weakArg(c inspector.Cursor, call *ast.CallExpr, fn *types.Func, i int, h api.Holding) *WeakArg {
	if h == api.Returned && Dropped(c) {
		h = api.Weakly
		s.dropped[call] = true
	}
	return &WeakArg{Call: call, Cursor: c, Fn: fn, Arg: call.Args[i], Holding: h, Func: s.Func(c)}
}

// Func returns the declaration around c.
func (s *Sites) Func(c inspector.Cursor) *flow.Func {
	top := flow.Enclosing(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.funcs[top.Node()]
	if f == nil {
		f = flow.New(s.pass.TypesInfo, top)
		s.funcs[top.Node()] = f
	}
	return f
}

// Decl returns the declaration of a function of this package, or nil.
func (s *Sites) Decl(fn *types.Func) *ast.FuncDecl {
	if fn == nil || fn.Pkg() != s.pass.Pkg {
		return nil
	}
	return s.decls()[fn.Origin()]
}

func (s *Sites) indexDecls() map[*types.Func]*ast.FuncDecl {
	decls := make(map[*types.Func]*ast.FuncDecl)
	for _, file := range s.pass.Files {
		for _, d := range file.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
				if fn, ok := s.pass.TypesInfo.Defs[d.Name].(*types.Func); ok {
					decls[fn] = d
				}
			}
		}
	}
	return decls
}

// Weakly reports whether a call holds its argument weakly, or lets go of it
// when it returns. It is a [flow.Weakly].
func (s *Sites) Weakly(call *ast.CallExpr, arg int) bool {
	fn := api.Callee(s.pass.TypesInfo, call)
	if fn == nil {
		return false
	}
	if arg == 0 && (api.Registers(fn) != 0 || api.NameOf(fn) == api.Name{Pkg: "runtime", Func: "KeepAlive"}) {
		return true
	}
	h := s.holding(fn, arg)
	return h == api.Weakly || h == api.Returned && s.dropped[call]
}

// Dropped reports whether the result of the call at c is thrown away.
func Dropped(c inspector.Cursor) bool {
	switch p := c.Parent(); n := p.Node().(type) {
	case *ast.ParenExpr:
		return Dropped(p)
	case *ast.ExprStmt, *ast.GoStmt, *ast.DeferStmt:
		return true
	case *ast.AssignStmt:
		for _, lhs := range n.Lhs {
			if id, ok := lhs.(*ast.Ident); !ok || id.Name != "_" {
				return false
			}
		}
		return true
	}
	return false
}
