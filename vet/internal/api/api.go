// Package api knows the functions that the checks are about: those of runtime,
// weak and unique, and the containers of the weakref module.
package api

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// Module is the path of the module whose containers are known to the checks.
const Module = "github.com/weakref-go/weakref"

// Name is the name of a function or a method, without type arguments.
type Name struct {
	Pkg  string // import path
	Recv string // type name of the receiver, empty for a function
	Func string
}

// NameOf returns the name of fn, which may be nil.
func NameOf(fn *types.Func) Name {
	if fn == nil || fn.Pkg() == nil {
		return Name{}
	}
	n := Name{Pkg: fn.Pkg().Path(), Func: fn.Name()}
	if recv := fn.Signature().Recv(); recv != nil {
		n.Recv = TypeName(recv.Type()).Func
	}
	return n
}

// TypeName returns the package and, as Func, the name of t or of the type it
// points to; the zero Name for a type without a name.
func TypeName(t types.Type) Name {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return Name{}
	}
	return Name{Pkg: n.Obj().Pkg().Path(), Func: n.Obj().Name()}
}

// Callee returns the function or method that call calls, or nil if that is
// decided at run time.
func Callee(info *types.Info, call *ast.CallExpr) *types.Func {
	fn := typeutil.StaticCallee(info, call)
	if fn == nil {
		return nil
	}
	return fn.Origin()
}

// Relevant reports whether pkg imports a package that the checks are about.
// Where it does not, most checks have nothing to look for.
func Relevant(pkg *types.Package) bool {
	return slices.ContainsFunc(pkg.Imports(), func(p *types.Package) bool {
		switch path := p.Path(); path {
		case "runtime", "weak", "unique", Module:
			return true
		default:
			return strings.HasPrefix(path, Module+"/")
		}
	})
}

// Kind is the kind of a function that registers code to run at an object's
// death.
type Kind int

const (
	AddCleanup   Kind = iota + 1 // runtime.AddCleanup
	SetFinalizer                 // runtime.SetFinalizer
	Finalize                     // weakref.Finalize
)

// String returns what the function registers.
func (k Kind) String() string {
	if k == SetFinalizer {
		return "finalizer"
	}
	return "cleanup"
}

var registrations = map[Name]Kind{
	{"runtime", "", "AddCleanup"}:   AddCleanup,
	{"runtime", "", "SetFinalizer"}: SetFinalizer,
	{Module, "", "Finalize"}:        Finalize,
}

// Registers returns the kind of fn, 0 if it registers nothing.
func Registers(fn *types.Func) Kind {
	return registrations[NameOf(fn)]
}

// Holding says how a function holds one of its arguments.
type Holding int

const (
	Strongly Holding = iota // or not known
	Weakly                  // the argument dies if nothing else holds it
	Returned                // likewise, but the result may hold it too
)

type param struct {
	fn  Name
	arg int
}

var holdings = map[param]Holding{
	{Name{"weak", "", "Make"}, 0}: Weakly,

	{Name{Module, "", "Make"}, 0}:                     Weakly,
	{Name{Module, "", "Bind"}, 0}:                     Weakly,
	{Name{Module, "", "Finalize"}, 0}:                 Weakly,
	{Name{Module, "ValueMap", "Store"}, 1}:            Weakly,
	{Name{Module, "ValueMap", "LoadOrStore"}, 1}:      Returned,
	{Name{Module, "ValueMap", "Swap"}, 1}:             Weakly,
	{Name{Module, "ValueMap", "CompareAndSwap"}, 2}:   Weakly,
	{Name{Module, "KeyMap", "Store"}, 0}:              Weakly,
	{Name{Module, "KeyMap", "LoadOrStore"}, 0}:        Weakly,
	{Name{Module, "KeyMap", "LoadOrCreate"}, 0}:       Weakly,
	{Name{Module, "KeyMap", "Swap"}, 0}:               Weakly,
	{Name{Module, "KeyMap", "CompareAndSwap"}, 0}:     Weakly,
	{Name{Module, "Set", "Add"}, 0}:                   Weakly,
	{Name{Module + "/event", "", "Subscribe"}, 1}:     Weakly,
	{Name{Module + "/event", "", "SubscribeWith"}, 1}: Weakly,
	{Name{Module + "/leak", "", "Watch"}, 0}:          Weakly,
}

// Holds says how fn holds its argument with index arg.
func Holds(fn *types.Func, arg int) Holding {
	return holdings[param{NameOf(fn), arg}]
}

// Binds reports whether fn keeps a function that is called with its argument
// owner as long as owner lives, and at which index each of the two stands.
func Binds(fn *types.Func) (owner, handler int, ok bool) {
	switch NameOf(fn) {
	case Name{Module + "/event", "", "Subscribe"}, Name{Module + "/event", "", "SubscribeWith"}:
		return 1, 2, true
	case Name{Module, "", "Bind"}:
		return 0, 1, true
	}
	return 0, 0, false
}

const (
	lostValue    = "nothing else keeps the value, which is gone after the next collection"
	neverCounted = "nobody can close it, so what it counts is never released"
)

var kept = map[Name]string{
	{Module, "ValueMap", "LoadOrCreate"}: lostValue,
	{Module, "Interner", "Intern"}:       lostValue,
	{Module, "InternerFunc", "Intern"}:   lostValue,
	{Module, "", "InternBytes"}:          lostValue,
	{Module, "", "Box"}:                  lostValue,
	{Module, "", "NewKey"}:               lostValue,

	{Module + "/rc", "", "New"}:         neverCounted,
	{Module + "/rc", "", "NewCyclic"}:   neverCounted,
	{Module + "/rc", "Strong", "Clone"}: neverCounted,
	{Module + "/rc", "Weak", "Upgrade"}: neverCounted,
}

// MustKeep returns what happens if the caller of fn drops its result, or "" if
// it may.
func MustKeep(fn *types.Func) (otherwise string) {
	return kept[NameOf(fn)]
}

// IsValue reports whether fn is the method of a weak pointer that returns a
// strong one, or nil.
func IsValue(fn *types.Func) bool {
	switch NameOf(fn) {
	case Name{"weak", "Pointer", "Value"}, Name{Module, "Ref", "Value"}:
		return true
	}
	return false
}

// IsLoad reports whether fn looks a value up in a container that holds its
// values weakly, and returns it with a bool.
func IsLoad(fn *types.Func) bool {
	switch NameOf(fn) {
	case Name{Module, "ValueMap", "Load"}, Name{Module + "/cache", "Cache", "Lookup"}:
		return true
	}
	return false
}

// WeakElem returns T if t is a weak.Pointer[T] or a weakref.Ref[T].
func WeakElem(t types.Type) (elem types.Type, ok bool) {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.TypeArgs().Len() != 1 {
		return nil, false
	}
	switch TypeName(n) {
	case Name{Pkg: "weak", Func: "Pointer"}, Name{Pkg: Module, Func: "Ref"}:
		return n.TypeArgs().At(0), true
	}
	return nil, false
}

// KeyMap returns the key's and the value's type if t is a weakref.KeyMap.
func KeyMap(t types.Type) (key, value types.Type, ok bool) {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || TypeName(n) != (Name{Pkg: Module, Func: "KeyMap"}) || n.TypeArgs().Len() != 2 {
		return nil, nil, false
	}
	return n.TypeArgs().At(0), n.TypeArgs().At(1), true
}

// HasSlots reports whether t embeds weakref.Slots, with which a KeyMap keeps values in
// their keys.
func HasSlots(t types.Type) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if f.Embedded() && TypeName(f.Type()) == (Name{Pkg: Module, Func: "Slots"}) {
			return true
		}
	}
	return false
}

// configured are the types with settings: exported fields that are read at the first
// use, and the methods that are such a use.
var configured = map[Name][]string{
	{Pkg: Module, Func: "ValueMap"}:         {"Store", "LoadOrStore", "LoadOrCreate", "Swap", "Compute", "Insert"},
	{Pkg: Module, Func: "KeyMap"}:           {"Store", "LoadOrStore", "LoadOrCreate", "Swap", "Compute", "Insert"},
	{Pkg: Module, Func: "Set"}:              {"Add", "Insert"},
	{Pkg: Module, Func: "Interner"}:         {"Intern"},
	{Pkg: Module, Func: "InternerFunc"}:     {"Intern"},
	{Pkg: Module + "/cache", Func: "Cache"}: {"Get", "GetMany", "Put", "Refresh"},
	{Pkg: Module + "/event", Func: "Bus"}:   {"Subscribe", "SubscribeWith", "Publish"},
	{Pkg: Module + "/rc", Func: "Pool"}:     {"Get"},
}

// Configured reports whether t has settings.
func Configured(t types.Type) bool {
	_, ok := configured[TypeName(t)]
	return ok
}

// Uses reports whether a call of fn, a method of a type with settings or a function that
// takes one as its first argument, is a use after which they are no longer looked at.
func Uses(fn *types.Func) bool {
	name := NameOf(fn)
	if name.Recv == "" {
		return name.Pkg == Module+"/event" && (name.Func == "Subscribe" || name.Func == "SubscribeWith")
	}
	return slices.Contains(configured[Name{Pkg: name.Pkg, Func: name.Recv}], name.Func)
}
