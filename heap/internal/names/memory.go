package names

import (
	"github.com/weakref-go/weakref/heap/internal/exe"
	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/record"
)

// Namer names paths of one heap. It may be used by one goroutine at a time.
type Namer struct {
	Heap     *graph.Heap
	Exe      *exe.File // may be nil
	Cleanups []graph.CleanupRecord
	// HolderType is the descriptor of the type of what was asked about, as it was
	// given: a pointer, a func, … 0 if it is not known.
	HolderType uint64

	runtimeWords map[uint64]bool // see IsRuntimeVar

	evidence   *Evidence // once it has been gathered
	statics    *statics  // once they have been looked for
	literals   []literal // once they have been looked for
	locals     map[localKey]foundLocal
	frame      *record.Frame // the frame whose memory can be read now
	leaves     map[place]*leaf
	closures   map[uint64]*code // by where the code begins
	packages   map[string]bool  // by their last element: whether there are several; see Short
	shorts     map[string]string
	isStandard map[string]bool // by function
	shapes     map[*exe.Type][]uint64
	structs    map[localKey][]*exe.Type // by the value in a frame: see structsLike
	asserts    map[*exe.Type]string
}

// word is the size of a word.
func (n *Namer) word() uint64 { return n.Heap.Dump.Memory.PtrSize }

// read returns size bytes at an address, or nil. Pointers are followed into the
// heap, the segments, the current frame and the program's constants.
func (n *Namer) read(addr, size uint64) []byte {
	if o := n.Heap.Find(addr); o != graph.None {
		return part(n.Heap.Contents(o), addr-n.Heap.Addr(o), size)
	}
	d := n.Heap.Dump
	for _, s := range []*record.Segment{&d.Data, &d.BSS} {
		if addr-s.Addr < uint64(len(s.Contents)) {
			return part(s.Contents, addr-s.Addr, size)
		}
	}
	if f := n.frame; f != nil && addr-f.SP < uint64(len(f.Contents)) {
		return part(f.Contents, addr-f.SP, size)
	}
	return n.Exe.Constant(addr, size)
}

func part(b []byte, off, size uint64) []byte {
	if off > uint64(len(b)) || size > uint64(len(b))-off {
		return nil
	}
	return b[off : off+size]
}

// wordAt returns the word at an address, or 0.
func (n *Namer) wordAt(addr uint64) uint64 {
	if b := n.read(addr, n.word()); b != nil {
		return n.Heap.Dump.Memory.Word(b)
	}
	return 0
}

// uintAt returns the unsigned number of size bytes at an address.
func (n *Namer) uintAt(addr, size uint64) (v uint64, ok bool) {
	b := n.read(addr, size)
	if b == nil || size > 8 {
		return 0, false
	}
	for i := range b {
		k := i
		if !n.Heap.Dump.Memory.BigEndian {
			k = len(b) - 1 - i
		}
		v = v<<8 | uint64(b[k])
	}
	return v, true
}
