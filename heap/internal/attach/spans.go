package attach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// span is one of the runtime's spans (runtime.mspan): pages with slots of one size.
type span struct {
	base, npages, slot            uint64
	freeindex, slots              uint16
	allocBits, markBits, specials uint64
	largeType                     uint64
	sweepgen                      uint32
	class                         byte

	marks []byte // if it has not been swept yet
}

const pageShift = 13 // of the runtime's pages

func (s *span) size() uint64 { return s.npages << pageShift }
func (s *span) end() uint64  { return s.base + s.size() }
func (s *span) noscan() bool { return s.class&1 != 0 }

// inUse is how many bytes the spans have that have objects.
func (x *extractor) inUse() uint64 {
	return x.u64(x.global[varHeap]+x.layout.of("mheap.pagesInUse")) << pageShift
}

// readSpans reads the spans that have objects, by address.
func (x *extractor) readSpans() error {
	l := x.layout
	list := x.slice(x.global[varHeap]+l.of("mheap.allspans"), 8)
	read := x.spanReader()
	x.spans = make([]span, 0, len(list)/8)
	for ; len(list) >= 8; list = list[8:] {
		s, used := read(le.Uint64(list))
		switch {
		case x.err != nil:
			return x.err
		case !used:
			continue
		case !s.sound() || !x.there(s.base, s.size()):
			return fmt.Errorf("the span at %#x is damaged: %d slots of %d bytes in %d pages", s.base, s.slots, s.slot, s.npages)
		}
		x.spans = append(x.spans, s)
	}
	slices.SortFunc(x.spans, func(a, b span) int { return cmp.Compare(a.base, b.base) })
	return nil
}

// sound reports whether what a span's record says fits together.
func (s *span) sound() bool {
	return s.base%(1<<pageShift) == 0 && 0 < s.npages && s.npages < 1<<32 &&
		0 < s.slot && s.slot <= s.size() && uint64(s.slots) <= s.size()/s.slot
}

// spanReader returns a function that reads the span whose record is at an address. There
// may be millions, so what is in the layout is looked up once.
func (x *extractor) spanReader() func(rec uint64) (s span, used bool) {
	at := func(field string) uint64 { return x.layout.of("mspan." + field) }
	size := x.layout.of("mspan")
	base, npages, slot, specials := at("startAddr"), at("npages"), at("elemsize"), at("specials")
	freeindex, slots, alloc, mark := at("freeindex"), at("nelems"), at("allocBits"), at("gcmarkBits")
	gen, class, state, large := at("sweepgen"), at("spanclass"), at("state"), at("largeType")
	inUse := byte(x.layout.of("mSpanInUse"))
	return func(rec uint64) (s span, used bool) {
		b := x.fixed(rec, size)
		if b[state] != inUse {
			return s, false
		}
		return span{
			base: le.Uint64(b[base:]), npages: le.Uint64(b[npages:]), slot: le.Uint64(b[slot:]),
			freeindex: le.Uint16(b[freeindex:]), slots: le.Uint16(b[slots:]),
			allocBits: le.Uint64(b[alloc:]), markBits: le.Uint64(b[mark:]), specials: le.Uint64(b[specials:]),
			largeType: le.Uint64(b[large:]), sweepgen: le.Uint32(b[gen:]), class: b[class],
		}, true
	}
}

// Spans of small objects keep bits at their end: which words are pointers, and with the
// collector called Green Tea, the marks.
//
//	slots … │ pointers: a bit a word │ scans, marks, class: 128 bytes │

const (
	smallSlot   = 512 // slots up to that size
	smallestTea = 16  // with marks: slots from that size on
)

// hasMarks says whether the marks of a span are at its end.
func (x *extractor) hasMarks(s *span) bool {
	return s.slot <= smallSlot && s.slot >= smallestTea && s.npages == 1 && !strings.Contains(x.program.goVersion, "nogreenteagc")
}

// allocated returns the bitmap of the slots of a span that are objects. gen is the
// generation of the heap; mem is the memory of the span.
func (x *extractor) allocated(s *span, mem []byte, gen uint32) []byte {
	n := (uint64(s.slots) + 63) / 64 * 8
	// runtime/mheap.go: gen-2 needs sweeping, gen-1 is being swept, gen+1 was cached
	// before the sweep began.
	if s.sweepgen == gen-2 || s.sweepgen == gen-1 || s.sweepgen == gen+1 {
		marks := x.marks(s, mem, n)
		// The sweep empties the marks when it has taken them over.
		if s.sweepgen != gen-1 || slices.ContainsFunc(marks, func(c byte) bool { return c != 0 }) {
			s.marks = marks
			alloc := slices.Clone(marks)
			x.revive(s, alloc)
			return alloc
		}
	}
	alloc := make([]byte, n)
	if s.allocBits != 0 {
		copy(alloc, x.bytes(s.allocBits, n))
	}
	for i := uint16(0); i < min(s.freeindex, s.slots); i++ {
		alloc[i/8] |= 1 << (i % 8)
	}
	return alloc
}

func (x *extractor) marks(s *span, mem []byte, n uint64) []byte {
	marks := make([]byte, n)
	if s.markBits != 0 {
		copy(marks, x.bytes(s.markBits, n))
	}
	if x.hasMarks(s) {
		record := mem[uint64(len(mem))-x.layout.of("spanInlineMarkBits"):]
		at := x.layout.of("spanInlineMarkBits.marks")
		for i, c := range record[at : len(record)-1] {
			if i < len(marks) {
				marks[i] |= c
			}
		}
	}
	return marks
}

// revive marks the objects that the sweep will hand to their finalizers.
func (x *extractor) revive(s *span, alloc []byte) {
	finalizer := byte(x.layout.of("_KindSpecialFinalizer"))
	x.specials(s, func(_, off uint64, kind byte) {
		if i := off / s.slot; kind == finalizer && i < uint64(s.slots) {
			alloc[i/8] |= 1 << (i % 8)
		}
	})
}

// marked says whether the object at an offset survives the sweep.
func (s *span) marked(off uint64) bool {
	i := off / s.slot
	return s.marks == nil || i/8 < uint64(len(s.marks)) && s.marks[i/8]>>(i%8)&1 != 0
}
