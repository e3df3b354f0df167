package names

import (
	"math/bits"

	"github.com/weakref-go/weakref/heap/internal/graph"
)

// toFollow is an object to follow.
type toFollow struct {
	object graph.ID
	page   graph.Page
}

// waiting is the objects that wait to be followed, each once. A few are taken first
// come, first served. When there are many, they are taken in the order of the dump:
// what is known of neighbours, and their memory, lies side by side, and in any other
// order most steps wait for memory. An object that is added ahead is taken on the way,
// one that is added behind in the next round.
type waiting struct {
	heap  *graph.Heap
	is    []uint64 // the objects, a bit for each
	first []toFollow
	head  int  // in first
	many  bool // there are more than those in first

	inOrder  bool
	position graph.ID // those before it have been taken, if inOrder
	page     graph.Page
}

// few is the fraction of all objects that may wait in the order in which they came. A
// round looks at all bits, and serves at least as many objects.
const (
	few      = 1 << 8
	leastFew = 1 << 14
)

func newWaiting(h *graph.Heap) waiting {
	return waiting{heap: h, is: make([]uint64, (h.Len()+63)/64)}
}

// add adds an object, if it does not wait already.
func (w *waiting) add(o graph.ID, p graph.Page) {
	bit := uint64(1) << (o % 64)
	if w.is[o/64]&bit != 0 {
		return
	}
	w.is[o/64] |= bit
	switch {
	case w.inOrder && o >= w.position:
	case len(w.first) >= leastFew && len(w.first) >= w.heap.Len()/few:
		w.many = true
	default:
		w.first = append(w.first, toFollow{o, p})
	}
}

// take takes an object.
func (w *waiting) take() (f toFollow, ok bool) {
	if w.inOrder {
		if f, ok = w.next(); ok {
			return f, true
		}
		w.inOrder = false
	}
	if w.many {
		w.first, w.head, w.many = w.first[:0], 0, false
		w.inOrder, w.position, w.page = true, 0, 0
		return w.next()
	}
	if w.head == len(w.first) {
		return f, false
	}
	f = w.first[w.head]
	if w.head++; w.head == len(w.first) {
		w.first, w.head = w.first[:0], 0
	}
	w.is[f.object/64] &^= 1 << (f.object % 64)
	return f, true
}

// next takes the next object in the order of the dump.
func (w *waiting) next() (f toFollow, ok bool) {
	at := int(w.position / 64)
	if at == len(w.is) {
		return f, false
	}
	for word := w.is[at] &^ (1<<(w.position%64) - 1); ; word = w.is[at] {
		if word != 0 {
			o := graph.ID(at*64 + bits.TrailingZeros64(word))
			w.is[at] &^= 1 << (o % 64)
			w.position = o + 1
			w.page = w.heap.Forward(w.page, o)
			return toFollow{o, w.page}, true
		}
		if at++; at == len(w.is) {
			w.position = graph.ID(w.heap.Len())
			return f, false
		}
	}
}
