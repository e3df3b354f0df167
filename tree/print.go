package tree

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// String returns n and its descendants as an indented tree, one line a node: see
// [Node.WriteText].
func (n *Node[T]) String() string {
	var b strings.Builder
	n.WriteText(&b, nil) // a Builder does not fail
	return b.String()
}

// WriteText writes n and its descendants as an indented tree, one line a node:
//
//	house
//	├── roof
//	└── floor
//	    └── cellar
//
// label returns a node's line; nil is fmt.Sprint of the value. The length of a line grows
// with the depth of its node, so a tree of a million levels is better not printed.
func (n *Node[T]) WriteText(w io.Writer, label func(*Node[T]) string) error {
	if label == nil {
		label = plain[T]
	}
	out := bufio.NewWriter(w)
	var indent []byte
	var starts []int // where in indent each level begins
	out.WriteString(label(n) + "\n")
	n.visit(func(c *Node[T], last bool) {
		out.Write(indent)
		branch, below := "├── ", "│   "
		if last {
			branch, below = "└── ", "    "
		}
		out.WriteString(branch + label(c) + "\n")
		starts = append(starts, len(indent))
		indent = append(indent, below...)
	}, func(*Node[T]) {
		end := len(starts) - 1
		indent, starts = indent[:starts[end]], starts[:end]
	})
	return out.Flush()
}

// WriteDOT writes n and its descendants as a graph in the language of Graphviz. label
// returns what is written on a node; nil is fmt.Sprint of the value.
func (n *Node[T]) WriteDOT(w io.Writer, label func(*Node[T]) string) error {
	if label == nil {
		label = plain[T]
	}
	out := bufio.NewWriter(w)
	count := 0
	var path []int // the numbers of the nodes above
	write := func(c *Node[T]) {
		fmt.Fprintf(out, "\tn%d [label=%s]\n", count, dotString(label(c)))
		if len(path) > 0 {
			fmt.Fprintf(out, "\tn%d -> n%d\n", path[len(path)-1], count)
		}
		path = append(path, count)
		count++
	}
	out.WriteString("digraph tree {\n")
	write(n)
	n.visit(func(c *Node[T], _ bool) { write(c) }, func(*Node[T]) { path = path[:len(path)-1] })
	out.WriteString("}\n")
	return out.Flush()
}

func plain[T any](n *Node[T]) string { return fmt.Sprint(n.Value) }

// dotString quotes a label. In DOT only the quote, and a backslash, need it.
func dotString(s string) string {
	s = strings.ReplaceAll(s, `\`, `\\`)
	s = strings.ReplaceAll(s, `"`, `\"`)
	return `"` + strings.ReplaceAll(s, "\n", `\n`) + `"`
}

// visit calls enter and leave for all nodes below n, in the order of a recursion, but
// does not recurse. last says that a node is the last child of its parent. Neither may
// change the tree.
func (n *Node[T]) visit(enter func(c *Node[T], last bool), leave func(*Node[T])) {
	type level struct {
		left []*Node[T]
		node *Node[T]
	}
	levels := []level{{n.children(), n}}
	for {
		at := &levels[len(levels)-1]
		if len(at.left) > 0 {
			c := at.left[0]
			at.left = at.left[1:]
			enter(c, len(at.left) == 0)
			levels = append(levels, level{c.children(), c})
			continue
		}
		if len(levels) == 1 {
			return
		}
		leave(at.node)
		levels = levels[:len(levels)-1]
	}
}
