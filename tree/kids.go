package tree

import (
	"math"
	"slices"
	"sync/atomic"

	"github.com/weakref-go/weakref/internal/handle"
)

// kids is what a node has if it has, or had, children. Most nodes of most trees are
// leaves and have none.
//
// The list of children has room at both ends, and grows, shrinks and is searched from
// the end that is nearer:
//
//	slots  ┌──────┬───────────────────┬──────┐
//	       │ free │ children in order │ free │ up to the capacity
//	       └──────┴───────────────────┴──────┘
//	       0      first               len
type kids[T any] struct {
	self   handle.H // of the anchor; made once, for all children
	anchor *anchor  // held by nobody else
	slots  []*Node[T]
	first  int32 // not an int, so that all takes 48 bytes

	// shared says that an iterator may have taken the list, which is not changed in
	// place then. It is set by readers and cleared by writers.
	shared atomic.Bool
}

// list returns the children.
func (k *kids[T]) list() []*Node[T] { return k.slots[k.first:] }

// set makes all the list, which nobody else has.
func (k *kids[T]) set(all []*Node[T]) {
	k.slots, k.first = all, 0
	k.shared.Store(false)
}

// index returns the place of a child, looked for from both ends.
func (k *kids[T]) index(n *Node[T]) int {
	list := k.list()
	for i, j := 0, len(list)-1; i <= j; i, j = i+1, j-1 {
		if list[i] == n {
			return i
		}
		if list[j] == n {
			return j
		}
	}
	return -1
}

// insert makes n the i-th child.
func (k *kids[T]) insert(i int, n *Node[T]) {
	n.parent = k.self
	list := k.list()
	switch {
	case i == len(list):
		k.push(n)
	case i >= len(list)/2:
		k.own(1)
		k.slots = slices.Insert(k.slots, int(k.first)+i, n)
	default:
		k.own(0)
		if k.first == 0 {
			k.spread()
		}
		k.first--
		list = k.list()
		copy(list[:i], list[1:])
		list[i] = n
	}
}

// push makes n the last child. Whoever has taken the list does not see what is behind
// its end.
func (k *kids[T]) push(n *Node[T]) {
	switch {
	case k.slots == nil:
		k.slots = make([]*Node[T], 0, 4)
	case len(k.slots) == cap(k.slots) && int(k.first) > len(k.list()):
		k.spread() // children leave at the front and come at the end
	}
	k.slots = append(k.slots, n)
}

// spread moves the list to where it has room at both ends, for half as many as there
// are: each one that comes or goes at an end pays for a few moves only.
func (k *kids[T]) spread() {
	list := k.list()
	room := min(len(list)/2+1, math.MaxInt32)
	all := make([]*Node[T], room+len(list), room+len(list)+room)
	copy(all[room:], list)
	k.set(all)
	k.first = int32(room)
}

// remove removes the i-th child.
func (k *kids[T]) remove(i int) {
	k.own(0)
	list := k.list()
	switch {
	case len(list) == 1:
		list[0] = nil
		k.slots, k.first = k.slots[:0], 0
	case i >= len(list)/2 || k.first == math.MaxInt32:
		k.slots = slices.Delete(k.slots, int(k.first)+i, int(k.first)+i+1)
	default:
		copy(list[1:], list[:i])
		list[0] = nil
		k.first++
	}
}

// own makes the list one that nobody else has taken, with room for more.
func (k *kids[T]) own(more int) {
	if k.shared.Load() {
		list := k.list()
		k.set(append(make([]*Node[T], 0, len(list)+more), list...))
	}
}
