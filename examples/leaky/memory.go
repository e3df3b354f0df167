package main

import (
	"bytes"
	"fmt"
	"runtime"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
)

// # A cleanup that captures its object

type Mapping struct {
	name string
	data []byte
}

// stats counts what is mapped, by name.
type stats struct {
	last *Mapping
	open map[string]int
}

// unmap stands for the system call.
func unmap(data []byte) { clear(data) }

func Map(name string) *Mapping {
	m := &Mapping{name: name, data: make([]byte, 4096)}
	if *fixed {
		runtime.AddCleanup(m, unmap, m.data)
		return m
	}
	st := &stats{last: m, open: map[string]int{name: 1}}
	runtime.AddCleanup(m, func(data []byte) {
		unmap(data)
		delete(st.open, name)
	}, m.data)
	return m
}

//go:noinline
func mapFile() heap.Target {
	return heap.TargetOf(weakref.Make(Map("users.db")))
}

// # A weak-key map whose value holds its key

type Peer struct {
	addr string
	_    [32]byte // keys
}

// Slotted is a Peer that carries its values itself, so that they may refer to it.
type Slotted struct {
	weakref.Slots
	Peer
}

type Quota struct {
	peer *Peer
	left int
}

var (
	quotas  = &weakref.KeyMap[Peer, *Quota]{Name: "quotas"}
	slotted = &weakref.KeyMap[Slotted, *Quota]{Name: "quotas"}
)

//go:noinline
func acceptConn() heap.Target {
	if *fixed {
		s := &Slotted{Peer: Peer{addr: "10.0.0.7"}}
		slotted.Store(s, &Quota{&s.Peer, 100})
		return heap.TargetOf(weakref.Make(s))
	}
	p := &Peer{addr: "10.0.0.7"}
	quotas.Store(p, &Quota{p, 100})
	return heap.TargetOf(weakref.Make(p))
}

// # A free list whose items keep what they last worked on

type Page struct {
	url string
	_   [2048]byte // the body
}

type renderer struct {
	out  bytes.Buffer
	page *Page
}

// renderers is what sync.Pool would be if it never let go.
var renderers = &pool{}

type pool struct{ free []*renderer }

func (p *pool) get() *renderer {
	n := len(p.free)
	if n == 0 {
		return &renderer{}
	}
	r := p.free[n-1]
	p.free = p.free[:n-1]
	return r
}

func (p *pool) put(r *renderer) { p.free = append(p.free, r) }

func render(p *Page) {
	r := renderers.get()
	r.page = p
	fmt.Fprintf(&r.out, "<h1>%s</h1>", p.url)
	r.out.Reset()
	if *fixed {
		r.page = nil
	}
	renderers.put(r)
}

//go:noinline
func renderPage() heap.Target {
	p := &Page{url: "/index.html"}
	render(p)
	return heap.TargetOf(weakref.Make(p))
}
