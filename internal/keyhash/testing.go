package keyhash

import (
	"sync/atomic"
	"unsafe"
)

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
		h.size = truncated
	}
}

// truncated is the size of keys of which the lowest byte counts.
const truncated = 255

// lowest returns the lowest byte of an integer or a pointer of so many bytes. It is not
// the first on every processor.
func lowest(p unsafe.Pointer, size uintptr) uint64 {
	switch size { // safe: the size is right
	case 8:
		return *(*uint64)(p) & 0xff
	case 4:
		return uint64(*(*uint32)(p) & 0xff)
	case 2:
		return uint64(*(*uint16)(p) & 0xff)
	}
	return uint64(*(*uint8)(p))
}
