package table

import "math/bits"

// Sweep removes the entries that are known to be dead, gives back the memory of
// those removed earlier, and returns how many it has removed. It locks one
// segment at a time, or two that it merges, and only to change them.
func (t *Table[S]) Sweep() int {
	n := 0
	for _, s := range t.segments {
		n += t.sweep(s)
	}
	t.shrink()
	for _, s := range t.segments {
		t.tidy(s)
	}
	t.stats.Sweeps.Add(1)
	return n
}

// sweep buries the dead of one segment.
func (t *Table[S]) sweep(s *segment[S]) int {
	var dead [maxGroups]uint64 // by group, as match returns it
	found := false
	for i := range s.groups {
		g := &s.groups[i]
		for m := g.full(g.ctrl.Load()); m != 0; m &= m - 1 {
			if g.slot(m).IsDead() {
				dead[i] |= m & -m
				found = true
			}
		}
		found = found || g.next.Load() != nil
	}
	if !found {
		return 0
	}
	s.mu.Lock()
	if s.retired.Load() {
		s.mu.Unlock()
		n := 0
		for _, s := range t.covering(s.prefix, s.end()) {
			n += t.sweep(s)
		}
		return n
	}
	defer t.unlock(s)
	n := 0
	for i := range s.groups {
		g := &s.groups[i]
		n += t.buryDead(s, g, dead[i])
		for g = g.next.Load(); g != nil; g = g.next.Load() {
			n += t.buryDead(s, g, g.full(g.ctrl.Load()))
		}
	}
	t.countBuried(n)
	return n
}

// buryDead buries the dead among the slots of m, and returns how many it has buried. s is locked.
func (t *Table[S]) buryDead(s *segment[S], g *group[S], m uint64) int {
	n := 0
	for ; m != 0; m &= m - 1 {
		if slot := g.slot(m); slot.IsDead() {
			t.bury(s, slot)
			n++
		}
	}
	return n
}

// tidy gives back the memory of removed entries, if that is worth a rebuilding.
func (t *Table[S]) tidy(s *segment[S]) {
	s.mu.Lock()
	defer t.unlock(s)
	if s.retired.Load() {
		return
	}
	quiet := s.quiet()
	s.lastUsed = s.used
	n := len(s.groups)
	if s.depth == 0 {
		n = min(n, groupsFor(s.live)) // the segments of a larger table are of one size
	}
	switch {
	case s.live == 0 && s.depth == 0:
		t.replace([]*segment[S]{s}, nil)
	case n < len(s.groups),
		s.garbage() > 0 && s.garbage()*4 >= s.used,
		// A busy segment is rebuilt soon anyway, when it is full. In a quiet one the
		// side values of removed entries would stay for ever.
		s.garbage() > 0 && quiet && t.Policy.Pointers:
		r := t.rebuilt(s, n)
		r.lastUsed = r.used // nothing was added
		t.replace([]*segment[S]{s}, []*segment[S]{r})
	}
}

// quiet reports whether nothing has been added since the last sweep. s is locked.
func (s *segment[S]) quiet() bool { return s.used == s.lastUsed }

// groupsFor returns a number of groups of which n entries fill a quarter to a half.
func groupsFor(n int) int {
	return 1 << bits.Len(uint(n*2/slotsPerGroup))
}
