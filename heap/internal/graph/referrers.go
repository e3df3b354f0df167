package graph

import "sort"

// Referrers returns the objects that point to object o, in the order of the
// file. It reads all edges.
func (h *Heap) Referrers(o ID) (from []ID) {
	for e, to := range h.edge {
		if to != o {
			continue
		}
		if holder := h.holder(e); len(from) == 0 || from[len(from)-1] != holder {
			from = append(from, holder)
		}
	}
	return from
}

// holder returns the object that edge e belongs to.
func (h *Heap) holder(e int) ID {
	return ID(sort.Search(len(h.row), func(i int) bool { return h.row[i] > uint32(e) })) - 1
}

// RootsOf returns the roots that point to object o, best kinds first.
func (s *Search) RootsOf(o ID) (roots []*Root) {
	for i := range s.Roots {
		if s.Roots[i].To == o {
			roots = append(roots, &s.Roots[i])
		}
	}
	return roots
}
