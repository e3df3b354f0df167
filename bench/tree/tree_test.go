package tree

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/weakref-go/weakref/bench/internal/cputime"
	"github.com/weakref-go/weakref/tree"
)

// hand is a node as one writes it by hand.
type hand struct {
	value  int
	parent *hand
	kids   []*hand
}

func (h *hand) append(c *hand) {
	c.detach()
	c.parent = h
	h.kids = append(h.kids, c)
}

func (h *hand) detach() {
	p := h.parent
	if p == nil {
		return
	}
	i := slices.Index(p.kids, h)
	p.kids = slices.Delete(p.kids, i, i+1)
	h.parent = nil
}

// walk is a walk as one writes it by hand: it recurses.
func (h *hand) walk(f func(*hand)) {
	for _, c := range h.kids {
		f(c)
		c.walk(f)
	}
}

// each is hand's walk as an iterator.
func (h *hand) each(yield func(*hand) bool) { h.push(yield) }

func (h *hand) push(yield func(*hand) bool) bool {
	for _, c := range h.kids {
		if !yield(c) || !c.push(yield) {
			return false
		}
	}
	return true
}

type node = tree.Node[int]

const (
	million = 1_000_000
	fanout  = 8
)

// buildHand makes a tree of n nodes in which each parent has some number of children,
// level by level, and returns them all.
func buildHand(all []*hand, fanout int) {
	all[0] = new(hand)
	for i := 1; i < len(all); i++ {
		all[i] = &hand{value: i}
		all[(i-1)/fanout].append(all[i])
	}
}

func buildTree(all []*node, fanout int) {
	all[0] = new(node)
	for i := 1; i < len(all); i++ {
		all[i] = &node{Value: i}
		all[(i-1)/fanout].Append(all[i])
	}
}

// perNode measures f, which does something for each of n nodes. before is not
// measured.
func perNode(b *testing.B, name string, n int, before func(), f func()) {
	b.Run(name, func(b *testing.B) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var used time.Duration
		for range b.N {
			before()
			runtime.GC()
			start := cputime.Thread()
			f()
			used += cputime.Thread() - start
		}
		b.ReportMetric(float64(used)/float64(b.N)/float64(n), "cpu-ns/node")
		b.ReportMetric(0, "ns/op")
	})
}

func BenchmarkAppend(b *testing.B) {
	hands, nodes := make([]*hand, million), make([]*node, million)
	perNode(b, "impl=hand/n=1000000", million, func() { clear(hands) }, func() { buildHand(hands, fanout) })
	clear(hands)
	perNode(b, "impl=tree/n=1000000", million, func() { clear(nodes) }, func() { buildTree(nodes, fanout) })
}

func BenchmarkDetach(b *testing.B) {
	hands, nodes := make([]*hand, million), make([]*node, million)
	perNode(b, "impl=hand/n=1000000", million, func() { buildHand(hands, fanout) }, func() {
		for _, h := range hands[1:] {
			h.detach()
		}
	})
	clear(hands)
	perNode(b, "impl=tree/n=1000000", million, func() { buildTree(nodes, fanout) }, func() {
		for _, n := range nodes[1:] {
			n.Detach()
		}
	})
	clear(nodes)
	perNode(b, "impl=tree-walked/n=1000000", million, func() {
		buildTree(nodes, fanout)
		for range nodes[0].Descendants() {
		}
	}, func() {
		for _, n := range nodes[1:] {
			n.Detach()
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	hands, nodes := make([]*hand, million), make([]*node, million)
	buildHand(hands, fanout)
	buildTree(nodes, fanout)
	sum := 0
	nothing := func() {}
	perNode(b, "impl=hand/n=1000000", million, nothing, func() { hands[0].walk(func(h *hand) { sum += h.value }) })
	perNode(b, "impl=hand-iterator/n=1000000", million, nothing, func() {
		for h := range hands[0].each {
			sum += h.value
		}
	})
	perNode(b, "impl=tree/n=1000000", million, nothing, func() {
		for n := range nodes[0].Descendants() {
			sum += n.Value
		}
	})
	perNode(b, "impl=tree-post/n=1000000", million, nothing, func() {
		for n := range nodes[0].DescendantsPostOrder() {
			sum += n.Value
		}
	})
	perNode(b, "impl=tree-level/n=1000000", million, nothing, func() {
		for n := range nodes[0].DescendantsByLevel() {
			sum += n.Value
		}
	})
	if sum == 0 {
		b.Error("nothing was seen")
	}
	runtime.KeepAlive(hands)
	runtime.KeepAlive(nodes)
}

// BenchmarkMemory reports the heap that a tree takes, per node. The runtime's records
// of weak pointers are not on the heap: 32 bytes for each node that has children.
func BenchmarkMemory(b *testing.B) {
	for _, fanout := range []int{fanout, 1} {
		heap(b, fmt.Sprintf("impl=hand/op=memory/fanout=%d", fanout), func(all []*hand) { buildHand(all, fanout) })
		heap(b, fmt.Sprintf("impl=tree/op=memory/fanout=%d", fanout), func(all []*node) { buildTree(all, fanout) })
	}
}

func heap[N any](b *testing.B, name string, build func([]*N)) {
	b.Run(name, func(b *testing.B) {
		used := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		var total uint64
		for range b.N {
			all := make([]*N, million)
			before := used()
			build(all)
			after := used()
			total += after - before
			runtime.KeepAlive(all)
		}
		b.ReportMetric(float64(total)/float64(b.N)/million, "bytes/node")
		b.ReportMetric(0, "ns/op")
	})
}

// BenchmarkChain makes every node a parent, so that each has a weak record. That is
// made from the top down, and from nodes that lie in memory in descending order.
func BenchmarkChain(b *testing.B) {
	hands, nodes := make([]*hand, million), make([]*node, million)
	nothing := func() {}
	perNode(b, "impl=hand/n=1000000", million, nothing, func() { buildHand(hands, 1) })
	clear(hands)
	perNode(b, "impl=tree/n=1000000", million, nothing, func() { buildTree(nodes, 1) })
	clear(nodes)
	made := func() {
		for i := range nodes {
			nodes[i] = &node{Value: i}
		}
	}
	perNode(b, "impl=tree-made-before/n=1000000", million, made, func() {
		for i, n := range nodes[1:] {
			nodes[i].Append(n)
		}
	})
	perNode(b, "impl=tree-made-before-descending/n=1000000", million, func() { made(); slices.Reverse(nodes) }, func() {
		for i, n := range nodes[1:] {
			nodes[i].Append(n)
		}
	})
}
