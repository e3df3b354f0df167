package heap

import (
	"slices"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/names"
)

// Chain is a chain of holders: each retains the next, and the last is the objects
// themselves.
type Chain struct {
	Holders []string // outermost first
	Objects int
	Bytes   uint64
	Example Object // one of the objects
}

// Chains sorts what roots lead to by the chains of its dominators. The bytes of all
// chains that begin alike are what that holder retains, so they make a flame
// graph. Holders of one kind count as one.
func (t *Dominators) Chains() []Chain {
	f := folder{Dominators: t, census: t.d.take(), nodes: make([]chainNode, 1), keys: map[chainKey]uint32{}, of: make([]uint32, t.d.heap.Len())}
	for i, o := range t.tree.Order {
		f.add(o)
		if i&(1<<16-1) == 0 {
			t.d.report("sorting by holders", float64(i)/float64(len(t.tree.Order)))
		}
	}
	return f.chains()
}

// chainNode is a holder in a tree of holders.
type chainNode struct {
	parent  uint32
	label   string
	objects int
	bytes   uint64
	example graph.ID
}

// chainKey tells the holders below one holder apart.
type chainKey struct {
	parent uint32
	node   uint32 // of the census
	direct bool   // the holder refers to it by itself
}

// folder folds the dominator tree into a tree of holders.
type folder struct {
	*Dominators
	census *names.Census
	nodes  []chainNode
	keys   map[chainKey]uint32
	of     []uint32 // by object: its node
}

func (f *folder) add(o graph.ID) {
	key := chainKey{node: f.census.Of(o)}
	if dom := f.tree.Dominator(o); dom != graph.None {
		by, _ := f.d.search.Parent(o)
		key.parent, key.direct = f.of[dom], by == dom
	}
	n, ok := f.keys[key]
	if !ok {
		n = f.node(key)
		f.keys[key] = n
	}
	f.of[o] = n
	if f.nodes[n].objects == 0 {
		f.nodes[n].example = o
	}
	f.nodes[n].objects++
	f.nodes[n].bytes += f.d.heap.Size(o)
}

// node makes a node, or finds one above its parent that it repeats: what holds
// its like in a chain of any length is one holder.
func (f *folder) node(key chainKey) uint32 {
	if n := f.census.Nodes[key.node]; key.parent != 0 && isPart(n.Label, n.Type) {
		return key.parent
	}
	label := f.label(key)
	const lookBack = 4
	for up, i := key.parent, 0; up != 0 && i < lookBack; up, i = f.nodes[up].parent, i+1 {
		if f.nodes[up].label == label {
			return up
		}
	}
	f.nodes = append(f.nodes, chainNode{parent: key.parent, label: label})
	return uint32(len(f.nodes) - 1)
}

func (f *folder) label(key chainKey) string {
	n := f.census.Nodes[key.node]
	label := n.Label
	switch {
	case key.parent == 0:
		label = f.census.Path(key.node)
	case !key.direct:
		label = "…"
	}
	switch {
	case n.Type == "":
		return label
	case label == "":
		return n.Type
	}
	return label + " (" + n.Type + ")"
}

// isPart says whether a reference is from one part of a map to another.
func isPart(text, typ string) bool { return text == "" && strings.HasSuffix(typ, partSuffix) }

// partSuffix ends the types of what the runtime has built for a map.
const partSuffix = " (part)"

func (f *folder) chains() []Chain {
	var chains []Chain
	for i, n := range f.nodes {
		if n.objects > 0 {
			chains = append(chains, Chain{f.holders(uint32(i)), n.objects, n.bytes, f.d.typed(n.example)})
		}
	}
	return chains
}

func (f *folder) holders(n uint32) (labels []string) {
	for ; n != 0; n = f.nodes[n].parent {
		labels = append(labels, f.nodes[n].label)
	}
	slices.Reverse(labels)
	return labels
}
