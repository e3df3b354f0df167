package calls

import (
	"weak"
	"weakdiscard/lib"

	"github.com/weakref-go/weakref"
)

var w weak.Pointer[lib.T]

func bad() {
	w = weak.Make(lib.New("a"))        // want `nothing but this weak pointer refers to the object that New returns`
	w = weak.Make(lib.NewFilled("a"))  // want `NewFilled returns`
	w = weak.Make(lib.NewThrough("a")) // want `NewThrough returns`
	w = weak.Make(build())             // want `build returns`
	lib.Registry.Add(lib.New("a"))     // want `New returns`
	_ = weakref.Make(weakref.Box(42))  // want `Box returns`
	w = weak.Make(new(lib.T))          // want `the new object`
}

func build() *lib.T {
	t := lib.New("b")
	return t
}

func good(get func() *lib.T, m map[string]*lib.T) *lib.T {
	w = weak.Make(lib.NewHeld("a"))
	w = weak.Make(lib.NewRegistered("a"))
	w = weak.Make(lib.Either(true))
	w = weak.Make(lib.Captured(nil))
	w = weak.Make(get())
	w = weak.Make(m["a"])
	t := lib.New("a")
	w = weak.Make(t)
	return t
}
