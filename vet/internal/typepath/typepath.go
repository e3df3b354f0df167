// Package typepath finds the way that references can take from a value of one type to a
// value of another.
package typepath

import (
	"go/types"

	"github.com/weakref-go/weakref/vet/internal/api"
)

// depth is how many steps are followed.
const depth = 6

// To returns the way from a value of type t to one whose type is what is looked for, as
// it would be written behind the value. It follows pointers, slices, arrays, maps,
// channels and structs, and stops at weak pointers, interfaces and functions.
func To(t types.Type, is func(types.Type) bool) (path []string, ok bool) {
	w := walk{is: is, seen: make(map[types.Type]bool)}
	return w.from(t, depth)
}

type walk struct {
	is   func(types.Type) bool
	seen map[types.Type]bool
}

func (w *walk) from(t types.Type, depth int) ([]string, bool) {
	if depth < 0 || w.seen[t] {
		return nil, false
	}
	w.seen[t] = true
	if w.is(t) {
		return nil, true
	}
	if _, weak := api.WeakElem(t); weak {
		return nil, false
	}
	step := func(name string, t types.Type) ([]string, bool) {
		path, ok := w.from(t, depth-1)
		return append([]string{name}, path...), ok
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return w.from(u.Elem(), depth)
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
