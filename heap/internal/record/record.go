package record

import "encoding/binary"

// Params is the first record: the machine that wrote the dump.
type Params struct {
	BigEndian            bool
	PtrSize              int // 4 or 8
	ArenaStart, ArenaEnd uint64
	Arch, GoVersion      string
	CPUs                 int
}

// Object says where an object of the heap lies in the file.
type Object struct {
	Addr     uint64
	Size     uint64
	At       int  // offset of the contents in the file
	Stored   int  // bytes of contents in the file: Size, but for torn objects of 2 GiB and more
	Pointers int  // how many of its pointers lead to the arenas of the heap
	Scan     bool // it has pointers, be they nil
}

// Type is a type that an itab refers to. Others are not in a dump.
type Type struct {
	Size uint64
	Name string
}

// Segment is the data or bss segment of the program.
type Segment struct {
	Addr     uint64
	Contents []byte
	Pointers []byte // an encoded list: see Offsets
}

// Goroutine is a goroutine that was not running. (None is, in a dump.)
type Goroutine struct {
	Addr       uint64 // of the runtime's g
	ID         uint64
	CreatedBy  uint64 // program counter of the go statement
	Status     uint64
	System     bool // started by the runtime
	WaitSince  uint64
	WaitReason string
	Context    uint64 // the context register of a goroutine that has not run yet
	M          uint64 // the runtime's m, if it has one
	Frames     []Frame
	Defers     []Defer
	Panics     []Panic
}

// Frame is one frame of a goroutine's stack. Frames come innermost first.
type Frame struct {
	SP       uint64 // address of the first byte of the contents
	Contents []byte
	Entry    uint64 // of the function
	PC       uint64
	Func     string
	Pointers []byte // an encoded list: see Offsets
}

// End is the address behind the frame.
func (f *Frame) End() uint64 { return f.SP + uint64(len(f.Contents)) }

// Defer is a deferred call.
type Defer struct{ Func, PC uint64 }

// Panic is a panic that is going on.
type Panic struct{ Type, Data uint64 }

// Finalizer is a finalizer that is set, or that is queued to run.
type Finalizer struct {
	Object  uint64
	Func    uint64 // the closure
	PC      uint64 // its code
	ObjType uint64 // address of the type descriptor of the argument
	Queued  bool
}

// Root is a root that the runtime found elsewhere. No known version writes any.
type Root struct {
	Name string
	Ptr  uint64
}

// Cleanup is a cleanup. Only dumps have any that this module has made of another process.
type Cleanup struct {
	Object uint64
	Func   uint64 // the closure
	Arg    uint64 // the box that holds the argument
}

// Call is an entry of the stack of an allocation.
type Call struct {
	Func, File string
	Line       int
}

// Memory decodes words as the machine that wrote the dump had them.
type Memory struct {
	PtrSize   uint64
	BigEndian bool
}

// Word decodes the word that b begins with.
func (m Memory) Word(b []byte) uint64 {
	if m.PtrSize == 8 && !m.BigEndian {
		return binary.LittleEndian.Uint64(b)
	}
	return m.otherWord(b)
}

func (m Memory) otherWord(b []byte) uint64 {
	switch {
	case m.PtrSize == 8:
		return binary.BigEndian.Uint64(b)
	case m.BigEndian:
		return uint64(binary.BigEndian.Uint32(b))
	}
	return uint64(binary.LittleEndian.Uint32(b))
}

// System is the memory that the runtime has from the system, in bytes, as
// runtime.MemStats calls it.
type System struct {
	Sys, HeapSys, HeapIdle, HeapInuse, HeapReleased, StackInuse, StackSys uint64
}

// Dump is everything in a dump but the objects and the allocation samples.
type Dump struct {
	Params      Params
	Memory      Memory
	Types       map[uint64]Type   // by the address of the descriptor
	Itabs       map[uint64]uint64 // itab to type descriptor
	Goroutines  []Goroutine
	Data, BSS   Segment
	Finalizers  []Finalizer
	Cleanups    []Cleanup
	Others      []Root
	System      System
	HeapObjects uint64 // MemStats.HeapObjects when the dump was taken
	NumGC       uint64

	raw     []byte
	buckets map[uint64]int // where the records of the memory profile are in the file
	samples int            // where the allocation samples begin, 0 if there are none
}
