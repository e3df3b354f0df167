package attach

import (
	"github.com/weakref-go/weakref/heap/internal/pclntab"
)

// module is one of the runtime's records of the program and its plugins
// (runtime.moduledata).
type module struct {
	funcs         *pclntab.Table
	minpc, maxpc  uint64
	types, etypes uint64
	gofunc        uint64
	data, bss     segment
}

// segment is memory whose pointers are known: a bit a word.
type segment struct {
	addr, size uint64
	mask       []byte
	bits       uint64
}

// readModules reads all modules, that of the program first.
func (x *extractor) readModules() {
	x.list(x.global[varModule], x.layout.of("moduledata.next"), func(rec uint64) {
		x.modules = append(x.modules, x.readModule(rec))
	})
}

func (x *extractor) readModule(rec uint64) *module {
	field := func(name string) uint64 { return rec + x.layout.of("moduledata."+name) }
	word := func(name string) uint64 { return x.u64(field(name)) }
	return &module{
		funcs: pclntab.New(x.functionTable(word("pcHeader"), field("pclntable")), le, word("text")),
		minpc: word("minpc"), maxpc: word("maxpc"),
		types: word("types"), etypes: word("etypes"), gofunc: word("gofunc"),
		data: x.segment(word("data"), word("edata"), field("gcdatamask")),
		bss:  x.segment(word("bss"), word("ebss"), field("gcbssmask")),
	}
}

// functionTable returns the table that begins at an address and ends with the slice at
// another. That of the program is the same in the file, which need not be copied.
func (x *extractor) functionTable(begin, last uint64) []byte {
	if b := x.program.section(begin - x.slide); b != nil {
		return b
	}
	end := x.u64(last) + x.u64(last+8)
	if end < begin {
		x.fail(last, 16)
		return nil
	}
	return x.bytes(begin, end-begin)
}

// segment reads what is known of a segment. The mask is a runtime.bitvector.
func (x *extractor) segment(addr, end, mask uint64) segment {
	s := segment{addr: addr, size: end - addr, bits: uint64(x.u32(mask))}
	const most = 1 << 32
	if end < addr || s.size > most || s.bits > s.size/8+1 {
		x.fail(mask, 16)
		return segment{}
	}
	s.mask = x.bytes(x.u64(mask+8), (s.bits+7)/8)
	return s
}

// fn is a function and its module.
type fn struct {
	*pclntab.Func
	m *module
}

// findFunc returns the function that covers a program counter, or nil.
func (x *extractor) findFunc(pc uint64) *fn {
	if f, ok := x.functions[pc]; ok {
		return f
	}
	f := x.lookFunc(pc)
	x.functions[pc] = f
	return f
}

func (x *extractor) lookFunc(pc uint64) *fn {
	for _, m := range x.modules {
		if pc < m.minpc || pc >= m.maxpc || m.funcs == nil {
			continue
		}
		if f := m.funcs.Find(pc); f != nil {
			return &fn{f, m}
		}
	}
	return nil
}

// funcData returns the address of one of a function's tables, or 0.
func (f *fn) funcData(i uint64) uint64 {
	if off, ok := f.FuncData(uint32(i)); ok {
		return f.m.gofunc + off
	}
	return 0
}
