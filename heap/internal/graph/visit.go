package graph

// Page is the number of a page, for those who visit many objects: from it the
// address and the size of an object follow without a search.
type Page uint32

// Locate returns the object that covers an address and the page in which it
// begins. The object is None if there is none.
func (h *Heap) Locate(a uint64) (ID, Page) {
	if a-h.lo >= h.hi-h.lo {
		return None, 0
	}
	n, ok := h.index.get(a >> pageBits)
	if !ok {
		return None, 0
	}
	if i := h.findIn(&h.pages[n], a); i != None {
		return i, Page(n)
	}
	// The last object of a page before this one may reach into it.
	if a>>pageBits == 0 {
		return None, 0
	}
	if n, ok = h.index.get(a>>pageBits - 1); !ok {
		return None, 0
	}
	return h.findIn(&h.pages[n], a), Page(n)
}

// AddrIn is the address of object i, which begins in a page.
func (h *Heap) AddrIn(p Page, i ID) uint64 { return h.pages[p].base + uint64(h.start[i])<<3 }

// SizeIn is the size of the objects that begin in a page.
func (h *Heap) SizeIn(p Page) uint64 { return h.pages[p].size }

// Forward is the page in which object i begins, which is p or one after it.
func (h *Heap) Forward(p Page, i ID) Page {
	for i-h.pages[p].first >= ID(h.pages[p].n) {
		p++
	}
	return p
}

// HasPointers says whether some object that begins in page p has pointers that may lead
// to objects.
func (h *Heap) HasPointers(p Page) bool { return h.pages[p].ptrs }

// Visit calls f for each pointer in object i, which begins in page p, that leads to
// an object: the offset of the word, its value, the object and its page. The edges
// tell the objects, so the addresses need not be looked up. It calls elsewhere with
// the pointers that lead out of the heap and are not nil.
func (h *Heap) Visit(p Page, i ID, f func(off, ptr uint64, to ID, in Page), elsewhere func(off, ptr uint64)) {
	from := &h.pages[p]
	row := h.edge[h.row[i]:h.row[i+1]]
	arena := h.Dump.Params.ArenaStart
	width := h.Dump.Params.ArenaEnd - arena
	k := 0
	forPointers(h.raw, from.file+int(h.at[i]), from.stored, h.Dump.Memory, func(off, ptr uint64) bool {
		if ptr-arena < width {
			if to := row[k]; to != None {
				f(off, ptr, to, h.pageWith(ptr, to))
			}
			k++
		} else if ptr != 0 {
			elsewhere(off, ptr)
		}
		return true
	})
}

// pageWith is the page in which object o begins, which covers address a.
func (h *Heap) pageWith(a uint64, o ID) Page {
	n, ok := h.index.get(a >> pageBits)
	if ok {
		if p := &h.pages[n]; o-p.first < ID(p.n) {
			return Page(n)
		}
	}
	n, _ = h.index.get(a>>pageBits - 1) // it reaches into the page of a
	return Page(n)
}

// PointerOffsets returns where object i has pointers, be they nil.
func (h *Heap) PointerOffsets(i ID) (offs []uint64) {
	p := h.pageOf(i)
	forPointers(h.raw, p.file+int(h.at[i]), p.stored, h.Dump.Memory, func(off, _ uint64) bool {
		offs = append(offs, off)
		return true
	})
	return offs
}

// ForPages calls f with each page: the objects that begin in it are first to
// first+n-1. pointers says whether one of them has pointers.
func (h *Heap) ForPages(f func(p Page, first ID, n int, pointers bool)) {
	for k := range h.pages {
		p := &h.pages[k]
		f(Page(k), p.first, int(p.n), p.ptrs)
	}
}
