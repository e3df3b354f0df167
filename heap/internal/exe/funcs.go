package exe

import (
	"bytes"
	"encoding/binary"
	"sort"
)

// funcs is the table of functions and lines that the runtime prints stacks with
// (runtime/symtab.go, since Go 1.20). No linker flag removes it.
//
//	header │ names │ compilation units │ files │ pc-value tables │ entries, functions
//
// A pc-value table gives a value for each instruction of a function, as pairs of
// a difference of the value and a difference of the program counter.
type funcs struct {
	img     *image
	text    uint64
	tab     []byte // entries: offset of the code, offset of the function in tab
	n       int
	names   []byte
	units   []byte
	files   []byte
	values  []byte
	quantum uint64 // size of the shortest instruction
	gofunc  uint64 // where the tables of inlined calls lie
}

// fn is a function of the table.
type fn struct {
	name  string
	entry uint64 // address of the file
	data  []byte
}

const pclntabMagic = 0xfffffff1

func newFuncs(img *image, m module) *funcs {
	b := img.from(m.pclntab)
	if len(b) < 8 || img.uint32(b) != pclntabMagic || uint64(b[7]) != img.ptrSize {
		return nil
	}
	field := func(i uint64) uint64 { return img.wordAt(b[8:], i) }
	part := func(i uint64) []byte { return at(b, field(i)) }
	f := &funcs{
		img: img, text: m.text, gofunc: m.gofunc, quantum: uint64(b[6]),
		n: int(field(0)), names: part(3), units: part(4), files: part(5), values: part(6), tab: part(7),
	}
	if f.n <= 0 || f.n > len(f.tab)/8-1 {
		return nil
	}
	return f
}

// entry returns where the code of the i-th function begins.
func (f *funcs) entry(i int) uint64 { return f.text + uint64(f.img.uint32(f.tab[8*i:])) }

// name returns the name of the i-th function.
func (f *funcs) name(i int) string {
	data := at(f.tab, uint64(f.img.uint32(f.tab[8*i+4:])))
	return cstring(f.names, f.img.uint32(at(data, 4)))
}

// index returns the number of the last function that begins at or before an
// address of the file, -1 if there is none.
func (f *funcs) index(pc uint64) int {
	return sort.Search(f.n, func(i int) bool { return f.entry(i) > pc }) - 1
}

// find returns the function that covers an address of the file, or nil.
func (f *funcs) find(pc uint64) *fn {
	i := f.index(pc)
	if i < 0 || pc >= f.entry(i+1) {
		return nil
	}
	data := at(f.tab, uint64(f.img.uint32(f.tab[8*i+4:])))
	if len(data) < 44 {
		return nil
	}
	return &fn{f.name(i), f.entry(i), data}
}

func cstring(b []byte, off uint32) string {
	b = at(b, uint64(off))
	if n := bytes.IndexByte(b, 0); n >= 0 {
		return string(b[:n])
	}
	return ""
}

// argsSize is the size of the arguments and results of fn in the frame of its
// caller.
func (f *funcs) argsSize(fn *fn) uint64 {
	const unknown = 1 << 31
	if n := f.img.uint32(fn.data[8:]); n < unknown {
		return uint64(n)
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
func (f *funcs) line(fn *fn, pc uint64) (file string, line int) {
	for range 100 { // calls inlined into each other
		parent, ok := f.inlinedFrom(fn, f.value(fn, f.pcdata(fn, inlIndexTable), pc))
		if !ok {
			break
		}
		pc = parent
	}
	return f.innermost(fn, pc)
}

// innermost returns the file and line of the code at an address, which may be
// that of another function, inlined into fn.
func (f *funcs) innermost(fn *fn, pc uint64) (file string, line int) {
	n := f.value(fn, f.img.uint32(fn.data[20:]), pc)
	if n < 0 {
		return "", 0
	}
	unit := f.img.uint32(fn.data[32:])
	name := f.img.uint32(at(f.units, 4*(uint64(unit)+uint64(n))))
	return cstring(f.files, name), int(f.value(fn, f.img.uint32(fn.data[24:]), pc))
}

// pcdata is the place of one of the pc-value tables of fn, or 0.
func (f *funcs) pcdata(fn *fn, i uint32) uint32 {
	if i >= f.img.uint32(fn.data[28:]) {
		return 0
	}
	return f.img.uint32(at(fn.data, 44+4*uint64(i)))
}

// inlinedFrom returns the place in fn from which an inlined call was made.
func (f *funcs) inlinedFrom(fn *fn, call int64) (pc uint64, ok bool) {
	n, tables := f.img.uint32(fn.data[28:]), fn.data[43]
	if call < 0 || tables <= inlTree || f.gofunc == 0 {
		return 0, false
	}
	off := f.img.uint32(at(fn.data, 44+4*(uint64(n)+inlTree)))
	if off == 1<<32-1 {
		return 0, false
	}
	record := f.img.from(f.gofunc + uint64(off) + 16*uint64(call))
	if len(record) < 16 {
		return 0, false
	}
	return fn.entry + uint64(f.img.uint32(record[8:])), true
}

// value looks an address up in a pc-value table of fn. It returns -1 if there is
// none.
func (f *funcs) value(fn *fn, table uint32, pc uint64) int64 {
	b := at(f.values, uint64(table))
	if table == 0 {
		return -1
	}
	end, val := fn.entry, int64(-1)
	for first := true; ; first = false {
		diff, n := binary.Uvarint(b)
		if n <= 0 || diff == 0 && !first {
			return -1
		}
		step, k := binary.Uvarint(b[n:])
		if k <= 0 {
			return -1
		}
		b = b[n+k:]
		val += int64(diff>>1) ^ -int64(diff&1)
		end += step * f.quantum
		if pc < end {
			return val
		}
	}
}
