// Package tree provides trees whose nodes hold their children strongly and their
// parent weakly: whoever keeps a [Node] keeps its subtree, and nothing above or beside
// it.
//
// # When a weak parent matters
//
// In a language that counts references, a child's pointer to its parent makes a cycle,
// and cycles are not freed; that is why Python's tutorials make the pointer weak. Go's
// collector takes cycles like anything else, so as long as a tree is kept or dropped as a
// whole, a strong parent pointer does no harm.
//
// It does when parts outlive the whole. A document is parsed, a few of its nodes are kept
// (in a cache, in an index, in a closure), and the document is dropped. With strong
// parents each kept leaf keeps its parent, the parent all its children, and so on up to
// the root: the whole document stays. With weak parents the kept nodes stay, and the
// rest goes. The example shows the heap in both cases.
//
// The price: a parent that nothing else keeps is gone some time after it was dropped,
// when a collection finds that out. Keep the root for as long as nodes are asked for what
// is above them.
//
// Where the moment of release matters, because nodes own files or memory that the
// collector does not manage, use package rc, whose handles release a tree at once, in
// order, with a weak handle for the parent.
//
// # Cost
//
// A node takes two words more than its value. One that has, or had, children takes 80
// bytes and the list of them beside that, and a record of the runtime of 32. That is less
// than a parent pointer and a slice in each node, unless most nodes have one child.
// Looking for a parent costs about 10 ns. Walks need no recursion and no weak pointer.
package tree
