package graph

import (
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// ID is the number of an object.
type ID uint32

// None is no object.
const None ID = 1<<32 - 1

// Heap is the objects of a dump and their edges.
type Heap struct {
	Dump *record.Dump

	raw   []byte
	pages []page
	index index
	lo    uint64 // the range of addresses that objects take
	hi    uint64

	reserve reserve // what is no object at the end of a page

	// See the package comment.
	start []uint16
	at    []uint16
	row   []uint32 // one more than objects
	edge  []ID
}

// page is a page of the heap in which at least one object begins.
type page struct {
	base   uint64 // address
	size   uint64 // of each object
	file   int    // where the contents of the first object are
	stored int    // how much of each object's contents is in the file
	first  ID     // the first object that begins here
	n      uint16 // how many do
	ptrs   bool   // one of them has pointers that may lead to objects
	scan   bool   // one of them has pointers, be they nil
}

// Len is the number of objects.
func (h *Heap) Len() int { return len(h.start) }

// Addr is the address of an object.
func (h *Heap) Addr(i ID) uint64 {
	p := h.pageOf(i)
	return p.base + uint64(h.start[i])<<3
}

// Size is the size of an object: of its slot, which may be larger than what was
// asked for.
func (h *Heap) Size(i ID) uint64 { return h.pageOf(i).size }

// Contents is the memory of an object. It is shorter than the object if the
// dump is torn there.
func (h *Heap) Contents(i ID) []byte {
	p := h.pageOf(i)
	at := p.file + int(h.at[i])
	return h.raw[at : at+p.stored : at+p.stored]
}

// pageOf returns the page in which object i begins.
func (h *Heap) pageOf(i ID) *page {
	n := sort.Search(len(h.pages), func(n int) bool { return h.pages[n].first > i })
	return &h.pages[n-1]
}

// Find returns the object that covers an address, or None.
func (h *Heap) Find(a uint64) ID {
	o, _ := h.Locate(a)
	return o
}

// findIn returns the object of page p that covers an address, or None.
func (h *Heap) findIn(p *page, a uint64) ID {
	off := a - p.base
	if a < p.base {
		return None
	}
	// No object lies further back than if the page were full.
	k := min(off/p.size, uint64(p.n)-1)
	starts := h.start[p.first : p.first+ID(p.n)]
	if uint64(starts[k])<<3 > off {
		if uint64(starts[0])<<3 > off {
			return None
		}
		// starts[lo] <= off < starts[k]
		for lo := uint64(0); k-lo > 1; {
			if mid := (lo + k) / 2; uint64(starts[mid])<<3 > off {
				k = mid
			} else {
				lo = mid
			}
		}
		k--
	}
	if off-uint64(starts[k])<<3 >= p.size {
		return None
	}
	return p.first + ID(k)
}

// limits of the arrays.
const (
	maxObjects = 1<<31 - 4
	maxEdges   = 1<<32 - 1
)

// Read reads a dump and builds its graph. The result refers to b.
func Read(b []byte) (*Heap, error) {
	h := &Heap{raw: b}
	// Small objects take about 56 bytes of the file each. Memory that is not
	// touched costs nothing, and copying when the arrays grow does.
	n := len(b) / 56
	h.start, h.at, h.row = make([]uint16, 0, n), make([]uint16, 0, n), make([]uint32, 0, n)
	bld := builder{Heap: h}
	d, err := record.Read(b, bld.add)
	if err != nil {
		return nil, err
	}
	h.Dump, h.reserve = d, reserveOf(d.Params.GoVersion, d.Memory.PtrSize)
	h.start, h.at, h.row = clip(h.start), clip(h.at), clip(append(h.row, uint32(bld.edges)))
	h.bounds()
	h.connect()
	return h, nil
}

// clip gives back the capacity that s does not use, if it is much.
func clip[T any](s []T) []T {
	if cap(s) > len(s)+len(s)/4 {
		return slices.Clone(s)
	}
	return s
}

// builder fills the arrays as objects come in.
type builder struct {
	*Heap
	edges uint64 // so far

	page *page  // the last one
	next uint64 // the address behind its last object
}

var (
	errTooMany = errors.New("more objects or references than this reader can number")
	errScatter = errors.New("the addresses of the objects are too far apart for the size of the file: not a Go heap")
)

// add takes in an object. It refuses what no Go heap looks like. Nearly all objects are
// like the one before, and beside it.
func (b *builder) add(d *record.Dump, o record.Object) error {
	if len(b.start) >= maxObjects || b.edges > maxEdges {
		return errTooMany
	}
	p := b.page
	switch {
	case p == nil || o.Addr-p.base >= pageSize:
		if err := b.begin(d, o); err != nil {
			return err
		}
		p = b.page
	case o.Size != p.size || o.Addr < b.next || o.Addr%8 != 0 || o.At-p.file > 1<<16-1:
		return b.notNext(o)
	case o.Addr+o.Size > p.base+pageSize:
		if err := b.cover(d, o); err != nil {
			return err
		}
	}
	b.start = append(b.start, uint16((o.Addr-p.base)>>3))
	b.at = append(b.at, uint16(o.At-p.file))
	b.row = append(b.row, uint32(b.edges))
	b.next = o.Addr + o.Size
	b.edges += uint64(o.Pointers)
	p.n++
	p.ptrs = p.ptrs || o.Pointers > 0
	p.scan = p.scan || o.Scan
	return nil
}

// begin begins a page with its first object.
func (b *builder) begin(d *record.Dump, o record.Object) error {
	base := o.Addr &^ (pageSize - 1)
	if n, ok := b.index.get(base >> pageBits); ok {
		p := &b.pages[n]
		if p.base == base {
			return fmt.Errorf("the object at %#x is not beside the others of its page", o.Addr)
		}
		if last := b.last(p); last+p.size > o.Addr {
			return fmt.Errorf("the object at %#x lies inside the one at %#x", o.Addr, last)
		}
	}
	b.pages = append(b.pages, page{base: base, size: o.Size, file: o.At, stored: o.Stored, first: ID(len(b.start))})
	b.page = &b.pages[len(b.pages)-1]
	return b.cover(d, o)
}

// last is the address of the last object that begins in p.
func (b *builder) last(p *page) uint64 {
	return p.base + uint64(b.start[p.first+ID(p.n)-1])<<3
}

// notNext says why an object cannot follow those of the page in which it is.
func (b *builder) notNext(o record.Object) error {
	switch {
	case o.Size != b.page.size:
		return fmt.Errorf("an object of %d bytes at %#x in a page of objects of %d bytes", o.Size, o.Addr, b.page.size)
	case o.Addr < b.next:
		return fmt.Errorf("the object at %#x overlaps the one at %#x", o.Addr, b.last(b.page))
	case o.Addr%8 != 0:
		return fmt.Errorf("an object at %#x, which no object of Go is aligned to", o.Addr)
	}
	return fmt.Errorf("the object at %#x is not beside the others of its page", o.Addr)
}

// cover enters the pages that o touches in the index. Each page is entered once,
// so what a hostile file can cost is bounded by the size of the index.
func (b *builder) cover(d *record.Dump, o record.Object) error {
	if arena := d.Params; o.Addr%8 != 0 || o.Size == 0 ||
		o.Addr < arena.ArenaStart || o.Addr >= arena.ArenaEnd || o.Size > arena.ArenaEnd-o.Addr || arena.ArenaEnd > maxAddr {
		return fmt.Errorf("an object of %d bytes at address %#x, in a heap from %#x to %#x", o.Size, o.Addr, arena.ArenaStart, arena.ArenaEnd)
	}
	n := uint32(len(b.pages) - 1)
	for p := o.Addr >> pageBits; p <= (o.Addr+o.Size-1)>>pageBits; p++ {
		if _, taken := b.index.get(p); taken && p<<pageBits > b.page.base {
			return fmt.Errorf("the object at %#x overlaps another one", o.Addr)
		}
		b.index.set(p, n)
		// What a sparse heap costs is bounded by what real heaps need.
		if b.index.size > 64<<20+int64(len(b.raw)) {
			return errScatter
		}
	}
	return nil
}

// bounds finds the range of addresses that objects take.
func (h *Heap) bounds() {
	for i := range h.pages {
		p := &h.pages[i]
		first, last := h.start[p.first], h.start[p.first+ID(p.n)-1]
		if lo := p.base + uint64(first)<<3; h.hi == 0 || lo < h.lo {
			h.lo = lo
		}
		h.hi = max(h.hi, p.base+uint64(last)<<3+p.size)
	}
}
