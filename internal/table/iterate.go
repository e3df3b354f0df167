package table

import (
	"iter"
	"slices"
)

// segmentAt returns the segment of a hash, or nil if the table is empty.
func (t *Table[S]) segmentAt(hash uint64) *segment[S] {
	d := t.dir.Load()
	if d == nil {
		return nil
	}
	return d.at(hash).segment.Load()
}

// end returns the lowest hash above those of the segment, or 0 if there is none.
func (s *segment[S]) end() uint64 {
	return s.prefix + 1<<(64-s.depth) // a shift by 64 gives 0
}

// segments yields segments that together cover all hashes, in ascending order,
// each with the lowest hash that those before have not covered. Others may split
// and merge segments meanwhile, and the loop may replace the one it has got.
func (t *Table[S]) segments(yield func(from uint64, s *segment[S]) bool) {
	t.covering(0, 0)(yield)
}

// covering is segments for the hashes from one up to but not including another,
// 0 standing for the end.
func (t *Table[S]) covering(from, end uint64) iter.Seq2[uint64, *segment[S]] {
	return func(yield func(uint64, *segment[S]) bool) {
		for from := from; ; {
			s := t.segmentAt(from)
			if s == nil || !yield(from, s) {
				return
			}
			if from = s.end(); from == 0 || end != 0 && from >= end {
				return
			}
		}
	}
}

// Slots yields every entry: one that is in the table all the while exactly once, one
// that is added or removed meanwhile once or not at all. No key comes twice, even if
// it is removed and added again; see the package comment. stale says that the slot may
// be out of date, because its segment has been replaced: what the entry is now must be
// looked up.
func (t *Table[S]) Slots(yield func(slot *Slot[S], stale bool) bool) {
	for from := uint64(0); ; {
		s := t.segmentAt(from)
		if s == nil {
			return
		}
		var goOn bool
		if n := len(s.groups); n <= fewGroups {
			var notes [fewGroups]uint64
			goOn = t.slotsOf(s, &from, notes[:n], yield)
		} else {
			var notes [maxGroups]uint64
			goOn = t.slotsOf(s, &from, notes[:n], yield)
		}
		if !goOn {
			return
		}
	}
}

// Sides yields the side values of the entries that a segment has when the loop comes to it,
// which locks the segment to copy them. So a key that has an entry all the while comes once,
// even if that is removed and another one inserted under one lock. (Slots passes over both.)
// Entries may have been removed when they are yielded.
func (t *Table[S]) Sides(yield func(side S) bool) {
	var sides []S
	for from := uint64(0); ; {
		s := t.segmentAt(from)
		if s == nil {
			return
		}
		s.mu.Lock()
		retired := s.retired.Load()
		if !retired {
			sides = t.appendSides(sides[:0], s, from)
		}
		s.mu.Unlock()
		if retired {
			continue
		}
		for _, side := range sides {
			if !yield(side) {
				return
			}
		}
		clear(sides)
		if from = s.end(); from == 0 {
			return
		}
	}
}

// appendSides appends the side values of the entries of a segment with hashes from one on.
// The segment is locked.
func (t *Table[S]) appendSides(sides []S, s *segment[S], from uint64) []S {
	sides = slices.Grow(sides, s.live)
	part := from > s.prefix
	for slot := range s.slots {
		if t.isIn(slot, part, from) {
			sides = append(sides, slot.Side)
		}
	}
	return sides
}

// fewGroups is of how many groups the notes are made in little memory: clearing that
// of a large segment takes as long as a loop over a small table.
const fewGroups = 4

// slotsOf yields the entries of a segment with hashes from one on, which it sets to the
// first that is still to be looked at, and reports whether there is one. notes has a
// word for each group.
func (t *Table[S]) slotsOf(s *segment[S], from *uint64, notes []uint64, yield func(*Slot[S], bool) bool) (goOn bool) {
	more := s.filled(notes)
	if s.retired.Load() {
		return true // what has taken its place may have filled its groups, too
	}
	part := *from > s.prefix
	for i := range notes {
		g, m := &s.groups[i], notes[i]
		for ; m != 0; m &= m - 1 {
			if slot := g.slot(m); t.isIn(slot, part, *from) && !yield(slot, s.retired.Load()) {
				return false
			}
		}
	}
	for _, o := range more {
		for m := o.filled; m != 0; m &= m - 1 {
			if slot := o.group.slot(m); t.isIn(slot, part, *from) && !yield(slot, s.retired.Load()) {
				return false
			}
		}
	}
	*from = s.end()
	return *from != 0
}

// isIn reports whether a slot has an entry and, if only a part of its segment is wanted,
// whether the entry has a hash from one on: since the loop began, the segment has been
// made of one that has been seen and one that has not.
func (t *Table[S]) isIn(slot *Slot[S], part bool, from uint64) bool {
	ref := slot.Ref()
	if ref == nil || !part {
		return ref != nil
	}
	hash, live := t.Policy.Hash(slot, ref)
	return live && hash >= from
}

// overflow is a group beyond those that lie side by side, and its filled slots.
type overflow[S any] struct {
	group  *group[S]
	filled uint64
}

// filled notes which slots of each group are filled, as full returns it, and returns
// what the groups overflow to.
func (s *segment[S]) filled(of []uint64) (more []overflow[S]) {
	for i := range of {
		g := &s.groups[i]
		of[i] = g.full(g.ctrl.Load())
		for g = g.next.Load(); g != nil; g = g.next.Load() {
			more = append(more, overflow[S]{g, g.full(g.ctrl.Load())})
		}
	}
	return more
}
