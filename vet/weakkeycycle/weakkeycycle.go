package weakkeycycle

import (
	_ "embed"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
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
	for c := range in.Root().Preorder((*ast.MapType)(nil), (*ast.Ident)(nil)) {
		switch n := c.Node().(type) {
		case *ast.MapType:
			if key, value, ok := weakMap(pass.TypesInfo.TypeOf(n)); ok {
				examine(pass, n, key, value)
			}
		case *ast.Ident:
			if inst, ok := pass.TypesInfo.Instances[n]; ok && !inReceiver(c) {
				instance(pass, n, inst.Type)
			}
		}
	}
	for _, w := range s.Weak {
		syncMap(pass, w)
	}
}

// weakMap returns the key's and the value's type of a map with weak keys.
func weakMap(t types.Type) (key, value types.Type, ok bool) {
	m, ok := t.Underlying().(*types.Map)
	if !ok {
		return nil, nil, false
	}
	key, ok = api.WeakElem(m.Key())
	return key, m.Elem(), ok
}

// instance looks at an instantiated generic type: a KeyMap, or a struct with a
// map that has weak keys.
func instance(pass *analysis.Pass, at ast.Node, t types.Type) {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return
	}
	if api.TypeName(n) == (api.Name{Pkg: api.Module, Func: "KeyMap"}) && n.TypeArgs().Len() == 2 {
		if key := n.TypeArgs().At(0); !hasSlots(key) {
			examine(pass, at, key, n.TypeArgs().At(1))
		}
		return
	}
	s, ok := n.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for field := range s.Fields() {
		if key, value, ok := weakMap(field.Type()); ok {
			examine(pass, at, key, value)
		}
	}
}

// inReceiver reports whether c stands in the receiver of a method, where the
// type's arguments are its parameters.
func inReceiver(c inspector.Cursor) bool {
	for p := range c.Enclosing((*ast.FieldList)(nil)) {
		if p.ParentEdgeKind() == edge.FuncDecl_Recv {
			return true
		}
	}
	return false
}

// hasSlots reports whether t embeds weakref.Slots, with which a KeyMap keeps
// values in their keys.
func hasSlots(t types.Type) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if f.Embedded() && api.TypeName(f.Type()) == (api.Name{Pkg: api.Module, Func: "Slots"}) {
			return true
		}
	}
	return false
}

// syncMap looks at m.Store(weak.Make(k), v) and the like on a sync.Map.
func syncMap(pass *analysis.Pass, w *sites.WeakArg) {
	call, ok := w.Cursor.Parent().Node().(*ast.CallExpr)
	if !ok || w.Cursor.ParentEdgeKind() != edge.CallExpr_Args || w.Cursor.ParentEdgeIndex() != 0 || len(call.Args) < 2 {
		return
	}
	switch name := api.NameOf(api.Callee(pass.TypesInfo, call)); name {
	case api.Name{Pkg: "sync", Recv: "Map", Func: "Store"},
		api.Name{Pkg: "sync", Recv: "Map", Func: "LoadOrStore"},
		api.Name{Pkg: "sync", Recv: "Map", Func: "Swap"}:
	default:
		return
	}
	if key, ok := api.WeakElem(pass.TypesInfo.TypeOf(w.Call)); ok {
		examine(pass, call, key, pass.TypesInfo.TypeOf(call.Args[1]))
	}
}

func examine(pass *analysis.Pass, at ast.Node, key, value types.Type) {
	if _, ok := key.(*types.TypeParam); ok {
		return
	}
	path, ok := reach(value, key, 6, make(map[types.Type]bool))
	if !ok {
		return
	}
	rel := types.RelativeTo(pass.Pkg)
	report.Reportf(pass, at, "the value can refer to its key (%s%s is a *%s): such an entry keeps its key alive and never goes away; use a weak pointer or an identifier there",
		types.TypeString(value, rel), strings.Join(path, ""), types.TypeString(key, rel))
}

// reach returns the way from a value of type t to a pointer to key.
func reach(t, key types.Type, depth int, seen map[types.Type]bool) ([]string, bool) {
	if depth < 0 || seen[t] {
		return nil, false
	}
	seen[t] = true
	if _, weak := api.WeakElem(t); weak {
		return nil, false
	}
	step := func(name string, t types.Type) ([]string, bool) {
		path, ok := reach(t, key, depth-1, seen)
		return append([]string{name}, path...), ok
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		if types.Identical(u.Elem(), key) {
			return nil, true
		}
		return reach(u.Elem(), key, depth, seen)
	case *types.Slice:
		return step("[i]", u.Elem())
	case *types.Array:
		return step("[i]", u.Elem())
	case *types.Chan:
		return step("<-", u.Elem())
	case *types.Map:
		if path, ok := step(".key", u.Key()); ok {
			return path, true
		}
		return step("[k]", u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if path, ok := step("."+f.Name(), f.Type()); ok {
				return path, true
			}
		}
	}
	return nil, false
}
