package attach

import "github.com/weakref-go/weakref/heap/internal/record"

// callArgs is what a function says of its arguments, which lie in the frame of the
// caller: from there on, so many bytes, with pointers by a bitmap or anywhere.
type callArgs struct {
	size  uint64
	mask  []byte
	bits  uint64
	known bool // there is a bitmap
}

// frameRecords returns the frames of a goroutine as a dump has them (runtime/heapdump.go,
// dumpframe).
func (x *extractor) frameRecords(g *goroutine) (records []record.Frame) {
	var args callArgs
	if g.regs != nil {
		records = append(records, registersFrame(g))
	}
	for i := range g.frames {
		f := &g.frames[i]
		records = append(records, x.frameRecord(f, args))
		args = x.argsOf(f)
	}
	return records
}

// registersFrame is the frame of the function that would have saved the registers of a
// goroutine, had the runtime stopped it: readers of dumps then take any word of the next
// frame for a pointer.
func registersFrame(g *goroutine) record.Frame {
	b := g.regs.saved()
	f := record.Frame{SP: g.sp - uint64(len(b)), Contents: b, Func: "runtime.asyncPreempt"}
	for off := uint64(0); off < uint64(len(b)); off += 8 {
		f.Pointers = record.AppendPointer(f.Pointers, off)
	}
	f.Pointers = append(f.Pointers, 0)
	return f
}

// restFrame is what is left of a stack that cannot be unwound: any word may be a pointer.
func (x *extractor) restFrame(g *goroutine) record.Frame {
	from := g.lo
	if n := len(g.frames); n > 0 {
		from = g.frames[n-1].end
	}
	f := record.Frame{SP: from, Contents: x.bytes(from, g.hi-from), Func: "unknown function"}
	for off := uint64(0); off+8 <= uint64(len(f.Contents)); off += 8 {
		f.Pointers = record.AppendPointer(f.Pointers, off)
	}
	f.Pointers = append(f.Pointers, 0)
	return f
}

func (x *extractor) frameRecord(f *frame, callee callArgs) record.Frame {
	r := record.Frame{SP: f.sp, Contents: x.bytes(f.sp, f.end-f.sp), Entry: f.f.Entry, PC: f.pc, Func: f.f.Name}
	if r.Func == "" {
		r.Func = "unknown function"
	}
	r.Pointers = append(x.locals(f, callee.pointers()), 0)
	return r
}

// pointers are the pointers among arguments that lie at the beginning of a frame.
func (a *callArgs) pointers() (list []byte) {
	if a.known {
		return appendBits(nil, a.mask, a.bits, 0)
	}
	for off := uint64(0); off < a.size; off += 8 {
		list = record.AppendPointer(list, off)
	}
	return list
}

// locals appends the pointers of a frame's own variables, which end below the saved
// frame pointer and the return address.
func (x *extractor) locals(f *frame, list []byte) []byte {
	end := f.end - 8
	if end > f.sp {
		end -= 8
	}
	table := f.f.funcData(x.layout.of("FUNCDATA_LocalsPointerMaps"))
	if table == 0 {
		for off := f.sp; off+8 <= end; off += 8 {
			list = record.AppendPointer(list, off-f.sp)
		}
		return list
	}
	mask, n, ok := x.stackMap(table, x.mapIndex(f))
	if !ok || 8*n > end-f.sp {
		return list
	}
	return appendBits(list, mask, n, end-8*n-f.sp)
}

// mapIndex is which of a function's maps counts where a frame stands.
func (x *extractor) mapIndex(f *frame) uint64 {
	if f.pc == f.f.Entry {
		return 0
	}
	return uint64(max(f.f.PCData(uint32(x.layout.of("PCDATA_StackMapIndex")), f.pc-1), 0))
}

// stackMap reads a map of a table (runtime.stackmap): numbers of maps and of bits, and
// the bits.
func (x *extractor) stackMap(table, i uint64) (mask []byte, n uint64, ok bool) {
	const most = 1 << 24
	maps, n := uint64(x.u32(table)), uint64(x.u32(table+4))
	if i >= maps || n > most {
		return nil, 0, false
	}
	size := (n + 7) / 8
	return x.bytes(table+8+i*size, size), n, true
}

// argsOf is what a frame says of its arguments.
func (x *extractor) argsOf(f *frame) callArgs {
	a := callArgs{size: x.argsSize(f)}
	if table := f.f.funcData(x.layout.of("FUNCDATA_ArgsPointerMaps")); table != 0 {
		if mask, n, ok := x.stackMap(table, x.mapIndex(f)); ok {
			a.mask, a.bits, a.known = mask, n, true
		}
	}
	return a
}

// argsSize is the size of the arguments and results. What reflect.MakeFunc makes has the
// same code for all types: its frame refers to the map of the arguments.
func (x *extractor) argsSize(f *frame) uint64 {
	if size, ok := f.f.ArgsSize(); ok {
		return size
	}
	if f.f.Name != "reflect.makeFuncStub" && f.f.Name != "reflect.methodValueCall" || f.end-f.sp <= 8 {
		return 0
	}
	value := x.peek(f.sp)
	if value == 0 || x.peek(value) != f.f.Entry {
		return 0
	}
	if bits := x.peek(value + 8); bits != 0 {
		return 8 * uint64(x.u32(bits))
	}
	return 0
}
