//lint:file-ignore U1000 what only holds something is not used otherwise

package main

import (
	"os"
	"runtime"
)

type CleanArg struct {
	why string
	obj *Target
}

type cycle struct {
	t    *Target
	peer *cycle
}

type conn struct {
	t   *Target
	fd  int
	pad [4]int
}

var (
	keepUser *User
	keepFile *os.File
)

//go:noinline
func specials() {
	t := held("cleanup whose argument refers to its object", `cleanup main.specials.func1 (specials.go:@cleanup1) argument.obj`)
	runtime.AddCleanup(t, func(a *CleanArg) { use(a) }, &CleanArg{"x", t}) // @cleanup1
	t = held("cleanup that captures its object", `cleanup main.specials.func2 (specials.go:@cleanup2) captures h → *main.CleanArg.obj`)
	h := &CleanArg{"indirect", t}
	runtime.AddCleanup(t, func(int) { use(h) }, 1) // @cleanup2
	// What an object that its own cleanup holds refers to.
	c := &conn{t: held("below an object that its cleanup holds", `cleanup main.specials.func3 (specials.go:@cleanup3) captures all[0].t`)}
	all := []*conn{c}
	runtime.AddCleanup(c, func(int) { use(all) }, 1) // @cleanup3

	// An object with a finalizer in a cycle is never collected.
	a := &cycle{t: held("finalizer on a cycle", `finalizer main.specials.func4 (specials.go:@final1) of a *main.cycle.t`)}
	a.peer = &cycle{peer: a}
	runtime.SetFinalizer(a, func(*cycle) {}) // @final1

	f := held("finalizer that captures", `finalizer main.specials.func5 (specials.go:@final2) of a *main.User captures f`)
	keepUser = &User{Name: "has a finalizer", ID: 99}
	runtime.SetFinalizer(keepUser, func(*User) { use(f) }) // @final2
}
