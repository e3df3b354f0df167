package table

import "iter"

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

// Slots yields every entry: each that is in the table all the while once, those
// added or removed meanwhile once or not at all. stale says that the slot may be
// out of date, because its segment has been replaced: what the entry is now must
// be looked up.
func (t *Table[S]) Slots(yield func(slot *Slot[S], stale bool) bool) {
	for from, s := range t.segments {
		for slot := range s.slots {
			if slot.Ref() == nil {
				continue
			}
			if from > s.prefix {
				// Since the loop began, s has been made of a segment that has been seen
				// and one that has not.
				if hash, live := t.Policy.Hash(slot); !live || hash < from {
					continue
				}
			}
			if !yield(slot, s.retired.Load()) {
				return
			}
		}
	}
}
