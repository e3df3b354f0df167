package main

// strongNode is a node as one writes it by hand.
type strongNode struct {
	value  item
	parent *strongNode
	kids   []*strongNode
}

// strongCopy returns the same tree with strong parents. It recurses, for it is four
// levels deep.
func strongCopy(n *node) *strongNode {
	s := &strongNode{value: n.Value}
	for c := range n.Children() {
		kid := strongCopy(c)
		kid.parent = s
		s.kids = append(s.kids, kid)
	}
	return s
}

// find appends the declarations with a name to leaves.
func (s *strongNode) find(name string, leaves []*strongNode) []*strongNode {
	if s.value.Kind == declaration && s.value.Name == name {
		leaves = append(leaves, s)
	}
	for _, c := range s.kids {
		leaves = c.find(name, leaves)
	}
	return leaves
}
