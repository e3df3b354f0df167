package graph

import (
	"strconv"
	"strings"
)

// The runtime keeps the pointer bitmap and, since Go 1.26, the mark bits of a
// span of small objects at the end of the span, where objects would otherwise
// be. The dump does not know that and lists slots to the very end of the span:
// the last ones are no objects. We call them phantoms.
//
//	 span of one page
//	┌──────┬──────┬──────┬ … ┬──────┬──┬────────┬───────┐
//	│ slot │ slot │ slot │   │ slot │  │ bitmap │ marks │
//	└──────┴──────┴──────┴ … ┴──────┴──┴────────┴───────┘
//	                             more slots, as the dump has it
//
// No pointer in an object, a package variable or a function of the program leads
// to a phantom: if one does, the Go version keeps less there than we know, and it
// is an object. Words of stacks may lead to one, though. The runtime works with the
// addresses of bitmaps, leaves them behind in frames, and a loop over an array may
// have the address of its end in a register, which is where the bitmap begins if
// the array is the last object. So what only such words lead to is not reached;
// see [Kind.exact].

// reserve is what a Go version keeps at the end of a span.
type reserve struct {
	largest uint64 // size of object to which this applies
	bitmap  uint64 // bytes, in spans of objects with pointers
	marks   uint64 // bytes, in spans of objects of 16 bytes and more
}

func reserveOf(goVersion string, ptrSize uint64) reserve {
	minor := minorVersion(goVersion)
	if minor < 22 {
		return reserve{}
	}
	r := reserve{
		largest: ptrSize * ptrSize * 8, // as many bytes as a word has bits for words
		bitmap:  pageSize / ptrSize / 8,
	}
	inline := minor >= 26 && !strings.Contains(goVersion, "nogreenteagc") ||
		minor == 25 && strings.Contains(goVersion, "greenteagc")
	if inline {
		r.marks = 128
	}
	return r
}

// minorVersion is the 26 of "go1.26.1 X:some". Versions that it does not know
// are taken for the newest.
func minorVersion(goVersion string) int {
	const newest = 1 << 20
	_, s, ok := strings.Cut(goVersion, "go1.")
	if !ok {
		return newest
	}
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil {
		return newest
	}
	return n
}

// slots returns how many slots of a page of objects of some size are objects if
// these have pointers, and if they have not.
func (r reserve) slots(size uint64) (scan, noscan uint64) {
	marks := r.marks
	if size < 16 {
		marks = 0
	}
	return (pageSize - marks - r.bitmap) / size, (pageSize - marks) / size
}

// Counts is how many objects a search has found.
type Counts struct {
	Reached   int
	Unreached int
	Stale     int    // of the reached, those that only stale words lead to
	Phantoms  int    // slots that the dump lists although they are no objects
	Bytes     uint64 // of the reached
}

// Count counts the objects by what the search has found.
func (s *Search) Count() (c Counts) {
	s.forPages(func(p *page, real ID) {
		for i := p.first; i < p.first+ID(p.n); i++ {
			switch {
			case s.Reached(i):
				c.Reached++
				c.Bytes += p.size
				if !s.Firm(i) {
					c.Stale++
				}
			case i < real:
				c.Unreached++
			default:
				c.Phantoms++
			}
		}
	})
	return c
}

// forPages calls f with each page and the number of its first phantom.
func (s *Search) forPages(f func(p *page, phantoms ID)) {
	for k := range s.Heap.pages {
		p := &s.Heap.pages[k]
		f(p, s.Heap.firstPhantom(p))
	}
}

// isPhantom says whether object i is a phantom unless an exact root leads to it.
func (h *Heap) isPhantom(i ID) bool { return i >= h.firstPhantom(h.pageOf(i)) }

func (h *Heap) firstPhantom(p *page) ID {
	end := p.first + ID(p.n)
	if p.size > h.reserve.largest {
		return end
	}
	scan, real := h.reserve.slots(p.size)
	if h.isScan(p, scan) {
		real = scan
	}
	for end > p.first && uint64(h.start[end-1])<<3 >= real*p.size {
		end--
	}
	return end
}

// isScan says whether a page is one of objects with pointers, of which scan
// would fit. The collector knows; here it is told from the objects. If all there
// are lie behind the first scan slots, the page is one of objects without
// pointers: a page that has no object at all is given back when it is swept, and
// is not in a dump.
func (h *Heap) isScan(p *page, scan uint64) bool {
	if !p.scan {
		return false
	}
	for i := p.first; i < p.first+ID(p.n); i++ {
		if uint64(h.start[i])<<3 >= scan*p.size {
			return false
		}
		if h.hasPointers(p, i) {
			return true
		}
	}
	return false
}

// hasPointers says whether the list of pointers of object i is not empty.
func (h *Heap) hasPointers(p *page, i ID) bool {
	return h.raw[p.file+int(h.at[i])+p.stored] != 0
}
