package slotsmap

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
	for c := range in.Root().Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if inst, ok := pass.TypesInfo.Instances[id]; ok && !sites.InReceiver(c) {
			instance(pass, id, inst.Type)
		}
	}
}

// instance looks at an instantiated generic type: a KeyMap, or a struct with one.
func instance(pass *analysis.Pass, at ast.Node, t types.Type) {
	if _, _, ok := api.KeyMap(t); ok {
		examine(pass, at, t)
		return
	}
	if s, ok := t.Underlying().(*types.Struct); ok && !fromModule(t) {
		for field := range s.Fields() {
			examine(pass, at, field.Type())
		}
	}
}

// fromModule reports whether t is of the module itself: what its types are made of is
// its own affair.
func fromModule(t types.Type) bool {
	pkg := api.TypeName(t).Pkg
	return pkg == api.Module || strings.HasPrefix(pkg, api.Module+"/")
}

func examine(pass *analysis.Pass, at ast.Node, m types.Type) {
	key, value, ok := api.KeyMap(m)
	if !ok || !api.HasSlots(key) {
		return
	}
	path, ok := typepath.To(value, func(t types.Type) bool { return types.Identical(t, m) })
	if !ok {
		return
	}
	rel := types.RelativeTo(pass.Pkg)
	report.Reportf(pass, at, "the value can lead to its own map (%s%s), and is kept in its key: the map lives as long as any of its keys; hold what leads to the map by a weak pointer there",
		types.TypeString(value, rel), strings.Join(path, ""))
}
