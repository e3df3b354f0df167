package attach

import (
	"io"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// extractor reads a program that stands still and writes its dump.
type extractor struct {
	*space
	program *program
	layout  Layout
	slide   uint64 // by how much the program has been moved from where it was linked for
	global  map[string]uint64
	threads []thread
	final   bool // the program will never run on: what cannot be unwound now never can

	modules   []*module
	functions map[uint64]*fn       // by program counter
	masks     map[uint64]*typeMask // by type

	spans   []span
	samples [][2]uint64 // objects that the memory profile knows, and where they were allocated
	objects uint64      // written
	w       *record.Writer
}

// thread is a thread of the program with its registers.
type thread struct {
	id   int
	regs registers
}

// Stats is what a dump took.
type Stats struct {
	Objects uint64
	Bytes   int64
}

func newExtractor(m memory, p *program) *extractor {
	return &extractor{
		space: newSpace(m), program: p, layout: p.layout,
		global: map[string]uint64{}, functions: map[uint64]*fn{}, masks: map[uint64]*typeMask{},
	}
}

// again returns an extractor that reads memory that may have changed. What does not
// change is known already.
func (x *extractor) again(m memory, threads []thread) *extractor {
	return &extractor{
		space: newSpace(m), program: x.program, layout: x.layout, slide: x.slide, global: x.global, threads: threads,
		modules: x.modules, functions: x.functions, masks: map[uint64]*typeMask{},
	}
}

// write writes the dump. The goroutines are those of this moment.
func (x *extractor) write(out io.Writer) (Stats, error) {
	if err := x.readSpans(); err != nil {
		return Stats{}, err
	}
	x.w = record.NewWriter(out)
	x.writeParams()
	x.writeItabs()
	x.writeObjects()
	x.writeGoroutines()
	x.writeSegments()
	x.writeSpecials()
	x.w.MemStats(x.objects, 0)
	x.writeProfile()
	n, err := x.w.Close()
	if err == nil {
		err = x.err
	}
	return Stats{x.objects, n}, err
}

// arena is what the runtime has the heap's memory from the system in.
const arena = 64 << 20

func (x *extractor) writeParams() {
	p := record.Params{PtrSize: 8, Arch: "amd64", GoVersion: x.program.goVersion, CPUs: 1}
	if a := x.global[varCPUs]; a != 0 {
		p.CPUs = int(int32(x.u32(a)))
	}
	if n := len(x.spans); n > 0 {
		p.ArenaStart = x.spans[0].base &^ (arena - 1)
		p.ArenaEnd = (x.spans[n-1].end() + arena - 1) &^ (arena - 1)
	}
	x.w.Params(p)
}

// writeSegments writes the variables. The format has one segment of each kind, so those
// of plugins become roots.
func (x *extractor) writeSegments() {
	for i, m := range x.modules {
		if i == 0 {
			x.w.Data(x.segmentRecord(m.data))
			x.w.BSS(x.segmentRecord(m.bss))
			continue
		}
		x.writePlugin(m.data)
		x.writePlugin(m.bss)
	}
}

func (x *extractor) segmentRecord(s segment) record.Segment {
	return record.Segment{Addr: s.addr, Contents: x.bytes(s.addr, s.size), Pointers: append(appendBits(nil, s.mask, s.bits, 0), 0)}
}

func (x *extractor) writePlugin(s segment) {
	for off := range record.Offsets(appendBits(nil, s.mask, s.bits, 0)) {
		if p := x.u64(s.addr + off); p != 0 {
			x.w.Root(record.Root{Name: "variable of a plugin", Ptr: p})
		}
	}
}

// appendBits appends the pointers of a bitmap, a bit a word, of memory that begins at an
// offset.
func appendBits(list, mask []byte, n, off uint64) []byte {
	for i := uint64(0); i < n && i/8 < uint64(len(mask)); i++ {
		if c := mask[i/8]; c == 0 {
			i |= 7
		} else if c>>(i%8)&1 != 0 {
			list = record.AppendPointer(list, off+8*i)
		}
	}
	return list
}
