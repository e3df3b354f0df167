package weakref_test

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/weakref-go/weakref"
)

// Resource stands for something that is large, or dear to make.
type Resource struct {
	Name string
	_    [1 << 10]byte
}

// eventually runs the collector until ok reports true. Only an example, or a test, has
// to hurry it; see package weaktest for tests.
func eventually(ok func() bool) bool {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		runtime.GC()
		if ok() {
			return true
		}
	}
	return false
}

// A reference gives the object while somebody holds it, and nil afterwards.
func ExampleRef() {
	r := &Resource{Name: "db-connection"}
	weak := weakref.Make(r)
	fmt.Println(weak.Value().Name)
	runtime.KeepAlive(r) // r is held up to here

	r = nil // the only strong reference is gone
	eventually(func() bool { return weak.Value() == nil })
	fmt.Println(weak.Value(), weak)
	// Output:
	// db-connection
	// <nil> weakref.Ref[weakref_test.Resource](dead)
}

// TreeNode is a node that its children do not keep: they refer to it weakly.
type TreeNode struct {
	Value    string
	children []*TreeNode
	parent   weakref.Ref[TreeNode]
}

// Parent returns nil if the node is a root, or if its parent has been collected.
func (n *TreeNode) Parent() *TreeNode { return n.parent.Value() }

func (n *TreeNode) Add(child *TreeNode) {
	child.parent = weakref.Make(n)
	n.children = append(n.children, child)
}

// A weak pointer back to the parent: whoever keeps a child does not keep the tree.
func ExampleRef_parent() {
	root, child := &TreeNode{Value: "root"}, &TreeNode{Value: "child"}
	root.Add(child)
	root.Add(&TreeNode{Value: "sibling"})
	fmt.Println(child.Parent().Value, len(root.children))

	root = nil
	eventually(func() bool { return child.Parent() == nil })
	fmt.Println(child.Value, child.Parent())
	// Output:
	// root 2
	// child <nil>
}

// Not everything can be referred to weakly. Check says why, and what to do.
func ExampleCheck() {
	n := int64(42)
	fmt.Println(weakref.Check(&n))
	fmt.Println(weakref.Check(weakref.Box(n)))
	// Output:
	// weakref: cannot refer weakly to a int64: a value of 8 bytes without pointers may share its memory with others and never be collected; wrap it with weakref.Box, or refer to the struct that holds it
	// <nil>
}

// A box gives a small value an allocation, and so a life, of its own.
func ExampleBoxed() {
	box := weakref.Box(42)
	weak := weakref.Make(box)
	fmt.Println(weak.Value().V)
	runtime.KeepAlive(box)

	box = nil
	fmt.Println(eventually(func() bool { return weak.Value() == nil }))
	// Output:
	// 42
	// true
}

// Make and the containers panic with the error that Check returns.
func ExampleUnsupportedError() {
	defer func() {
		var unsupported *weakref.UnsupportedError
		if err, ok := recover().(error); ok && errors.As(err, &unsupported) {
			fmt.Println("refused:", unsupported.Type)
		}
	}()
	weakref.Make(new(struct{}))
	// Output: refused: struct {}
}

// The reason tells what is wrong with a pointer of unknown origin.
func ExampleReason() {
	var none *Resource
	var unsupported *weakref.UnsupportedError
	if errors.As(weakref.Check(none), &unsupported) {
		fmt.Println(unsupported.Reason == weakref.NilPointer)
	}
	// Output: true
}
