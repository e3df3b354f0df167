package graph

import (
	"encoding/binary"
	"runtime"
	"sync"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// forPointers calls f with the offset and the value of each pointer of contents
// that lie at an offset of the file, until f returns false.
func forPointers(raw []byte, at, stored int, m record.Memory, f func(off, ptr uint64) bool) {
	contents := raw[at : at+stored]
	for list := raw[at+stored:]; list[0] != 0; {
		off, n := uint64(list[1]), 1
		if off >= 0x80 {
			off, n = binary.Uvarint(list[1:])
		}
		list = list[1+n:]
		if off+m.PtrSize > uint64(stored) {
			continue // behind where the dump is torn
		}
		if !f(off, m.Word(contents[off:])) {
			return
		}
	}
}

// Pointers calls f for each pointer in object i that leads to an object: the
// offset of the word, its value and the object. It stops when f returns false.
func (h *Heap) Pointers(i ID, f func(off, ptr uint64, to ID) bool) {
	p := h.pageOf(i)
	forPointers(h.raw, p.file+int(h.at[i]), p.stored, h.Dump.Memory, func(off, ptr uint64) bool {
		to := h.Find(ptr)
		return to == None || f(off, ptr, to)
	})
}

// Edges returns the objects that object i points to, once for each pointer. Some
// may be None.
func (h *Heap) Edges(i ID) []ID { return h.edge[h.row[i]:h.row[i+1]] }

// connect fills the array of edges.
func (h *Heap) connect() {
	h.edge = make([]ID, h.row[len(h.row)-1])
	h.parallel(func(pages []page) {
		for k := range pages {
			h.connectPage(&pages[k])
		}
	})
}

func (h *Heap) connectPage(p *page) {
	if !p.ptrs {
		return
	}
	arena := h.Dump.Params.ArenaStart
	width := h.Dump.Params.ArenaEnd - arena
	for i := p.first; i < p.first+ID(p.n); i++ {
		row := h.edge[h.row[i]:h.row[i+1]]
		if len(row) == 0 {
			continue
		}
		k := 0
		forPointers(h.raw, p.file+int(h.at[i]), p.stored, h.Dump.Memory, func(_, ptr uint64) bool {
			if ptr-arena < width {
				row[k] = h.Find(ptr)
				k++
			}
			return k < len(row)
		})
	}
}

// parallel calls f for parts of the pages, on as many goroutines as there are
// processors.
func (h *Heap) parallel(f func(pages []page)) {
	const part = 256
	var wg sync.WaitGroup
	work := make(chan []page)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for pages := range work {
				f(pages)
			}
		})
	}
	for rest := h.pages; len(rest) > 0; {
		n := min(part, len(rest))
		work <- rest[:n]
		rest = rest[n:]
	}
	close(work)
	wg.Wait()
}
