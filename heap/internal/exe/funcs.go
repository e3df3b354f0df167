package exe

import "github.com/weakref-go/weakref/heap/internal/pclntab"

// funcs is the table of functions and lines, and the calls that have been inlined.
type funcs struct {
	*pclntab.Table
	img    *image
	gofunc uint64 // where the tables of inlined calls lie
}

func newFuncs(img *image, m module) *funcs {
	t := pclntab.New(img.from(m.pclntab), img.order, m.text)
	if t == nil {
		return nil
	}
	return &funcs{t, img, m.gofunc}
}

// argsSize is the size of the arguments and results of fn in the frame of its
// caller, 0 if it is not known.
func argsSize(fn *pclntab.Func) uint64 {
	if n, ok := fn.ArgsSize(); ok {
		return n
	}
	return 0
}

// Numbers of tables.
const (
	inlIndexTable = 2 // pc-value table: which inlined call an instruction belongs to
	inlTree       = 3 // the inlined calls
)

// line returns the file and line of an address in fn: that of the function
// itself, which is where it calls something if the address is in the body of an
// inlined call.
func (f *funcs) line(fn *pclntab.Func, pc uint64) (file string, line int) {
	for range 100 { // calls inlined into each other
		parent, ok := f.inlinedFrom(fn, fn.PCData(inlIndexTable, pc))
		if !ok {
			break
		}
		pc = parent
	}
	return fn.Line(pc)
}

// inlinedFrom returns the place in fn from which an inlined call was made.
func (f *funcs) inlinedFrom(fn *pclntab.Func, call int64) (pc uint64, ok bool) {
	off, ok := fn.FuncData(inlTree)
	if call < 0 || !ok || f.gofunc == 0 {
		return 0, false
	}
	record := f.img.from(f.gofunc + off + 16*uint64(call))
	if len(record) < 16 {
		return 0, false
	}
	return fn.Entry + uint64(f.img.uint32(record[8:])), true
}
