package attach

import "github.com/weakref-go/weakref/heap/internal/record"

// specials calls f with each special record of a span: its address, where in the span
// the object is, and the kind.
func (x *extractor) specials(s *span, f func(rec, off uint64, kind byte)) {
	l := x.layout
	next, offset, kind := l.of("special.next"), l.of("special.offset"), l.of("special.kind")
	x.list(s.specials, next, func(rec uint64) {
		b := x.fixed(rec, l.of("special"))
		f(rec, le.Uint64(b[offset:]), b[kind])
	})
}

// writeSpecials writes finalizers, cleanups and the handles of weak pointers, and notes
// what the memory profile has sampled.
func (x *extractor) writeSpecials() {
	l := x.layout
	finalizer, cleanup := byte(l.of("_KindSpecialFinalizer")), byte(l.of("_KindSpecialCleanup"))
	weak, profile := byte(l.of("_KindSpecialWeakHandle")), byte(l.of("_KindSpecialProfile"))
	for i := range x.spans {
		s := &x.spans[i]
		if s.specials == 0 {
			continue
		}
		x.specials(s, func(rec, off uint64, kind byte) {
			obj := s.base + off
			switch kind {
			case finalizer:
				fn := x.u64(rec + l.of("specialfinalizer.fn"))
				x.writeFinalizer(obj, fn, x.u64(rec+l.of("specialfinalizer.ot")), !s.marked(off))
			case cleanup:
				x.writeCleanup(obj, rec+l.of("specialCleanup.cleanup"))
			case weak:
				x.w.Root(record.Root{Name: "handle of weak pointers", Ptr: x.u64(rec + l.of("specialWeakHandle.handle"))})
			case profile:
				if s.marked(off) {
					x.samples = append(x.samples, [2]uint64{obj, x.u64(rec + l.of("specialprofile.b"))})
				}
			}
		})
	}
	x.writeQueuedFinalizers()
	x.writeQueuedCleanups()
}

func (x *extractor) writeFinalizer(obj, fn, typ uint64, queued bool) {
	x.w.Finalizer(record.Finalizer{Object: obj, Func: fn, PC: x.peek(fn), ObjType: typ, Queued: queued})
}

// writeCleanup writes the cleanup whose function and argument are at an address.
func (x *extractor) writeCleanup(obj, at uint64) {
	x.w.Cleanup(record.Cleanup{Object: obj, Func: x.u64(at + x.layout.of("cleanupFn.fn")), Arg: x.u64(at + x.layout.of("cleanupFn.arg"))})
}

// writeQueuedFinalizers writes what waits to be run: blocks of finalizers.
func (x *extractor) writeQueuedFinalizers() {
	g := x.global[varFinalizers]
	if g == 0 {
		return
	}
	l := x.layout
	size, first := l.of("finalizer"), l.of("finBlock.fin")
	x.list(x.u64(g), l.of("finBlock.alllink"), func(block uint64) {
		n := min(uint64(x.u32(block+l.of("finBlock.cnt"))), (l.of("finBlock")-first)/size)
		for i := range n {
			f := block + first + i*size
			x.writeFinalizer(x.u64(f+l.of("finalizer.arg")), x.u64(f+l.of("finalizer.fn")), x.u64(f+l.of("finalizer.ot")), true)
		}
	})
}

// writeQueuedCleanups writes the cleanups of objects that are gone.
func (x *extractor) writeQueuedCleanups() {
	g := x.global[varCleanups]
	if g == 0 {
		return
	}
	l := x.layout
	size, first := l.of("cleanupFn"), l.of("cleanupBlock.cleanups")
	x.list(x.u64(g+l.of("cleanupQueue.all")), l.of("cleanupBlockHeader.alllink"), func(block uint64) {
		n := min(uint64(x.u32(block+l.of("cleanupBlockHeader.n"))), (l.of("cleanupBlock")-first)/size)
		for i := range n {
			x.writeCleanup(0, block+first+i*size)
		}
	})
}

// maxDepthOfStack bounds the stacks of the memory profile.
const maxDepthOfStack = 1 << 12

// writeProfile writes where objects have been allocated, as far as the memory profile
// has sampled them. A bucket (runtime.bucket) is followed by its stack and its counts.
func (x *extractor) writeProfile() {
	g := x.global[varProfile]
	if g == 0 {
		return
	}
	l := x.layout
	x.list(x.u64(g), l.of("bucket.allnext"), func(b uint64) {
		n := x.u64(b + l.of("bucket.nstk"))
		if n > maxDepthOfStack {
			x.fail(b, 8)
			return
		}
		var stack []record.Call
		at := b + l.of("bucket")
		for i := range n {
			stack = append(stack, x.call(x.u64(at+8*i), i > 0))
		}
		counts := at + 8*n
		x.w.Bucket(b, x.u64(b+l.of("bucket.size")), x.u64(counts), x.u64(counts+8), stack)
	})
	for _, s := range x.samples {
		x.w.Sample(s[0], s[1])
	}
}

// call describes an entry of a stack, which is a return address if returns is true.
func (x *extractor) call(pc uint64, returns bool) record.Call {
	f := x.findFunc(pc)
	if f == nil {
		return record.Call{Func: "unknown function"}
	}
	if returns && pc > f.Entry {
		pc--
	}
	file, line := f.Line(pc)
	return record.Call{Func: f.Name, File: file, Line: line}
}
