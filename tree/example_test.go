package tree_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/tree"
)

// TreeNode is the tree node of Python's weakref tutorials, with a weak reference to its
// parent. That is all that a tree.Node is, and more than enough for it.
type TreeNode struct {
	tree.Node[string]
}

func (n *TreeNode) addChild(c *TreeNode) { n.Append(&c.Node) }

func newTreeNode(value string) *TreeNode {
	n := new(TreeNode)
	n.Value = value
	return n
}

func Example() {
	root, child := newTreeNode("root"), newTreeNode("child")
	root.addChild(child)
	fmt.Println("the parent of", child.Value, "is", child.Parent().Value)

	dropped := weakref.Make(root)
	root = nil // child does not keep it
	for dropped.Value() != nil {
		runtime.GC() // a program has no need to; it is collected some time
	}
	fmt.Println("the parent of", child.Value, "is", child.Parent())
	// Output:
	// the parent of child is root
	// the parent of child is <nil>
}

// strongNode is a node as one writes it by hand.
type strongNode struct {
	text   string
	parent *strongNode
	kids   []*strongNode
}

// A document of a thousand paragraphs is made and dropped, but for one paragraph. With a
// strong pointer to the parent that keeps them all.
func Example_heap() {
	const n, size = 1000, 10_000
	paragraph := func() string { return strings.Repeat("x", size) }

	weak := func() *tree.Node[string] {
		doc := new(tree.Node[string])
		for range n {
			doc.Append(&tree.Node[string]{Value: paragraph()})
		}
		return doc
	}
	strong := func() *strongNode {
		doc := new(strongNode)
		for range n {
			doc.kids = append(doc.kids, &strongNode{text: paragraph(), parent: doc})
		}
		return doc
	}

	before := heap()
	doc := weak()
	fmt.Println("whole document, weak parents:", megabytes(heap()-before))
	leaf := doc.Child(n / 2)
	doc = nil
	fmt.Println("one paragraph, weak parents:", megabytes(heap()-before))

	before = heap()
	strongDoc := strong()
	fmt.Println("whole document, strong parents:", megabytes(heap()-before))
	strongLeaf := strongDoc.kids[n/2]
	strongDoc = nil
	fmt.Println("one paragraph, strong parents:", megabytes(heap()-before))
	runtime.KeepAlive(leaf)
	runtime.KeepAlive(strongLeaf)
	// Output:
	// whole document, weak parents: 10 MB
	// one paragraph, weak parents: 0 MB
	// whole document, strong parents: 10 MB
	// one paragraph, strong parents: 10 MB
}

// heap returns the bytes on the heap that are in use.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func megabytes(n int) string { return fmt.Sprintf("%.0f MB", max(float64(n)/1e6, 0)) }

func ExampleNode() {
	house := &tree.Node[string]{Value: "house"}
	floor := &tree.Node[string]{Value: "floor"}
	house.Append(&tree.Node[string]{Value: "roof"})
	house.Append(floor)
	floor.Append(&tree.Node[string]{Value: "cellar"})
	fmt.Print(house)
	fmt.Println(floor.Append(house))
	for n := range house.Descendants() {
		fmt.Print(n.Value, " at depth ", n.Depth(), "; ")
	}
	// Output:
	// house
	// ├── roof
	// └── floor
	//     └── cellar
	// tree: a node cannot be inserted under itself or its own descendant; detach the descendant first
	// roof at depth 1; floor at depth 1; cellar at depth 2;
}

func ExampleNode_MarshalJSON() {
	a := &tree.Node[string]{Value: "a"}
	a.Append(&tree.Node[string]{Value: "b"})
	data, _ := json.Marshal(a)
	fmt.Println(string(data))

	var again tree.Node[string]
	fmt.Println(json.Unmarshal(data, &again), again.Child(0).Parent().Value)
	runtime.KeepAlive(&again)
	// Output:
	// {"value":"a","children":[{"value":"b"}]}
	// <nil> a
}

// Children may be put into order by what is below them.
func ExampleNode_SortFunc() {
	var root tree.Node[string]
	json.Unmarshal([]byte(`{"value":"root","children":[
		{"value":"leaf"},
		{"value":"pair","children":[{"value":"x"},{"value":"y"}]},
		{"value":"single","children":[{"value":"z"}]}]}`), &root)
	root.SortFunc(func(a, b *tree.Node[string]) int { return b.Len() - a.Len() })
	for c := range root.Children() {
		fmt.Println(c.Index(), c.Value)
	}
	// Output:
	// 0 pair
	// 1 single
	// 2 leaf
}
