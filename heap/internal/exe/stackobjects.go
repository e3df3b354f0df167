package exe

// StackObject is a value in a frame to which a pointer may lead. The collector knows of it
// where it is, its size and how far it has pointers, and nothing of its type.
type StackObject struct {
	Addr, Size uint64
	Pointers   uint64 // bytes up to the end of its last pointer
}

// Numbers and sizes of what the compiler writes for the collector (runtime/stkframe.go).
const (
	stackObjects    = 2 // table: how many, and a record for each
	stackObjectSize = 16
)

// StackObject returns the value that covers an address of a frame, given the frame's
// program counter and end. It knows amd64, arm64 and 386.
func (f *File) StackObject(pc, end, addr uint64, arch string) (o StackObject, ok bool) {
	if f == nil || f.funcs == nil {
		return o, false
	}
	locals, args, known := f.frameBases(end, arch)
	fn := f.funcs.Find(pc - f.slide.text)
	if fn == nil || !known || f.funcs.gofunc == 0 {
		return o, false
	}
	off, ok := fn.FuncData(stackObjects)
	if !ok {
		return o, false
	}
	table := f.img.from(f.funcs.gofunc + off)
	if uint64(len(table)) < f.img.ptrSize {
		return o, false
	}
	for n := f.img.word(table); n > 0; n-- {
		record := at(table, f.img.ptrSize)
		if len(record) < stackObjectSize {
			break
		}
		base := args
		place := int32(f.img.uint32(record))
		if place < 0 {
			base = locals
		}
		o = StackObject{base + uint64(int64(place)), uint64(f.img.uint32(record[4:])), uint64(f.img.uint32(record[8:]))}
		if addr-o.Addr < o.Size {
			return o, true
		}
		table = table[stackObjectSize:]
	}
	return StackObject{}, false
}

// frameBases returns the end of the local variables of a frame that ends at an address, and
// the beginning of its arguments. Between them lie the return address and the frame pointer
// of the caller, if the call has put them there.
func (f *File) frameBases(end uint64, arch string) (locals, args uint64, known bool) {
	w := f.img.ptrSize
	switch arch {
	case "amd64":
		return end - 2*w, end, true
	case "386":
		return end - w, end, true
	case "arm64":
		return end - w, end + w, true
	}
	return 0, 0, false
}
