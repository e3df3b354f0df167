package tree

import (
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/nursery"
)

// anchor is what the children of a node refer to weakly, in place of the node: only the
// node refers to its anchor, and the anchor to the node, so they live and die
// together.
//
//	parent ──► kids ──► anchor ◄╌╌╌ child, child, child
//	   ▲                  │
//	   └──────────────────┘
//
// Anchors are there for the order in which they are made. The runtime keeps the weak
// records of a span in a list sorted by address, and walks it from the lowest to add
// one. The nodes of a tree come in ascending order as a rule, so each record would walk
// past all before it. Anchors are handed out in descending order; see docs/decisions/0060.
type anchor struct {
	node unsafe.Pointer // a *Node[T]
	kids unsafe.Pointer // its *kids[T]
}

// newKids returns what a node n needs to have children.
func newKids[T any](n *Node[T]) *kids[T] {
	a := anchors.Get()
	k := &kids[T]{self: handle.Of(a), anchor: a}
	a.node, a.kids = unsafe.Pointer(n), unsafe.Pointer(k)
	return k
}

// anchorOf returns the anchor that h refers to, or nil if it is dead.
func anchorOf[T any](h handle.H) *anchor {
	if handle.Direct[T]() {
		return handle.Weak[anchor](h).Value() // Strong, but for one call
	}
	return handle.Strong[anchor](h)
}

// nodeOf returns the node whose anchor h refers to, or nil if it is dead. It is safe,
// and so is kidsOf, because trees of different types share no anchor.
func nodeOf[T any](h handle.H) *Node[T] {
	if a := anchorOf[T](h); a != nil {
		return (*Node[T])(a.node)
	}
	return nil
}

// kidsOf is nodeOf for what the node has if it has children.
func kidsOf[T any](h handle.H) *kids[T] {
	if a := anchorOf[T](h); a != nil {
		return (*kids[T])(a.kids)
	}
	return nil
}

// anchors hands out new ones for all trees, in batches of four spans: with fewer, too many
// batches begin in the middle of a span.
var anchors = nursery.Nursery[anchor]{Largest: 2048}
