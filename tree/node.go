package tree

import (
	"iter"
	"runtime"
	"slices"

	"github.com/weakref-go/weakref/internal/handle"
)

// Node is a node of a tree: a value, its children, held strongly and in order, and its
// parent, held weakly. Whoever keeps a node keeps its subtree, and nothing above or
// beside it.
//
// The zero Node is a tree of one node; make others with &tree.Node[T]{Value: v}. A Node
// must not be copied after first use.
//
// Any number of goroutines may read a tree at the same time, Value included, if none
// changes it. Whoever changes a tree, by a method that says so or by setting Value,
// must keep all others from reading and changing it meanwhile, as with a map. Trees
// that share no node are independent of each other.
type Node[T any] struct {
	_      noCopy
	Value  T
	parent handle.H // the parent's kids.self; nil: none
	kids   *kids[T] // nil until there is a first child
}

// noCopy has vet complain of copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// Parent returns the node's parent, or nil if it has none, or the parent has been
// collected. It costs about 10 ns.
func (n *Node[T]) Parent() *Node[T] {
	if n.parent == nil {
		return nil
	}
	return nodeOf[T](n.parent)
}

// Root returns the highest node above n that is left: n itself if it has no parent.
// Like all that looks upward, it takes time in proportion to the depth.
func (n *Node[T]) Root() *Node[T] {
	for {
		p := n.Parent()
		if p == nil {
			return n
		}
		n = p
	}
}

// Depth returns the number of n's ancestors.
func (n *Node[T]) Depth() int {
	depth := 0
	for range n.Ancestors() {
		depth++
	}
	return depth
}

// Path returns the nodes from the root to n, both included.
func (n *Node[T]) Path() []*Node[T] {
	path := []*Node[T]{n}
	for p := range n.Ancestors() {
		path = append(path, p)
	}
	slices.Reverse(path)
	return path
}

// Len returns the number of n's children.
func (n *Node[T]) Len() int { return len(n.children()) }

// Child returns the i-th child, counted from 0. It panics if there is none.
func (n *Node[T]) Child(i int) *Node[T] { return n.children()[i] }

// Index returns n's place among its parent's children, or -1 if it has no parent. It
// looks from both ends at once, so in the middle of many children it takes time in
// proportion to their number.
func (n *Node[T]) Index() int {
	if n.parent == nil {
		return -1
	}
	k := kidsOf[T](n.parent)
	if k == nil {
		return -1
	}
	return k.index(n)
}

// Ancestors returns an iterator over n's parent, its parent, and so on. The loop may
// change the tree: what follows an ancestor is the parent that it has then.
func (n *Node[T]) Ancestors() iter.Seq[*Node[T]] {
	return func(yield func(*Node[T]) bool) {
		for p := n.Parent(); p != nil && yield(p); p = p.Parent() {
		}
	}
}

// Children returns an iterator over n's children in order. The loop may change the
// tree: the iterator yields each child that n had when the loop began, and has when its
// turn comes, in the order of the beginning. The loop keeps n.
func (n *Node[T]) Children() iter.Seq[*Node[T]] {
	return func(yield func(*Node[T]) bool) {
		f := n.take()
		for c := f.next(); c != nil; c = f.next() {
			if !yield(c) {
				return
			}
		}
		runtime.KeepAlive(n) // whom the children do not keep
	}
}

// Siblings returns an iterator over the other children of n's parent in order; what
// Children says holds. A node without a parent has none.
func (n *Node[T]) Siblings() iter.Seq[*Node[T]] {
	return func(yield func(*Node[T]) bool) {
		p := n.Parent()
		if p == nil {
			return
		}
		for c := range p.Children() {
			if c != n && !yield(c) {
				return
			}
		}
	}
}

// children returns the list of children, for looking at it at once.
func (n *Node[T]) children() []*Node[T] {
	if n.kids == nil {
		return nil
	}
	return n.kids.list()
}

// family is the children that are left of those that a node had when the family was
// taken.
type family[T any] struct {
	list []*Node[T]
	self handle.H // of the parent
}

// take returns the node's children, safe from changes.
func (n *Node[T]) take() family[T] {
	k := n.kids
	if k == nil {
		return family[T]{}
	}
	if !k.shared.Load() {
		k.shared.Store(true)
	}
	return family[T]{k.list(), k.self}
}

// next returns the next one that is still a child, or nil.
func (f *family[T]) next() *Node[T] {
	for len(f.list) > 0 {
		c := f.list[0]
		f.list = f.list[1:]
		if c.parent == f.self {
			return c
		}
	}
	return nil
}
