package keyhash

import "sync/atomic"

// Kind is how Hashers hash integers and pointers.
type Kind int32

const (
	Good      Kind = iota
	OneHash        // all keys have one hash
	Truncated      // only the lowest byte of a key counts
)

// kind is of all Hashers that are made from now on.
var kind atomic.Int32

// Use sets the Kind of all Hashers made from now on, until restore is called. It
// does nothing to those of keys that are neither integers nor pointers. It lets a
// test see to it that hashes collide, and is not for anything else.
func Use(k Kind) (restore func()) {
	was := kind.Swap(int32(k))
	return func() { kind.Store(was) }
}

// spoil makes a new Hasher as bad as tests ask for.
func (h *Hasher[K]) spoil() {
	if h.size == 0 {
		return
	}
	switch Kind(kind.Load()) {
	case OneHash:
		h.b = 0
	case Truncated:
		h.size = 1
	}
}
