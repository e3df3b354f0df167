package table

import "fmt"

// Validate returns an error for the first invariant it finds broken. If somebody else
// uses the table meanwhile, it may find one broken that is not. It is for tests.
func (t *Table[S]) Validate() error {
	d := t.dir.Load()
	if d == nil {
		if n := t.Len(); n != 0 {
			return fmt.Errorf("the table has no segments and counts %d entries", n)
		}
		return nil
	}
	if len(d.entries) != 1<<d.depth || d.mask != uint64(len(d.entries)-1) {
		return fmt.Errorf("directory of depth %d has %d entries and mask %#x", d.depth, len(d.entries), d.mask)
	}
	live, next := 0, uint64(0)
	for s := range d.segments {
		if s.prefix != next {
			return fmt.Errorf("a segment with prefix %#x follows one that ends at %#x", s.prefix, next)
		}
		next = s.end()
		s.mu.Lock()
		err := t.validateSegment(d, s)
		live += s.live
		s.mu.Unlock()
		if err != nil {
			return fmt.Errorf("segment %#x/%d: %w", s.prefix, s.depth, err)
		}
	}
	if next != 0 {
		return fmt.Errorf("the last segment ends at %#x", next)
	}
	if live != t.Len() {
		return fmt.Errorf("the segments have %d entries, the table counts %d", live, t.Len())
	}
	return nil
}

// validateSegment is for a segment that is locked.
func (t *Table[S]) validateSegment(d *directory[S], s *segment[S]) error {
	switch {
	case s.retired.Load():
		return fmt.Errorf("is retired")
	case s.depth > d.depth:
		return fmt.Errorf("is deeper than its directory of depth %d", d.depth)
	case uint64(len(s.groups)-1) != d.groups:
		return fmt.Errorf("has %d groups, its directory says %d", len(s.groups), d.groups+1)
	case len(s.dead) != 0:
		return fmt.Errorf("has %d dead entries that nobody was told of", len(s.dead))
	}
	for i := range uint64(1) << (d.depth - s.depth) {
		p := d.at(s.prefix + i<<(64-d.depth))
		if p.segment.Load() != s || p.first.Load() != &s.groups[0] {
			return fmt.Errorf("entry %d of the directory does not point to it", i)
		}
	}
	used, live := 0, 0
	for slot := range s.slots {
		used++
		if slot.ref == nil {
			continue
		}
		live++
		hash, ok := t.Policy.Hash(slot, slot.ref)
		if !ok {
			continue
		}
		if !s.owns(hash) {
			return fmt.Errorf("holds an entry with hash %#x", hash)
		}
		if FindFunc(s.view(), hash, func(f *Slot[S]) bool { return f == slot }) == nil {
			return fmt.Errorf("holds an entry with hash %#x that is not found", hash)
		}
	}
	if used != s.used || live != s.live {
		return fmt.Errorf("has %d filled slots and %d entries, counts %d and %d", used, live, s.used, s.live)
	}
	return nil
}
