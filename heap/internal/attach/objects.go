package attach

import "math/bits"

// piece is how much memory is read at once.
const piece = 4 << 20

// writeObjects writes the objects of all spans. Spans beside each other are read
// together.
func (x *extractor) writeObjects() {
	gen := x.u32(x.global[varHeap] + x.layout.of("mheap.sweepgen"))
	buf := make([]byte, piece)
	for first := 0; first < len(x.spans) && x.w.Err() == nil; {
		base, end := x.spans[first].base, x.spans[first].end()
		next := first + 1
		for ; next < len(x.spans) && x.spans[next].base == end && x.spans[next].end()-base <= piece; next++ {
			end = x.spans[next].end()
		}
		n := end - base
		if n > uint64(len(buf)) {
			buf = make([]byte, n)
		}
		mem := buf[:n]
		if got := x.readPages(base, mem); got < len(mem) {
			x.fail(base, n-uint64(got))
		}
		for ; first < next; first++ {
			s := &x.spans[first]
			x.writeSpan(s, mem[s.base-base:s.end()-base], gen)
		}
		if len(buf) > piece {
			buf = make([]byte, piece) // one large object is no reason to keep that much
		}
	}
}

// writeSpan writes the objects of a span.
func (x *extractor) writeSpan(s *span, mem []byte, gen uint32) {
	alloc := x.allocated(s, mem, gen)
	pointers := x.pointersOf(s, mem)
	for i := uint64(0); i < uint64(s.slots); i++ {
		if alloc[i/8]>>(i%8)&1 == 0 {
			continue
		}
		off := i * s.slot
		obj := mem[off : off+s.slot]
		x.objects++
		x.w.Object(s.base+off, obj)
		pointers(off, obj)
		x.w.EndObject()
	}
}

// pointersOf returns a function that writes the pointers of an object of a span at an
// offset. There are three ways to know them (runtime/mbitmap.go): bits at the end of
// the span, a word with the type at the beginning of the object, and the type in the
// record of a span with one object.
func (x *extractor) pointersOf(s *span, mem []byte) func(off uint64, obj []byte) {
	switch {
	case s.noscan():
		return func(uint64, []byte) {}
	case s.slot <= smallSlot:
		end := uint64(len(mem))
		if x.hasMarks(s) {
			end -= x.layout.of("spanInlineMarkBits")
		}
		bitmap := mem[end-uint64(len(mem))/64:]
		return func(off uint64, _ []byte) { x.writeBits(bitmap, off/8, s.slot/8) }
	case s.class>>1 == 0:
		return func(_ uint64, obj []byte) { x.writeTyped(s.largeType, obj, 0) }
	}
	return func(_ uint64, obj []byte) { x.writeTyped(le.Uint64(obj), obj, 8) }
}

// writeBits writes the pointers of n words, 64 at most, by a bitmap from a bit on.
func (x *extractor) writeBits(bitmap []byte, first, n uint64) {
	at, shift := first/64*8, first%64
	m := le.Uint64(bitmap[at:]) >> shift
	if shift+n > 64 {
		m |= le.Uint64(bitmap[at+8:]) << (64 - shift)
	}
	if n < 64 {
		m &= 1<<n - 1
	}
	for ; m != 0; m &= m - 1 {
		x.w.Pointer(8 * uint64(bits.TrailingZeros64(m)))
	}
}

// writeTyped writes the pointers of an object that has values of a type from an offset
// on, as many as there is room for. There is no type while it is being made.
func (x *extractor) writeTyped(typ uint64, obj []byte, from uint64) {
	if typ == 0 {
		return
	}
	m := x.typeMask(typ)
	if m == nil {
		return
	}
	size := uint64(len(obj))
	for ; from+8 <= size; from += m.size {
		for j, c := range m.mask {
			for ; c != 0; c &= c - 1 {
				word := uint64(8*j + bits.TrailingZeros8(c))
				if off := from + 8*word; word < m.n && off+8 <= size {
					x.w.Pointer(off)
				}
			}
		}
	}
}
