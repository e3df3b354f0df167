package tree

import (
	"errors"
	"fmt"
	"slices"
)

// ErrCycle says that a node was to be inserted under itself or one of its
// descendants.
var ErrCycle = errors.New("tree: a node cannot be inserted under itself or its own descendant; detach the descendant first")

// ErrNotChild says that the node that was to mark a place is not there.
var ErrNotChild = errors.New("tree: the node that marks the place is not a child of this node")

// ErrRoot says that something was to take the place of a node that has no parent.
var ErrRoot = errors.New("tree: the node has no parent, so nothing can take its place")

// Append makes child the last child of n. If it has a parent, it is moved from there,
// with its subtree.
//
// It returns [ErrCycle] if child is n or above it, and changes nothing then. To find
// that out takes time in proportion to n's depth, but none if child has no children. All
// methods that insert do the same. The first child that a node ever gets costs a weak
// record, some 100 ns.
func (n *Node[T]) Append(child *Node[T]) error { return n.insert(child, nil, 0, atEnd) }

// Prepend makes child the first child of n.
func (n *Node[T]) Prepend(child *Node[T]) error { return n.insert(child, nil, 0, at) }

// Insert makes child the i-th child of n, counted from 0. If it is a child of n
// already, i counts the others. It panics if i is out of range.
func (n *Node[T]) Insert(i int, child *Node[T]) error { return n.insert(child, nil, i, at) }

// InsertBefore inserts child among n's children, before mark. It returns [ErrNotChild]
// if mark is not one of them.
func (n *Node[T]) InsertBefore(child, mark *Node[T]) error { return n.insert(child, mark, 0, at) }

// InsertAfter inserts child among n's children, after mark. It returns [ErrNotChild] if
// mark is not one of them.
func (n *Node[T]) InsertAfter(child, mark *Node[T]) error { return n.insert(child, mark, 1, at) }

// Move makes n the i-th child of parent, as parent.Insert(i, n) does.
func (n *Node[T]) Move(parent *Node[T], i int) error { return parent.Insert(i, n) }

// Replace puts with, and its subtree, in the place of n, which has no parent then. It
// returns [ErrRoot] if n has no parent, and [ErrCycle] if with is above n. If with is n,
// it does nothing.
func (n *Node[T]) Replace(with *Node[T]) error {
	p := n.Parent()
	switch {
	case with == n:
		return nil
	case p == nil:
		return ErrRoot
	}
	if err := p.InsertBefore(with, n); err != nil {
		return err
	}
	n.Detach()
	return nil
}

// Detach takes n, with its subtree, from its parent, and reports whether it had one. It
// takes time in proportion to the number of the parent's children.
func (n *Node[T]) Detach() bool {
	if n.parent == nil {
		return false
	}
	k := kidsOf[T](n.parent)
	n.parent = nil
	if k == nil {
		return false
	}
	k.own(0)
	i := slices.Index(k.list, n)
	k.list = slices.Delete(k.list, i, i+1)
	return true
}

// Sort sorts n's children by a function as [slices.SortStableFunc] wants it.
func (n *Node[T]) Sort(compare func(a, b *Node[T]) int) {
	if n.Len() < 2 {
		return
	}
	// compare may look at the tree, so the list is not sorted under its eyes.
	sorted := slices.Clone(n.kids.list)
	slices.SortStableFunc(sorted, compare)
	n.kids.list = sorted
	n.kids.shared.Store(false)
}

// place says how insert counts.
type place bool

const (
	at    place = false // from the beginning, or mark
	atEnd place = true
)

// insert inserts child at offset i from the end, or from mark, or the beginning.
func (n *Node[T]) insert(child, mark *Node[T], i int, from place) error {
	if child == nil {
		panic("tree: the node to insert is nil")
	}
	if err := n.mayHave(child); err != nil {
		return err
	}
	if mark != nil {
		if n.kids == nil || mark.parent != n.kids.self {
			return ErrNotChild
		}
		if mark == child {
			return nil
		}
	}
	k := n.begin()
	count := len(k.list)
	if child.parent == k.self {
		count--
	}
	if i < 0 || i > count {
		panic(fmt.Sprintf("tree: there is no place %d among %d children", i, count))
	}
	child.Detach()
	switch {
	case from == atEnd:
		i = count
	case mark != nil:
		i += slices.Index(k.list, mark)
	}
	k.insert(i, child)
	child.parent = k.self
	return nil
}

// mayHave returns ErrCycle if child is n or above it. A node without children is above
// nobody.
func (n *Node[T]) mayHave(child *Node[T]) error {
	if child == n {
		return ErrCycle
	}
	if child.Len() == 0 {
		return nil
	}
	for p := range n.Ancestors() {
		if p == child {
			return ErrCycle
		}
	}
	return nil
}

// begin returns what a parent has.
func (n *Node[T]) begin() *kids[T] {
	if n.kids == nil {
		n.kids = newKids(n)
	}
	return n.kids
}

func (k *kids[T]) insert(i int, child *Node[T]) {
	if i == len(k.list) {
		// Whoever has taken the list does not see what is behind its end.
		if k.list == nil {
			k.list = make([]*Node[T], 0, 4)
		}
		k.list = append(k.list, child)
		return
	}
	k.own(1)
	k.list = slices.Insert(k.list, i, child)
}

// own makes the list one that nobody else has taken, with room for more.
func (k *kids[T]) own(more int) {
	if k.shared.Load() {
		k.list = append(make([]*Node[T], 0, len(k.list)+more), k.list...)
		k.shared.Store(false)
	}
}
