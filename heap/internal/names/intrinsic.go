package names

import (
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
	"github.com/weakref-go/weakref/heap/internal/graph"
)

// headerSize is the size of the header of an object with pointers that is too
// large for its pointers to be noted beside it, and yet not very large: the
// address of its type (runtime/malloc.go, mallocHeaderSize).
const headerSize = 8

// hasHeader says whether an object of some size has a header, if it has
// pointers.
func (n *Namer) hasHeader(size uint64) bool {
	return size > n.word()*n.word()*8 && size <= 32<<10
}

// intrinsic is what an object tells of itself.
func (n *Namer) intrinsic(o graph.ID) View {
	if len(n.Heap.Edges(o)) == 0 {
		return View{}
	}
	return n.look(n.Heap.Addr(o), n.Heap.Size(o))
}

// look is what an object with pointers looks like.
func (n *Namer) look(addr, size uint64) View {
	if n.hasHeader(size) {
		return n.headed(addr, size)
	}
	if v := n.closure(addr); v.form == closure {
		return v
	}
	return n.asChannel(addr, size)
}

// headed is a view of an object by its header.
func (n *Namer) headed(addr, size uint64) View {
	t := n.Exe.Type(n.wordAt(addr))
	if t == nil || t.Size == 0 {
		return View{}
	}
	if _, ok := t.Field("ctrl"); ok && strings.Contains(t.Name, "map.group[") {
		return mapView(addr+headerSize, t)
	}
	return View{addr: addr + headerSize, typ: t, many: size-headerSize >= 2*t.Size, len: unknownLen}
}

// asChannel sees an object as a channel if it looks like one: it has the size of
// one, and the size and the type of its elements agree.
func (n *Namer) asChannel(addr, size uint64) View {
	w := n.word()
	if size < 11*w || size > 16*w {
		return View{}
	}
	elemSize, _ := n.uintAt(addr+3*w, 2)
	elem := n.Exe.Type(n.wordAt(addr + 4*w + 8))
	if w == 4 {
		elem = n.Exe.Type(n.wordAt(addr + 6*w))
	}
	if elem == nil || elem.Size != elemSize {
		return View{}
	}
	return View{addr: addr, form: channel, typ: exe.NewChan("chan "+elem.Name, w, elem)}
}

// Processors returns the runtime's records of its processors. Each leads to all
// timers, and each timer to one of them.
func (n *Namer) Processors() (records []graph.ID) {
	const smallest, largest = 2 << 10, 32 << 10 // what such a record may take
	var descriptor uint64
	n.Heap.ForPages(func(p graph.Page, first graph.ID, count int, pointers bool) {
		if size := n.Heap.SizeIn(p); size < smallest || size > largest || !pointers {
			return
		}
		for o := first; o < first+graph.ID(count); o++ {
			w := n.wordAt(n.Heap.AddrIn(p, o))
			if w != 0 && (w == descriptor || isProcessor(n.Exe.Type(w))) {
				descriptor = w
				records = append(records, o)
			}
		}
	})
	return records
}

func isProcessor(t *exe.Type) bool { return t != nil && t.Name == "runtime.p" }
