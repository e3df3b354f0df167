package heap

import (
	"slices"

	"github.com/weakref-go/weakref/heap/internal/graph"
)

// shape is the number of a shape of paths: the sizes of the objects on them, in
// order. Equal sizes in a row count as one, so that the links of a list do not
// matter, and so do all that are large: those are arrays, of which there are many
// sizes. Without names, it tells ways apart that read alike.
type shape int

// shapes numbers shapes.
type shapes struct {
	d       *Dump
	of      map[graph.ID]shape
	numbers map[longer]shape
}

// longer is a shape that is longer than another by an object of some size.
type longer struct {
	than shape
	size uint64
}

func newShapes(d *Dump) *shapes {
	return &shapes{d, map[graph.ID]shape{}, map[longer]shape{}}
}

// to is the shape of the path that leads to an object.
func (s *shapes) to(o graph.ID) (sh shape) {
	var rest []graph.ID // of the path, from its end on
	for known := false; o != graph.None && !known; {
		if sh, known = s.of[o]; !known {
			rest = append(rest, o)
			o, _ = s.d.search.Parent(o)
		}
	}
	size := uint64(0)
	if o != graph.None {
		size = s.size(o)
	}
	for _, o := range slices.Backward(rest) {
		if n := s.size(o); n != size {
			size = n
			sh = s.number(longer{sh, n})
		}
		s.of[o] = sh
	}
	return sh
}

func (s *shapes) size(o graph.ID) uint64 {
	const large = 1024
	return min(s.d.heap.Size(o), large)
}

func (s *shapes) number(l longer) shape {
	n, ok := s.numbers[l]
	if !ok {
		n = shape(len(s.numbers) + 1)
		s.numbers[l] = n
	}
	return n
}
