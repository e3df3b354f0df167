package conformance_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

// What CPython's test_gc and test_finalization check of weak references: finalizers
// (runtime.SetFinalizer, which can bring an object back) beside weak handles.

// node is an object of a graph that has finalizers.
type node struct {
	name string
	next any
	wr   weakref.Ref[node]
}

// A callback of one dead object looks at another through a weak reference without
// a callback: both died together, so it sees nothing.
func TestCPython_gc_bug1055820c(t *testing.T) {
	var c calls
	func() {
		a, b := &node{name: "a"}, &node{name: "b"}
		a.next, b.next = b, a
		weakref.Finalize(b, func(wr weakref.Ref[node]) { c.add(wr.String()) }, weakref.Make(a))
	}()
	c.await(t, 1)
	c.want(t, "weakref.Ref[conformance_test.node](dead)")
}

// The same with a finalizer that reaches both. What a finalizer of the runtime reaches
// is not dead yet: it sees all of it, and the callback comes later.
func TestCPython_gc_bug1055820d(t *testing.T) {
	var c calls
	func() {
		a, b, last := &node{name: "a"}, &node{name: "b"}, &node{name: "last"}
		a.next, b.next, last.next = b, a, a
		last.wr = weakref.Make(a)
		runtime.SetFinalizer(last, func(last *node) {
			c.add(fmt.Sprint("finalizer sees a: ", last.wr.Value() == last.next))
		})
		weakref.Finalize(b, func(wr weakref.Ref[node]) { c.add(fmt.Sprint("callback sees a: ", wr.Value() != nil)) }, weakref.Make(a))
	}()
	c.await(t, 2)
	c.want(t, "finalizer sees a: true", "callback sees a: false")
}

// bpo-38006: weak references are dead before a finalizer could use them to call into
// what is being torn down.
func TestCPython_gc_trash_weakref_clear(t *testing.T) {
	var c calls
	func() {
		m := new(mailer)
		f, r := weakref.Bind(m, (*mailer).send), weakref.Make(m)
		runtime.SetFinalizer(m, func(m *mailer) {
			c.add(fmt.Sprint("called: ", f.Call("x"), ", ref alive: ", r.Value() != nil, ", sent: ", len(m.sent)))
		})
	}()
	c.await(t, 1)
	c.want(t, "called: false, ref alive: false, sent: 0")
}

// gh-91636: weak references that finalizers make die like others.
func TestCPython_gc_weakrefs_created_by_finalizers(t *testing.T) {
	made := make(chan [2]weakref.Ref[node], 1)
	var m weakref.ValueMap[string, node]
	func() {
		p := &node{name: "p", next: &node{name: "q"}}
		runtime.SetFinalizer(p, func(p *node) {
			q := p.next.(*node)
			m.Store("p", p)
			m.Store("q", q)
			made <- [2]weakref.Ref[node]{weakref.Make(p), weakref.Make(q)}
		})
	}()
	weaktest.Eventually(t, "the finalizer has run", func() bool { return len(made) == 1 })
	for _, r := range <-made {
		weaktest.MustCollect(t, r)
	}
	weaktest.Eventually(t, "the map is empty", func() bool { return m.Len() == 0 })
}

// graph is nodes of some shape, watched in every way.
type graph struct {
	root *node
	all  []*node
}

var shapes = map[string]func() graph{
	"simple":     func() graph { n := &node{}; return graph{n, []*node{n}} },
	"self cycle": func() graph { n := &node{}; n.next = n; return graph{n, []*node{n}} },
	"chain": func() graph {
		a, b, c := &node{}, &node{}, &node{}
		a.next, b.next, c.next = b, c, a
		return graph{a, []*node{a, b, c}}
	},
	"heterogeneous": func() graph {
		a, b := &node{}, &node{}
		a.next, b.next = &session{meta: &meta{iface: b}}, &object{next: &object{}}
		m := new(weakref.KeyMap[node, any]) // a map as a part of the ring
		m.Store(b, a)
		b.next = m
		return graph{a, []*node{a, b}}
	},
}

// watched gives the nodes finalizers and entries in a map. They hold nothing.
func (g graph) watched(c *calls, m *weakref.ValueMap[int, node]) (refs []weakref.Ref[node]) {
	for i, n := range g.all {
		n.name = fmt.Sprint(i)
		weakref.Finalize(n, c.add, n.name)
		m.Store(i, n)
		refs = append(refs, weakref.Make(n))
	}
	return refs
}

// TestCPython_finalization runs simple, self cycle, chain and heterogeneous, each of
// which dies; is brought back by a finalizer and dies later; or has a finalizer that
// takes it apart.
//
// As Go's finalizers do not run for an object in a ring that refers to itself, an
// anchor outside the ring has the finalizer.
func TestCPython_finalization(t *testing.T) {
	for shape, build := range shapes {
		t.Run(strings.ReplaceAll(shape, " ", "_"), func(t *testing.T) {
			t.Run("dies", func(t *testing.T) { finalization(t, build, nil) })
			t.Run("resurrect", func(t *testing.T) {
				finalization(t, build, func(back chan *node, anchor *node) { back <- anchor.next.(*node) })
			})
			t.Run("suicide", func(t *testing.T) {
				finalization(t, build, func(back chan *node, anchor *node) {
					anchor.next.(*node).next = nil
					anchor.next = nil
				})
			})
		})
	}
}

func finalization(t *testing.T, build func() graph, finalizer func(back chan *node, anchor *node)) {
	var c calls
	var m weakref.ValueMap[int, node]
	back := make(chan *node, 1)
	refs := func() []weakref.Ref[node] {
		g := build()
		if finalizer != nil {
			anchor := &node{name: "anchor", next: g.root}
			runtime.SetFinalizer(anchor, func(anchor *node) { finalizer(back, anchor); c.add("finalizer") })
		}
		return g.watched(&c, &m)
	}()
	n := len(refs)
	if finalizer != nil {
		weaktest.Eventually(t, "the finalizer has run", func() bool { return len(c.get()) > 0 })
		n++
	}
	if len(back) == 1 {
		root := <-back
		settle(t)
		if v, ok := m.Load(0); v != root || !ok || refs[0].Value() != root || len(c.get()) != 1 || m.Len() != len(refs) {
			t.Errorf("what was brought back is dead to weak references, or reported: %q", c.get())
		}
		runtime.KeepAlive(root)
	}
	c.await(t, n)
	for _, r := range refs {
		if r.Value() != nil {
			t.Error("reported and alive")
		}
	}
	weaktest.Eventually(t, "the map is empty", func() bool { return m.Len() == 0 })
}

// An object that its own finalizer brings back is a new one to weak references: the old
// ones and what was registered for it have seen it die.
func TestCPython_finalization_simple_resurrect(t *testing.T) {
	var c calls
	var m weakref.ValueMap[int, node]
	back := make(chan *node, 1)
	old := func() []weakref.Ref[node] {
		g := shapes["simple"]()
		runtime.SetFinalizer(g.root, func(n *node) { back <- n })
		return g.watched(&c, &m)
	}()
	weaktest.Eventually(t, "it is brought back", func() bool { return len(back) == 1 })
	c.await(t, 1)
	n := <-back
	if old[0].Value() != nil || weakref.Make(n) == old[0] {
		t.Error("an old reference knows what was brought back")
	}
	if _, ok := m.Load(0); ok {
		t.Error("the map has what was brought back")
	}
	again := graph{n, []*node{n}}.watched(&c, &m)
	settle(t)
	if again[0].Value() != n || m.Len() != 1 || len(c.get()) != 1 {
		t.Error("what was brought back cannot be referred to")
	}
	runtime.KeepAlive(n)
	n = nil
	c.await(t, 2)
	weaktest.Eventually(t, "the map is empty", func() bool { return m.Len() == 0 })
}
