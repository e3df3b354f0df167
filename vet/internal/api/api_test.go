package api

import (
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/go/packages"
)

// TestOwnModule compares what the checks know of the weakref module with the
// module itself, which is the parent of this one, and with the standard library.
func TestOwnModule(t *testing.T) {
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports,
		Dir:  filepath.Join("..", "..", ".."),
	}, paths()...)
	if err != nil {
		t.Fatal(err)
	}
	byPath := make(map[string]*types.Package)
	for _, p := range pkgs {
		byPath[p.PkgPath] = p.Types
	}
	if byPath[Module] == nil {
		t.Skip("the weakref module is not beside this one")
	}
	for p := range holdings {
		fn, ok := find(t, byPath, p.fn)
		if !ok {
			t.Errorf("there is no %v", p.fn)
			continue
		}
		params := fn.Signature().Params()
		if p.arg >= params.Len() {
			t.Errorf("%v has %d parameters", p.fn, params.Len())
		} else if _, ok := params.At(p.arg).Type().(*types.Pointer); !ok {
			t.Errorf("parameter %d of %v is a %v, want a pointer", p.arg, p.fn, params.At(p.arg).Type())
		}
	}
	for name := range kept {
		if _, ok := find(t, byPath, name); !ok {
			t.Errorf("there is no %v", name)
		}
	}
}

// paths returns the packages that the checks know something of.
func paths() []string {
	paths := map[string]bool{Module: true}
	for p := range holdings {
		paths[p.fn.Pkg] = true
	}
	for name := range kept {
		paths[name.Pkg] = true
	}
	return slices.Collect(maps.Keys(paths))
}

// find returns the function called name, if there is one.
func find(t *testing.T, pkgs map[string]*types.Package, name Name) (*types.Func, bool) {
	pkg := pkgs[name.Pkg]
	if pkg == nil {
		return nil, false
	}
	if name.Recv == "" {
		fn, ok := pkg.Scope().Lookup(name.Func).(*types.Func)
		return fn, ok
	}
	recv := pkg.Scope().Lookup(name.Recv)
	if recv == nil {
		return nil, false
	}
	obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(recv.Type()), true, pkg, name.Func)
	fn, ok := obj.(*types.Func)
	if !ok {
		t.Errorf("%s.%s has no method %s", name.Pkg, name.Recv, name.Func)
	}
	return fn, ok
}
