//go:build !rcsched

package rc_test

import (
	"fmt"

	"github.com/weakref-go/weakref/rc"
)

// A TreeNode keeps its children and knows its parent without keeping it. There is
// no cycle, so counting alone frees the tree.
type TreeNode struct {
	value    string
	parent   rc.Weak[*TreeNode]
	children []*rc.Strong[*TreeNode]
}

func (n *TreeNode) Handles(yield func(rc.Handle) bool) {
	for _, c := range n.children {
		if !yield(c) {
			return
		}
	}
}

func newTreeNode(value string) *rc.Strong[*TreeNode] {
	return rc.New(&TreeNode{value: value}, func(n *TreeNode) { fmt.Println("released", n.value) })
}

// addChild gives the child to the parent.
func addChild(parent, child *rc.Strong[*TreeNode]) {
	child.Value().parent = parent.Weak()
	parent.Value().children = append(parent.Value().children, child.Move())
}

// With weak parents the whole tree goes with the last handle of its root, at once.
func Example_treeWithWeakParents() {
	root := newTreeNode("root")
	left := newTreeNode("left")
	addChild(left, newTreeNode("leaf"))
	addChild(root, left)
	addChild(root, newTreeNode("right"))

	leaf := root.Value().children[0].Value().children[0].Clone()
	if p, ok := leaf.Value().parent.Upgrade(); ok {
		fmt.Println("the leaf's parent is", p.Value().value)
		p.Close()
	}

	fmt.Println("close the root")
	root.Close()
	_, ok := leaf.Value().parent.Upgrade()
	fmt.Println("the leaf is kept, its parent is alive:", ok)
	leaf.Close()
	// Output:
	// the leaf's parent is left
	// close the root
	// released root
	// released left
	// released right
	// the leaf is kept, its parent is alive: false
	// released leaf
}

// A StrongNode keeps its parent too: every edge is a cycle.
type StrongNode struct {
	value    string
	parent   *rc.Strong[*StrongNode]
	children []*rc.Strong[*StrongNode]
}

func (n *StrongNode) Handles(yield func(rc.Handle) bool) {
	if !yield(n.parent) {
		return
	}
	for _, c := range n.children {
		if !yield(c) {
			return
		}
	}
}

func newStrongNode(value string) *rc.Strong[*StrongNode] {
	return rc.New(&StrongNode{value: value}, func(n *StrongNode) { fmt.Println("released", n.value) })
}

func addStrongChild(parent, child *rc.Strong[*StrongNode]) {
	child.Value().parent = parent.Clone()
	parent.Value().children = append(parent.Value().children, child.Move())
}

// With strong parents closing the root releases nothing; Collect does.
func Example_treeWithStrongParents() {
	root := newStrongNode("root")
	left := newStrongNode("left")
	addStrongChild(left, newStrongNode("leaf"))
	addStrongChild(root, left)
	addStrongChild(root, newStrongNode("right"))

	fmt.Println("close the root")
	root.Close()
	fmt.Println("collect")
	n, err := rc.Collect()
	fmt.Println(n, err)
	// Output:
	// close the root
	// collect
	// released root
	// released left
	// released leaf
	// released right
	// 4 <nil>
}
