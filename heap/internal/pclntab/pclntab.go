// Package pclntab reads the table of functions and lines that the runtime prints
// stacks and unwinds them with (runtime/symtab.go, since Go 1.20). No linker flag
// removes it.
//
//	header │ names │ compilation units │ files │ pc-value tables │ entries, functions
//
// A pc-value table gives a value for each instruction of a function, as pairs of
// a difference of the value and a difference of the program counter.
package pclntab

import (
	"bytes"
	"encoding/binary"
	"sort"
)

// Table is the table of a program, or of a plugin.
type Table struct {
	order   binary.ByteOrder
	text    uint64
	tab     []byte // entries: offset of the code, offset of the function in tab
	n       int
	names   []byte
	units   []byte
	files   []byte
	values  []byte
	quantum uint64 // size of the shortest instruction
}

// Func is a function. Addresses are as those of the text that the table was made
// with.
type Func struct {
	Name  string
	Entry uint64

	t    *Table
	data []byte
}

const (
	magic    = 0xfffffff1
	funcSize = 44 // of a function's record, without its tables
)

// New returns the table that b begins with, or nil if that is none. text is where
// the code begins.
func New(b []byte, order binary.ByteOrder, text uint64) *Table {
	if len(b) < 8 || order.Uint32(b) != magic || b[7] != 4 && b[7] != 8 {
		return nil
	}
	w := uint64(b[7])
	field := func(i uint64) uint64 {
		f := at(b, 8+i*w)
		switch {
		case uint64(len(f)) < w:
			return 0
		case w == 4:
			return uint64(order.Uint32(f))
		}
		return order.Uint64(f)
	}
	part := func(i uint64) []byte { return at(b, field(i)) }
	t := &Table{
		order: order, text: text, quantum: uint64(b[6]),
		n: int(field(0)), names: part(3), units: part(4), files: part(5), values: part(6), tab: part(7),
	}
	if t.n <= 0 || t.n > len(t.tab)/8-1 {
		return nil
	}
	return t
}

// at is b from an offset on, or nil.
func at(b []byte, off uint64) []byte {
	if off > uint64(len(b)) {
		return nil
	}
	return b[off:]
}

func (t *Table) uint32(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return t.order.Uint32(b)
}

func cstring(b []byte, off uint32) string {
	b = at(b, uint64(off))
	if n := bytes.IndexByte(b, 0); n >= 0 {
		return string(b[:n])
	}
	return ""
}

// Len is the number of functions.
func (t *Table) Len() int { return t.n }

// Entry returns where the code of the i-th function begins, or where that of the last
// one ends if i is Len.
func (t *Table) Entry(i int) uint64 { return t.text + uint64(t.uint32(t.tab[8*i:])) }

// Name returns the name of the i-th function.
func (t *Table) Name(i int) string {
	return cstring(t.names, t.uint32(at(t.record(i), 4)))
}

func (t *Table) record(i int) []byte { return at(t.tab, uint64(t.uint32(t.tab[8*i+4:]))) }

// Index returns the number of the function that covers an address, or -1.
func (t *Table) Index(pc uint64) int {
	i := sort.Search(t.n, func(i int) bool { return t.Entry(i) > pc }) - 1
	if i < 0 || pc >= t.Entry(i+1) {
		return -1
	}
	return i
}

// Find returns the function that covers an address, or nil.
func (t *Table) Find(pc uint64) *Func {
	i := t.Index(pc)
	if i < 0 {
		return nil
	}
	data := t.record(i)
	if len(data) < funcSize {
		return nil
	}
	return &Func{t.Name(i), t.Entry(i), t, data}
}

// field is the i-th number of a function's record (runtime._func).
func (f *Func) field(i int) uint32 { return f.t.uint32(f.data[4*i:]) }

// ArgsSize is the size of the arguments and results in the frame of the caller. known
// is false where only the call tells, as for reflect.MakeFunc.
func (f *Func) ArgsSize() (size uint64, known bool) {
	const unknown = 1 << 31
	n := f.field(2)
	return uint64(n), n < unknown
}

// DeferReturn is the offset of the code that runs deferred calls when a panic has been
// recovered from, 0 if there is none.
func (f *Func) DeferReturn() uint64 { return uint64(f.field(3)) }

// ID is the runtime's number for functions that it treats in a special way.
func (f *Func) ID() byte { return f.data[40] }

// Flags are the bits of internal/abi.FuncFlag.
func (f *Func) Flags() byte { return f.data[41] }

// HasFrame says whether the table knows the size of the function's frame.
func (f *Func) HasFrame() bool { return f.field(4) != 0 }

// FrameSize is by how much the stack pointer has moved since the function was entered,
// for an instruction of it; -1 if that is not known.
func (f *Func) FrameSize(pc uint64) int64 { return f.value(f.field(4), pc) }

// PCData looks an address up in the i-th of the function's own pc-value tables. It
// returns -1 if there is none.
func (f *Func) PCData(i uint32, pc uint64) int64 {
	if i >= f.field(7) {
		return -1
	}
	return f.value(f.t.uint32(at(f.data, funcSize+4*uint64(i))), pc)
}

// FuncData returns where the i-th of the function's other tables begins, as an offset
// from the module's gofunc.
func (f *Func) FuncData(i uint32) (off uint64, ok bool) {
	if i >= uint32(f.data[43]) {
		return 0, false
	}
	b := at(f.data, funcSize+4*(uint64(f.field(7))+uint64(i)))
	if len(b) < 4 || f.t.uint32(b) == 1<<32-1 {
		return 0, false
	}
	return uint64(f.t.uint32(b)), true
}

// Line returns the file and line of the code at an address, which may be that of
// another function, inlined into this one.
func (f *Func) Line(pc uint64) (file string, line int) {
	n := f.value(f.field(5), pc)
	if n < 0 {
		return "", 0
	}
	name := f.t.uint32(at(f.t.units, 4*(uint64(f.field(8))+uint64(n))))
	return cstring(f.t.files, name), int(f.value(f.field(6), pc))
}

// value looks an address up in a pc-value table. It returns -1 if there is none.
func (f *Func) value(table uint32, pc uint64) int64 {
	b := at(f.t.values, uint64(table))
	if table == 0 {
		return -1
	}
	end, val := f.Entry, int64(-1)
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
		end += step * f.t.quantum
		if pc < end {
			return val
		}
	}
}
