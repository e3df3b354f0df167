package table

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// maxGroups bounds the size of a segment, and with it the longest time that any
// operation holds a lock or works on behalf of others: rebuilding 256 groups
// takes 10 to 20 µs. Fewer would make the directory of a large table spill out
// of the first-level cache; see docs/decisions/0002-weak-table.md.
const maxGroups = 256

// segment is the part of the table that holds the entries whose hashes begin with
// the same depth bits.
type segment[S any] struct {
	mu      sync.Mutex
	groups  []group[S]  // a power of two of them; the slice itself never changes
	prefix  uint64      // the bits that the hashes begin with, left-aligned
	depth   uint8       // how many bits those are
	crowded bool        // splitting is hopeless: too many hashes are equal
	retired atomic.Bool // no longer in the directory; set under mu, for good

	// Guarded by mu.
	used     int // filled slots, those of removed entries included
	live     int // entries
	lastUsed int // used at the last sweep
	dead     []S // side values of dead entries that await the policy's Dead
}

// limit is the number of slots that may be filled before room must be made.
func (s *segment[S]) limit() int {
	slots := len(s.groups) * slotsPerGroup
	if len(s.groups) == 1 || s.crowded {
		return slots // a search of every group is short, or cannot be avoided
	}
	return slots * 7 / 8
}

func (s *segment[S]) view() View[S] {
	return View[S]{&s.groups[0], uint64(len(s.groups) - 1)}
}

func (s *segment[S]) add(hash uint64, e entry[S]) {
	s.place(hash, e)
	s.used++
	s.live++
}

// place fills an empty slot.
func (s *segment[S]) place(hash uint64, e entry[S]) {
	v := s.view()
	for i, n := v.home(hash), v.mask; ; i, n = i+1, n-1 {
		g := v.group(i)
		if m := g.empty(g.ctrl.Load()); m != 0 {
			g.put(m, hash, e.ref, e.side)
			return
		}
		if n == 0 {
			break
		}
	}
	for g := v.group(v.home(hash)); ; g = g.next.Load() {
		if m := g.empty(g.ctrl.Load()); m != 0 {
			g.put(m, hash, e.ref, e.side)
			return
		}
		if g.next.Load() == nil {
			next := new(group[S])
			next.put(next.empty(0), hash, e.ref, e.side)
			g.next.Store(next)
			return
		}
	}
}

// slots yields each filled slot. It needs no lock.
func (s *segment[S]) slots(yield func(*Slot[S]) bool) {
	for i := range s.groups {
		for g := &s.groups[i]; g != nil; g = g.next.Load() {
			for m := g.full(g.ctrl.Load()); m != 0; m &= m - 1 {
				if !yield(g.slot(m)) {
					return
				}
			}
		}
	}
}

// directory finds the segment of a hash. Its size never changes; what it points
// to is changed under the table's lock.
type directory[S any] struct {
	depth   uint8     // leading bits of a hash that choose the pointer
	mask    uint64    // of that many low bits
	groups  uint64    // number of groups of each segment, less one
	only    *group[S] // first group of the only segment, if depth is 0
	entries []pointer[S]
}

// pointer is a segment and, for readers, its first group. The two are stored one
// after the other; nobody needs both.
type pointer[S any] struct {
	first   atomic.Pointer[group[S]]
	segment atomic.Pointer[segment[S]]
}

func (p *pointer[S]) set(s *segment[S]) {
	p.segment.Store(s)
	p.first.Store(&s.groups[0])
}

func (d *directory[S]) at(hash uint64) *pointer[S] {
	return &d.entries[bits.RotateLeft64(hash, int(d.depth))&d.mask]
}

func newDirectory[S any](depth uint8, groups int) *directory[S] {
	return &directory[S]{
		depth:   depth,
		mask:    1<<depth - 1,
		groups:  uint64(groups - 1),
		entries: make([]pointer[S], 1<<depth),
	}
}

// install makes the directory point to s wherever a hash begins with its prefix.
func (d *directory[S]) install(s *segment[S]) {
	first := bits.RotateLeft64(s.prefix, int(d.depth)) & d.mask
	for i := range uint64(1) << (d.depth - s.depth) {
		d.entries[first+i].set(s)
	}
}

// resized returns a directory of another depth for the same segments, none of
// which is deeper.
func (d *directory[S]) resized(depth uint8) *directory[S] {
	n := newDirectory[S](depth, int(d.groups)+1)
	for s := range d.segments {
		n.install(s)
	}
	return n
}

// segments yields each segment in the order of their prefixes. The table's lock
// is held, or the directory is no longer the table's.
func (d *directory[S]) segments(yield func(*segment[S]) bool) {
	for i := uint64(0); i < uint64(len(d.entries)); {
		s := d.entries[i].segment.Load()
		if !yield(s) {
			return
		}
		i += 1 << (d.depth - s.depth)
	}
}
