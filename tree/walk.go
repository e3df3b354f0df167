package tree

import (
	"iter"
	"runtime"
)

// Descendants returns an iterator over all nodes below n, each before its children.
// The loop may change the tree: a node's children are those that it has when the loop
// is done with the node itself, and each of them is seen if it is still a child of that
// node when its turn comes. So a node that moves may be seen twice, or not at all. The
// walk does not recurse, and needs memory in proportion to the number of nodes above
// the current one that have further children. As every walk, it keeps n while it lasts,
// so that its nodes have their parents.
func (n *Node[T]) Descendants() iter.Seq[*Node[T]] {
	return func(yield func(*Node[T]) bool) {
		var above []family[T]
		for f := n.take(); ; {
			c := f.next()
			for c == nil {
				if len(above) == 0 {
					runtime.KeepAlive(n)
					return
				}
				f, above = pop(above)
				c = f.next()
			}
			if !yield(c) {
				return
			}
			if c.kids != nil {
				if len(f.list) > 0 {
					above = append(above, f)
				}
				f = c.take()
			}
		}
	}
}

// DescendantsPostOrder returns an iterator over all nodes below n, each after its
// children. The loop may change the tree: a node's children are those that it has when
// the walk comes to it from above, and each node is entered, and later seen, if it is
// then still a child of the node from which the walk came. The walk does not recurse,
// and needs memory in proportion to the depth.
func (n *Node[T]) DescendantsPostOrder() iter.Seq[*Node[T]] {
	return func(yield func(*Node[T]) bool) {
		type level struct {
			family[T]
			node *Node[T] // whose children they are
		}
		levels := []level{{n.take(), n}}
		for {
			at := &levels[len(levels)-1]
			c := at.next()
			switch {
			case c == nil:
				if len(levels) == 1 {
					return
				}
				c, levels = at.node, levels[:len(levels)-1]
				if c.parent != levels[len(levels)-1].self {
					continue
				}
			case c.kids != nil:
				levels = append(levels, level{c.take(), c})
				continue
			}
			if !yield(c) {
				return
			}
		}
	}
}

// DescendantsByLevel returns an iterator over all nodes below n, those closest to n
// first, from left to right. The loop may change the tree; what Descendants says holds.
// The walk needs memory in proportion to the nodes of a level that have children.
func (n *Node[T]) DescendantsByLevel() iter.Seq[*Node[T]] {
	return func(yield func(*Node[T]) bool) {
		below := []family[T]{n.take()}
		for len(below) > 0 {
			f := below[0]
			below[0] = family[T]{}
			below = below[1:]
			for c := f.next(); c != nil; c = f.next() {
				if !yield(c) {
					return
				}
				if c.kids != nil {
					below = append(below, c.take())
				}
			}
		}
		runtime.KeepAlive(n)
	}
}

// pop removes the last family.
func pop[T any](all []family[T]) (family[T], []family[T]) {
	last := len(all) - 1
	f := all[last]
	all[last] = family[T]{}
	return f, all[:last]
}
