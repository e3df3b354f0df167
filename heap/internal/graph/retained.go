package graph

// Retained is what would be freed if an object were: the object, and what is
// reached only through it.
type Retained struct {
	Objects int
	Bytes   uint64
}

// bitset is a set of objects.
type bitset []uint64

func newBitset(n int) bitset           { return make(bitset, (n+63)/64) }
func (b bitset) has(i ID) bool         { return b[i/64]&(1<<(i%64)) != 0 }
func (b bitset) add(i ID)              { b[i/64] |= 1 << (i % 64) }
func (b bitset) remove(i ID)           { b[i/64] &^= 1 << (i % 64) }
func (b bitset) addNew(i ID) (ok bool) { ok = !b.has(i); b.add(i); return ok }

// Retained computes what object o retains. It needs no dominator tree: what o
// leads to is retained, but for what something else holds too and what that
// leads to. One pass over all edges tells the latter. Where no root leads to o,
// it is what o leads to and no root does.
func (s *Search) Retained(o ID) Retained {
	inside := s.Heap.closure(o)
	s.releaseShared(o, inside)
	return s.Heap.sum(inside)
}

// closure is the set of what object o leads to, itself included.
func (h *Heap) closure(o ID) bitset {
	set := newBitset(h.Len())
	set.add(o)
	for work := []ID{o}; len(work) > 0; {
		from := work[len(work)-1]
		work = work[:len(work)-1]
		for _, to := range h.Edges(from) {
			if to != None && set.addNew(to) {
				work = append(work, to)
			}
		}
	}
	return set
}

// releaseShared takes out of the closure of o what is also reached without o.
func (s *Search) releaseShared(o ID, inside bitset) {
	h := s.Heap
	var work []ID
	release := func(to ID) {
		if to != None && to != o && inside.has(to) {
			inside.remove(to)
			work = append(work, to)
		}
	}
	for i := range s.Roots {
		if s.Roots[i].holds() {
			release(s.Roots[i].To)
		}
	}
	for from := range ID(h.Len()) {
		// What is outside the closure and reached is reached without o.
		if h.row[from] != h.row[from+1] && !inside.has(from) && s.Firm(from) {
			for _, to := range h.Edges(from) {
				release(to)
			}
		}
	}
	for len(work) > 0 {
		from := work[len(work)-1]
		work = work[:len(work)-1]
		for _, to := range h.Edges(from) {
			release(to)
		}
	}
}

// sum counts the objects of a set.
func (h *Heap) sum(set bitset) (r Retained) {
	for k := range h.pages {
		p := &h.pages[k]
		for i := p.first; i < p.first+ID(p.n); i++ {
			if set.has(i) {
				r.Objects++
				r.Bytes += p.size
			}
		}
	}
	return r
}
