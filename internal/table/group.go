package table

import (
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
)

// slotsPerGroup leaves the eighth byte of ctrl unused, which makes a group of
// word-sized keys exactly two cache lines: 8 bytes of tags, 7 slots of 16, and
// the overflow pointer.
const slotsPerGroup = 7

// Slot is one entry. A reader that found it by its tag may read Side.
type Slot[S any] struct {
	// First: the compiler adds a word to a struct whose last field has no size, since a
	// pointer to it must not lead to the next object. Sets have no side value.
	Side S        // written before the tag; see the package comment
	ref  handle.H // atomic; nil once removed
}

// Ref returns the handle of the entry, or nil if the entry has been removed.
func (s *Slot[S]) Ref() handle.H {
	return atomic.LoadPointer(&s.ref)
}

// IsDead reports whether the entry is known to be dead. A removed one is not.
func (s *Slot[S]) IsDead() bool {
	ref := s.Ref()
	return ref != nil && handle.Addr[S](ref) == 0
}

// IsLive reports whether there is an entry that is not known to be dead. It is not the
// opposite of IsDead, and the two loads of a caller that asked for both could differ.
func (s *Slot[S]) IsLive() bool {
	ref := s.Ref()
	return ref != nil && handle.Addr[S](ref) != 0
}

type group[S any] struct {
	// Byte i is the tag of slot i: 0x80 and the low seven bits of the hash. It is
	// zero while the slot is empty. Written under the segment's lock.
	ctrl  atomic.Uint64
	slots [slotsPerGroup]Slot[S]
	// More groups, when all groups of the segment are full and splitting it would
	// not help because too many hashes are equal.
	next atomic.Pointer[group[S]]
}

const (
	lowBits  = 0x00_01_01_01_01_01_01_01
	highBits = 0x00_80_80_80_80_80_80_80
)

// The small functions below are methods of generic types although they need no
// type parameter: the compiler inlines such a method wherever the type is
// instantiated, but a plain function only in packages that import this one, so
// that it would be called four times in a look-up.

// tags is the tag of a hash in each of the seven bytes.
func (View[S]) tags(hash uint64) uint64 { return (hash&0x7f | 0x80) * lowBits }

// home is the index of the group where the search for a hash begins.
func (View[S]) home(hash uint64) uint64 { return hash >> 7 }

// match returns a word with the high bit set in each byte of ctrl that equals
// the tag. It may also set the bit of a filled slot with another tag, never that
// of an empty one: a byte is taken for a match wrongly only if it differs from
// the tag in nothing but its lowest bit, and an empty byte differs in the highest.
func (View[S]) match(ctrl, tags uint64) uint64 {
	x := ctrl ^ tags
	return (x - lowBits) &^ x & highBits
}

// empty returns a word with the high bit set in each byte of an empty slot.
func (*group[S]) empty(ctrl uint64) uint64 { return ^ctrl & highBits }

// full returns a word with the high bit set in each byte of a filled slot.
func (*group[S]) full(ctrl uint64) uint64 { return ctrl & highBits }

// slot returns the slot of the lowest bit set in m, which is not zero and comes
// from match, empty or full.
func (g *group[S]) slot(m uint64) *Slot[S] {
	// Safe: highBits has no bit in the eighth byte, so the index is at most 6. The
	// compiler cannot see it and would check the bound.
	return (*Slot[S])(unsafe.Add(unsafe.Pointer(&g.slots), uintptr(bits.TrailingZeros64(m)>>3)*unsafe.Sizeof(g.slots[0])))
}

// put fills the slot of the lowest bit set in m, an empty one. The store of the
// tag publishes the slot. The lock of the segment is held, or the group is not
// yet visible.
func (g *group[S]) put(m, hash uint64, ref handle.H, side S) {
	s := g.slot(m)
	s.Side = side
	s.ref = ref
	g.ctrl.Store(g.ctrl.Load() | (hash&0x7f|0x80)<<(bits.TrailingZeros64(m)&^7))
}

// View is the groups of one segment, as far as a reader needs to know them. The
// zero View is empty.
type View[S any] struct {
	first *group[S] // of mask+1 groups that lie side by side
	mask  uint64
}

// group returns the group with index i modulo the number of groups.
func (v View[S]) group(i uint64) *group[S] {
	// Safe: first points to the first of mask+1 groups of one allocation.
	return (*group[S])(unsafe.Add(unsafe.Pointer(v.first), uintptr(i&v.mask)*unsafe.Sizeof(group[S]{})))
}

// FindKey returns the slot whose side value equals key, or nil. The slot may
// have been removed since, or before: see [Slot.Ref].
//
// FindKey, FindAddr and FindFunc differ only in what they compare, and are
// written out because a call per comparison would show.
func FindKey[K comparable](v View[K], hash uint64, key K) *Slot[K] {
	if v.first == nil {
		return nil
	}
	tags := v.tags(hash)
	for i, n := v.home(hash), v.mask; ; i, n = i+1, n-1 {
		g := v.group(i)
		ctrl := g.ctrl.Load()
		for m := v.match(ctrl, tags); m != 0; m &= m - 1 {
			if s := g.slot(m); s.Side == key {
				return s
			}
		}
		if g.empty(ctrl) != 0 {
			return nil
		}
		if n == 0 {
			return v.findOverflow(hash, func(s *Slot[K]) bool { return s.Side == key })
		}
	}
}

// FindAddr returns the slot whose handle leads to addr, or nil. The caller holds
// the object at addr; see [handle.Addr].
func FindAddr[S any](v View[S], hash uint64, addr uintptr) *Slot[S] {
	if v.first == nil {
		return nil
	}
	tags := v.tags(hash)
	for i, n := v.home(hash), v.mask; ; i, n = i+1, n-1 {
		g := v.group(i)
		ctrl := g.ctrl.Load()
		for m := v.match(ctrl, tags); m != 0; m &= m - 1 {
			s := g.slot(m)
			if ref := s.Ref(); ref != nil && handle.Addr[S](ref) == addr {
				return s
			}
		}
		if g.empty(ctrl) != 0 {
			return nil
		}
		if n == 0 {
			return v.findOverflow(hash, func(s *Slot[S]) bool {
				ref := s.Ref()
				return ref != nil && handle.Addr[S](ref) == addr
			})
		}
	}
}

// FindFunc returns the first slot with the tag of hash for which eq reports
// true, or nil.
func FindFunc[S any](v View[S], hash uint64, eq func(*Slot[S]) bool) *Slot[S] {
	if v.first == nil {
		return nil
	}
	tags := v.tags(hash)
	for i, n := v.home(hash), v.mask; ; i, n = i+1, n-1 {
		g := v.group(i)
		ctrl := g.ctrl.Load()
		for m := v.match(ctrl, tags); m != 0; m &= m - 1 {
			if s := g.slot(m); eq(s) {
				return s
			}
		}
		if g.empty(ctrl) != 0 {
			return nil
		}
		if n == 0 {
			return v.findOverflow(hash, eq)
		}
	}
}

// findOverflow goes on where a search ends that has found every group full.
func (v View[S]) findOverflow(hash uint64, eq func(*Slot[S]) bool) *Slot[S] {
	tags := v.tags(hash)
	for g := v.group(v.home(hash)).next.Load(); g != nil; g = g.next.Load() {
		for m := v.match(g.ctrl.Load(), tags); m != 0; m &= m - 1 {
			if s := g.slot(m); eq(s) {
				return s
			}
		}
	}
	return nil
}
