package tree

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"
)

// ErrCycle says that a node was to be inserted under itself or one of its
// descendants.
var ErrCycle = errors.New("tree: a node cannot be inserted under itself or its own descendant; detach the descendant first")

// ErrNotChild says that the node that was to mark a place is not there.
var ErrNotChild = errors.New("tree: the node that marks the place is not a child of this node")

// ErrRoot says that something was to take the place of a node that has no parent.
var ErrRoot = errors.New("tree: the node has no parent, so nothing can take its place")

// Append makes child the last child of n. If it has a parent, it is moved from there,
// with its subtree, which costs what [Node.Detach] does.
//
// It returns [ErrCycle] if child is n or above it, and changes nothing then. To find
// that out takes time in proportion to n's depth, but none if child has no children. All
// methods that insert do the same, and panic if child is nil. The first child that a
// node ever gets costs a weak record, some 100 ns.
func (n *Node[T]) Append(child *Node[T]) error {
	if err := n.mayHave(child); err != nil {
		return err
	}
	child.Detach()
	k := n.begin()
	k.insert(len(k.list()), child)
	return nil
}

// Prepend makes child the first child of n. It is as cheap as Append.
func (n *Node[T]) Prepend(child *Node[T]) error { return n.Insert(0, child) }

// Insert makes child the i-th child of n, counted from 0. If it is a child of n
// already, i counts the others. It panics if i is out of range.
//
// It moves the children on one side of the place, those on the shorter one, so in the
// middle of many children it takes time in proportion to their number.
func (n *Node[T]) Insert(i int, child *Node[T]) error {
	if err := n.mayHave(child); err != nil {
		return err
	}
	k := n.begin()
	count := len(k.list())
	if child.parent == k.self {
		count--
	}
	if i < 0 || i > count {
		panic(fmt.Sprintf("tree: there is no place %d among %d children", i, count))
	}
	child.Detach()
	k.insert(i, child)
	return nil
}

// InsertBefore inserts child among n's children, before mark. It returns [ErrNotChild]
// if mark is not one of them, or nil: to insert at the end is [Node.Append]. If child
// is mark, it does nothing.
//
// It looks for mark from both ends of the children at once, and costs what
// [Node.Detach] does.
func (n *Node[T]) InsertBefore(child, mark *Node[T]) error { return n.insertAt(child, mark, 0) }

// InsertAfter inserts child among n's children, after mark. What [Node.InsertBefore]
// says holds: with a nil mark too it returns [ErrNotChild].
func (n *Node[T]) InsertAfter(child, mark *Node[T]) error { return n.insertAt(child, mark, 1) }

// Replace puts with, and its subtree, in the place of n, which has no parent then. It
// returns [ErrRoot] if n has no parent, and [ErrCycle] if with is above n. If with is n,
// it does nothing; if with is nil, it panics. It costs what [Node.Detach] does.
func (n *Node[T]) Replace(with *Node[T]) error {
	mustBe(with)
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

// Detach takes n, with its subtree, from its parent, and reports whether it had one.
//
// It looks for n from both ends of the parent's children at once, and closes the gap
// from the nearer end. So the first and the last child leave at once, and all children
// do in turn, in either order; one from the middle takes time in proportion to their
// number. The first change after a loop over the children copies the list of them.
func (n *Node[T]) Detach() bool {
	if n.parent == nil {
		return false
	}
	k := kidsOf[T](n.parent)
	n.parent = nil
	if k == nil {
		return false
	}
	k.remove(k.index(n))
	return true
}

// SortFunc sorts n's children by a function as [slices.SortStableFunc] wants it.
//
// compare may look at the tree. If it changes n's children, SortFunc panics and leaves
// them as compare has made them. If compare itself panics, they stay as they were.
func (n *Node[T]) SortFunc(compare func(a, b *Node[T]) int) {
	if n.Len() < 2 {
		return
	}
	was := n.take().list // what compare does to the tree does not show here
	sorted := slices.Clone(was)
	slices.SortStableFunc(sorted, compare)
	if !slices.Equal(was, n.children()) {
		panic("tree: the function given to SortFunc has changed the children that it compares")
	}
	n.kids.set(sorted)
}

// insertAt inserts child before mark, or places behind that.
func (n *Node[T]) insertAt(child, mark *Node[T], places int) error {
	if err := n.mayHave(child); err != nil {
		return err
	}
	if mark == nil || n.kids == nil || mark.parent != n.kids.self {
		return ErrNotChild
	}
	if mark == child {
		return nil
	}
	child.Detach()
	n.kids.insert(n.kids.index(mark)+places, child)
	return nil
}

// mayHave returns ErrCycle if child is n or above it. A node without children is above
// nobody.
func (n *Node[T]) mayHave(child *Node[T]) error {
	mustBe(child)
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

func mustBe[T any](n *Node[T]) {
	if n == nil {
		panic("tree: the node to insert is nil")
	}
}

// begin returns what a parent has.
func (n *Node[T]) begin() *kids[T] {
	if n.kids == nil {
		n.kids = newKids(n)
	}
	return n.kids
}

// adopt gives n the children of from in place of its own, which are detached.
func (n *Node[T]) adopt(from *Node[T]) {
	for _, c := range n.children() {
		c.parent = nil
	}
	if n.kids = from.kids; n.kids != nil {
		n.kids.anchor.node = unsafe.Pointer(n) // the children refer to that
		from.kids = nil
	}
}
