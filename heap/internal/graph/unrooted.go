package graph

import "slices"

// Unrooted is the part of a heap that no root leads to, or only stale words: the
// garbage, and what only roots hold that a dump does not have.
type Unrooted struct {
	Search *Search
	// Tops lead to all of it: the objects that no other unrooted object leads
	// to, and one object for each cycle that none leads into.
	Tops []ID
	// Parts is what each top leads to; what several lead to counts for one.
	Parts map[ID]Retained

	in []ID        // in order
	to map[ID][]ID // references among them, backwards
}

// Unrooted collects what is unrooted.
func (s *Search) Unrooted() *Unrooted {
	u := &Unrooted{Search: s, to: make(map[ID][]ID), Parts: make(map[ID]Retained)}
	s.forPages(func(p *page, phantoms ID) {
		for i := p.first; i < phantoms; i++ {
			if !s.Firm(i) {
				u.in = append(u.in, i)
			}
		}
	})
	for _, from := range u.in {
		for _, to := range s.Heap.Edges(from) {
			if to != None && to != from && !s.Firm(to) {
				u.to[to] = append(u.to[to], from)
			}
		}
	}
	u.findTops()
	return u
}

// findTops walks from every object that has not been seen yet, and once more
// from the starting points, last one first. Whatever another starting point
// leads to is passed over then.
func (u *Unrooted) findTops() {
	var starts []ID
	seen := newBitset(u.Search.Heap.Len())
	for _, o := range u.in {
		if seen.addNew(o) {
			starts = append(starts, o)
			u.walk(o, seen)
		}
	}
	seen = newBitset(u.Search.Heap.Len())
	for _, o := range slices.Backward(starts) {
		if seen.addNew(o) {
			u.Tops = append(u.Tops, o)
			u.Parts[o] = u.walk(o, seen)
		}
	}
	slices.Sort(u.Tops)
}

// walk adds to seen what object o leads to, and returns how much that is with o.
func (u *Unrooted) walk(o ID, seen bitset) (added Retained) {
	for work := []ID{o}; len(work) > 0; {
		from := work[len(work)-1]
		work = work[:len(work)-1]
		added.Objects++
		added.Bytes += u.Search.Heap.Size(from)
		for _, to := range u.Search.Heap.Edges(from) {
			if to != None && !u.Search.Firm(to) && seen.addNew(to) {
				work = append(work, to)
			}
		}
	}
	return added
}

// Paths returns the shortest path from each top that leads to object o, which is
// unrooted, shortest first.
func (u *Unrooted) Paths(o ID) (paths [][]Step) {
	next := map[ID]ID{o: None}
	for queue := []ID{o}; len(queue) > 0; {
		to := queue[0]
		queue = queue[1:]
		if _, top := slices.BinarySearch(u.Tops, to); top {
			paths = append(paths, u.path(to, next))
		}
		for _, from := range u.to[to] {
			if _, ok := next[from]; !ok {
				next[from] = to
				queue = append(queue, from)
			}
		}
	}
	return paths
}

// path follows next from a top.
func (u *Unrooted) path(top ID, next map[ID]ID) []Step {
	h := u.Search.Heap
	ptr := h.Addr(top)
	path := []Step{{Root: &Root{Kind: NoRoot, Ptr: ptr, To: top}, From: None, Ptr: ptr, To: top}}
	for from := top; next[from] != None; from = next[from] {
		path = append(path, h.Step(from, next[from]))
	}
	return path
}
