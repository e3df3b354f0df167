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
// label returns a node's line; nil is fmt.Sprint of the value. It may look at the tree
// and must not change it: what is written then is neither the old tree nor the new. The
// length of a line grows with the depth of its node, so a tree of a million levels is
// better not printed. The first error of w ends it and is returned.
func (n *Node[T]) WriteText(w io.Writer, label func(*Node[T]) string) error {
	if label == nil {
		label = plain[T]
	}
	out := bufio.NewWriter(w)
	var indent []byte
	var starts []int // where in indent each level begins
	err := n.visit(func(c *Node[T], last bool) error {
		branch, below := "├── ", "│   "
		switch {
		case c == n:
			branch, below = "", ""
		case last:
			branch, below = "└── ", "    "
		}
		out.Write(indent)
		starts = append(starts, len(indent))
		indent = append(indent, below...)
		_, err := out.WriteString(branch + label(c) + "\n")
		return err
	}, func(*Node[T], int) {
		end := len(starts) - 1
		indent, starts = indent[:starts[end]], starts[:end]
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func plain[T any](n *Node[T]) string { return fmt.Sprint(n.Value) }

// visit calls enter and leave for n and all nodes below it, in the order of a recursion,
// but does not recurse. last says that a node is the last child of its parent, children
// how many were visited between its enter and its leave. An error of enter ends it.
//
// enter runs code of the user, which may change the tree whatever we tell it, so the
// lists are taken as for an iterator.
func (n *Node[T]) visit(enter func(c *Node[T], last bool) error, leave func(c *Node[T], children int)) error {
	type level struct {
		node     *Node[T]
		left     []*Node[T]
		children int
	}
	var levels []level
	for c, last := n, true; ; {
		if err := enter(c, last); err != nil {
			return err
		}
		list := c.take().list
		levels = append(levels, level{c, list, len(list)})
		at := &levels[len(levels)-1]
		for len(at.left) == 0 {
			leave(at.node, at.children)
			if levels = levels[:len(levels)-1]; len(levels) == 0 {
				return nil
			}
			at = &levels[len(levels)-1]
		}
		c, at.left = at.left[0], at.left[1:]
		last = len(at.left) == 0
	}
}
