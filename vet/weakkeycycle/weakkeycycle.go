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
	"github.com/weakref-go/weakref/vet/internal/typepath"
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
			if inst, ok := pass.TypesInfo.Instances[n]; ok && !sites.InReceiver(c) {
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
	if key, value, ok := api.KeyMap(n); ok {
		if !api.HasSlots(key) {
			examine(pass, at, key, value)
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
	path, ok := typepath.To(value, func(t types.Type) bool {
		p, ok := t.Underlying().(*types.Pointer)
		return ok && types.Identical(p.Elem(), key)
	})
	if !ok {
		return
	}
	rel := types.RelativeTo(pass.Pkg)
	report.Reportf(pass, at, "the value can refer to its key (%s%s is a *%s): such an entry keeps its key alive and never goes away; use a weak pointer or an identifier there",
		types.TypeString(value, rel), strings.Join(path, ""), types.TypeString(key, rel))
}
