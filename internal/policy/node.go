package policy

import "sync/atomic"

// Node is what the policy needs of an entry, and is part of it. An entry may be
// admitted again after it has left.
type Node struct {
	Hash  uint32 // all bits of it are good; set before the node is admitted
	State atomic.Uint32
}

// The bits of Node.State.
const (
	useMask = 3      // how often it was used since a hand passed it, up to 3
	touched = 1 << 2 // it was used since the sample was last looked at
	// Fresh says that it was used since the owner last cleared the bit, and is
	// for the owner alone.
	Fresh    = 1 << 3
	inWindow = 1 << 4
	inMain   = 1 << 5
	inLimbo  = 1 << 6
	sampled  = 1 << 7 // it is in the list of the sample
	seen     = 1 << 8 // the sample has looked at it
	// Owner is the lowest of the bits that are the owner's.
	Owner = 1 << 9

	afterUse = touched | Fresh
	inside   = inWindow | inMain | inLimbo
)

// Use notes that the entry was used. If that is known already, it writes nothing.
func (n *Node) Use() {
	if n.State.Load()&(useMask|afterUse) != useMask|afterUse {
		n.noteUse()
	}
}

// noteUse is apart so that Use can be inlined.
func (n *Node) noteUse() {
	for {
		old := n.State.Load()
		used := old | afterUse
		if old&useMask < useMask {
			used++
		}
		if n.State.CompareAndSwap(old, used) {
			return
		}
	}
}

// Inside reports whether the policy has the node.
func (n *Node) Inside() bool { return n.State.Load()&inside != 0 }

func (n *Node) has(bits uint32) bool { return n.State.Load()&bits != 0 }

// move changes where the node is.
func (n *Node) move(to uint32) { n.change(inside, to) }

// change clears some bits, and sets others.
func (n *Node) change(clear, set uint32) {
	for {
		old := n.State.Load()
		if n.State.CompareAndSwap(old, old&^clear|set) {
			return
		}
	}
}

func (n *Node) uses() int { return int(n.State.Load() & useMask) }

// spend takes a use away from a node that has one.
func (n *Node) spend() { n.State.Add(^uint32(0)) }
