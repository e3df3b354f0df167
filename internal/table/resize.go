package table

// makeRoom adds an entry to a segment that has reached its limit. s is locked.
func (t *Table[S]) makeRoom(s *segment[S], hash uint64, e entry[S]) {
	parts := t.enlarged(s)
	if parts == nil {
		s.add(hash, e)
		return
	}
	// The copies are not visible yet, so the entry can be added without a lock.
	for _, p := range parts {
		if p.owns(hash) {
			p.add(hash, e)
		}
	}
	if !t.replace([]*segment[S]{s}, parts) {
		// The table has been cleared since s was found, and what is added to s now
		// counts as added before that. But s does not have the entry, so nobody else
		// may look for it there.
		t.count.Add(-1)
		s.retired.Store(true)
	}
}

// enlarged returns what shall take the place of a segment without room, or nil if
// nothing can be done about it.
func (t *Table[S]) enlarged(s *segment[S]) []*segment[S] {
	n := len(s.groups)
	switch {
	case s.garbage()*4 >= s.used:
		return []*segment[S]{t.rebuilt(s, n)}
	case n < maxGroups:
		return []*segment[S]{t.rebuilt(s, 2*n)}
	case s.crowded:
		return nil
	}
	parts := t.split(s)
	// A half that gets next to nothing means hashes that no further bit tells
	// apart. By chance it does not happen to a segment of this size.
	if least := min(parts[0].live, parts[1].live); least < s.live/16 {
		s.crowded = true
		return nil
	}
	return parts
}

// garbage is the number of slots of removed entries.
func (s *segment[S]) garbage() int { return s.used - s.live }

// owns reports whether the segment is the one for a hash.
func (s *segment[S]) owns(hash uint64) bool {
	return (hash^s.prefix)>>(64-s.depth) == 0
}

// rebuilt returns a copy of the entries of s in n groups. s is locked.
func (t *Table[S]) rebuilt(s *segment[S], n int) *segment[S] {
	c := &segment[S]{groups: make([]group[S], n), prefix: s.prefix, depth: s.depth}
	t.copy(s, func(hash uint64, e entry[S]) { c.add(hash, e) })
	return c
}

// split returns the entries of s in two segments. s is locked.
func (t *Table[S]) split(s *segment[S]) []*segment[S] {
	bit := uint64(1) << (63 - s.depth)
	half := func(prefix uint64) *segment[S] {
		return &segment[S]{groups: make([]group[S], len(s.groups)), prefix: prefix, depth: s.depth + 1}
	}
	a, b := half(s.prefix), half(s.prefix|bit)
	t.copy(s, func(hash uint64, e entry[S]) {
		if hash&bit == 0 {
			a.add(hash, e)
		} else {
			b.add(hash, e)
		}
	})
	return []*segment[S]{a, b}
}

// copy calls add for the entries of s, and buries those that turn out to be dead.
// s is locked.
func (t *Table[S]) copy(s *segment[S], add func(hash uint64, e entry[S])) {
	for slot := range s.slots {
		ref := slot.ref
		if ref == nil {
			continue
		}
		if hash, live := t.Policy.Hash(slot, ref); live {
			add(hash, entry[S]{ref, slot.Side})
		} else {
			t.buryOne(s, slot)
		}
	}
}

// replace exchanges segments in the directory for others that hold the same
// entries, and retires them. All of old are locked. It reports false, and
// changes nothing, if they are no longer in the directory.
func (t *Table[S]) replace(old, parts []*segment[S]) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.dir.Load()
	if d == nil || d.at(old[0].prefix).segment.Load() != old[0] {
		return false
	}
	switch {
	case len(parts) == 0:
		t.dir.Store(nil)
	case parts[0].depth == 0:
		t.dir.Store(single(parts[0])) // of another number of groups, perhaps
	case parts[0].depth > d.depth:
		d = d.resized(parts[0].depth)
		install(d, parts)
		t.dir.Store(d)
	default:
		install(d, parts)
	}
	for _, s := range old {
		s.retired.Store(true)
	}
	return true
}

func install[S any](d *directory[S], parts []*segment[S]) {
	for _, p := range parts {
		d.install(p)
	}
}

// merge makes one segment of two if they would fill less than half of it, or, if nothing
// has been added to them since the last sweep, less than seven eighths. s is the first of
// the two.
func (t *Table[S]) merge(s *segment[S]) {
	s.mu.Lock()
	defer t.unlock(s)
	d := t.dir.Load()
	if s.retired.Load() || d == nil {
		return
	}
	b := d.at(s.prefix | 1<<(64-s.depth)).segment.Load()
	b.mu.Lock()
	defer func() {
		s.dead = append(s.dead, b.dead...) // to be reported without a lock
		b.dead = nil
		b.mu.Unlock()
	}()
	most := s.limit() / 2 // so that it is not split again at once
	if s.quiet() && b.quiet() {
		most = s.limit() * 7 / 8
	}
	if b.retired.Load() || b.depth != s.depth || s.live+b.live > most {
		return
	}
	m := &segment[S]{prefix: s.prefix, depth: s.depth - 1}
	if s.live+b.live == 0 {
		// After a mass death most merges are of this kind.
		m.groups, m.used = s.groups, s.used
	} else {
		m.groups = make([]group[S], len(s.groups))
		add := func(hash uint64, e entry[S]) { m.add(hash, e) }
		t.copy(s, add)
		t.copy(b, add)
	}
	t.replace([]*segment[S]{s, b}, []*segment[S]{m})
}

// shrink merges segments until none can be, and then halves the directory while
// no segment needs its last bit.
func (t *Table[S]) shrink() {
	d := t.dir.Load()
	if d == nil {
		return
	}
	for depth := d.depth; depth > 0; depth-- {
		for _, s := range t.segments {
			if s.depth == depth && s.prefix&(1<<(64-depth)) == 0 {
				t.merge(s)
			}
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if d = t.dir.Load(); d == nil {
		return
	}
	deepest := uint8(0)
	for s := range d.segments {
		deepest = max(deepest, s.depth)
	}
	if deepest < d.depth {
		t.dir.Store(d.resized(deepest))
	}
}
