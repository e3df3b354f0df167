package a

import (
	"os"
	"runtime"
	"sync"
)

type T struct {
	first  struct{ n int }
	second struct{ n int }
	empty  struct{}
	arr    [4]int
	next   *T
}

type lead struct {
	_     struct{}
	first int
}

type outer struct {
	n int
	T
}

type pouter struct {
	n int
	*T
}

func (t *T) free() {}

func newT() *T { return new(T) }

var (
	table    T
	constant = newT()
	replaced = newT()
	Exported = newT()
)

func reset() { replaced = newT() }

func globals() {
	runtime.SetFinalizer(&table, (*T).free)            // want `table is a package-level variable and is never collected, so the finalizer never runs, not even when the program ends; call it where the program shuts down`
	runtime.AddCleanup(&table, func(int) {}, 0)        // want `table is a package-level variable and is never collected, so the cleanup never runs`
	runtime.AddCleanup(&table.second, func(int) {}, 0) // want `table is a package-level variable`
	runtime.SetFinalizer(constant, (*T).free)          // want `constant stays in a package-level variable and is never collected, so the finalizer never runs`
	runtime.SetFinalizer(&os.Args, func(*[]string) {}) // want `Args is a package-level variable`
	runtime.SetFinalizer(replaced, (*T).free)
	runtime.SetFinalizer(Exported, (*T).free)
	runtime.SetFinalizer(constant.next, (*T).free)
	runtime.SetFinalizer(&table, nil)
}

func interior(t *T, l *lead, o *outer, p *pouter, v T) *T {
	runtime.SetFinalizer(&t.second, func(*struct{ n int }) {}) // want `runtime.SetFinalizer needs a pointer to the start of an allocation and ends the program here; use runtime.AddCleanup, which takes a pointer into one`
	runtime.SetFinalizer(&t.second.n, func(*int) {})           // want `needs a pointer to the start`
	runtime.SetFinalizer(&t.first.n, func(*int) {})
	runtime.SetFinalizer(&l.first, func(*int) {})
	runtime.SetFinalizer(&o.T, (*T).free)                     // want `needs a pointer to the start`
	runtime.SetFinalizer(&o.first, func(*struct{ n int }) {}) // want `needs a pointer to the start`
	runtime.SetFinalizer(&p.first, func(*struct{ n int }) {})
	runtime.SetFinalizer(&p.second, func(*struct{ n int }) {}) // want `needs a pointer to the start`
	runtime.SetFinalizer(&v.second, func(*struct{ n int }) {}) // want `needs a pointer to the start`
	runtime.AddCleanup(&t.second, func(int) {}, 0)
	return &v
}

var pool sync.Pool

func pooled() *T {
	p := pool.Get().(*T)
	runtime.SetFinalizer(p, (*T).free)               // want `an object from a sync.Pool comes back`
	runtime.SetFinalizer(pool.Get(), func(t any) {}) // want `an object from a sync.Pool comes back`
	runtime.AddCleanup(p, func(int) {}, 0)
	return p
}

type hint struct {
	m map[string]int
	n *int
}

func (h *hint) record() { *h.n = len(h.m) }

func dropped(n *int) map[string]int {
	m := make(map[string]int)
	h := &hint{m, n}
	runtime.SetFinalizer(h, (*hint).record) // want `nothing refers to this object once the function has returned, so the finalizer runs at the next collection, while what the object refers to is in use; use runtime.AddCleanup on what the caller holds`
	return m
}

func kept(n *int) *hint {
	h := &hint{nil, n}
	runtime.SetFinalizer(h, (*hint).record)
	return h
}

// Sentinels tell of collections.

type sentinel struct{ f func() }

func sentinels(done chan bool) {
	s := &sentinel{}
	runtime.SetFinalizer(s, func(*sentinel) { close(done) })
	t := &sentinel{}
	runtime.SetFinalizer(t, rearm)
	runtime.SetFinalizer(&sentinel{}, func(s *sentinel) { s.f() })
}

func rearm(s *sentinel) {
	s.f()
	runtime.SetFinalizer(s, rearm)
}

func ignored() {
	//weakvet:ignore finalizertarget a test of the directive
	runtime.SetFinalizer(&table, (*T).free)
}
