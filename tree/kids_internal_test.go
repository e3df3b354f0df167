package tree

import "testing"

// A node whose children leave at one end while others come at the other keeps no more
// room than it needs.
func TestQueueOfChildren(t *testing.T) {
	root := new(Node[int])
	for range 100 {
		root.Append(new(Node[int]))
	}
	for range 100_000 {
		root.Append(root.Child(0))
	}
	if n := cap(root.kids.slots); n > 1000 {
		t.Errorf("room for %d children", n)
	}
	for range 100_000 {
		root.Prepend(root.Child(99))
	}
	if n := cap(root.kids.slots); n > 1000 {
		t.Errorf("room for %d children, the other way round", n)
	}
}

// A child that comes or goes at one end moves no other.
func TestEndsMoveNothing(t *testing.T) {
	root := new(Node[int])
	for range 100 {
		root.Append(new(Node[int]))
	}
	at := func(i int) **Node[int] { return &root.kids.list()[i] }
	second := at(1)
	root.Child(0).Detach()
	if at(0) != second {
		t.Error("without the first child the others have moved")
	}
	root.Prepend(new(Node[int]))
	if at(1) != second {
		t.Error("a new first child has moved the others")
	}
	root.Child(99).Detach()
	root.Append(new(Node[int]))
	if at(1) != second {
		t.Error("at the end it is not so")
	}
}
