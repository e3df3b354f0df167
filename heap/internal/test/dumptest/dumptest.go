// Package dumptest writes heap dumps by hand, for tests: of machines that are
// not at hand, of heaps of any shape and size, and broken ones.
package dumptest

import (
	"encoding/binary"
	"math"
)

// Header is the first line of a dump.
const Header = "go1.7 heap dump\n"

// Writer writes a dump. Set the fields first; the zero values are those of
// amd64.
type Writer struct {
	PtrSize   int // 0 means 8
	BigEndian bool
	Arch      string // "" means amd64
	GoVersion string // "" means go1.26

	ArenaStart, ArenaEnd uint64 // where objects may be; 0 means a gigabyte

	buf []byte
}

// New returns a Writer for a dump of amd64 that has written the header and the
// parameters.
func New() *Writer {
	w := new(Writer)
	w.Begin()
	return w
}

// Begin writes the header and the parameters.
func (w *Writer) Begin() {
	if w.PtrSize == 0 {
		w.PtrSize = 8
	}
	if w.Arch == "" {
		w.Arch = "amd64"
	}
	if w.GoVersion == "" {
		w.GoVersion = "go1.26"
	}
	w.buf = append(w.buf, Header...)
	if w.ArenaStart == 0 {
		w.ArenaStart, w.ArenaEnd = 0xc000000000, 0xc040000000
		if w.PtrSize == 4 {
			w.ArenaStart, w.ArenaEnd = 0x8000000, 0x48000000
		}
	}
	w.Ints(6, bit(w.BigEndian), uint64(w.PtrSize), w.ArenaStart, w.ArenaEnd)
	w.String(w.Arch)
	w.String(w.GoVersion)
	w.Ints(2)
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// Bytes returns what has been written.
func (w *Writer) Bytes() []byte { return w.buf }

// Ints writes numbers.
func (w *Writer) Ints(vs ...uint64) {
	for _, v := range vs {
		w.buf = binary.AppendUvarint(w.buf, v)
	}
}

// Raw writes bytes as they are.
func (w *Writer) Raw(b ...byte) { w.buf = append(w.buf, b...) }

// String writes a string, or a range of memory.
func (w *Writer) String(s string) {
	w.Ints(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

// Words returns the words in the byte order and size of the dump.
func (w *Writer) Words(words ...uint64) string {
	var b []byte
	var order binary.AppendByteOrder = binary.LittleEndian
	if w.BigEndian {
		order = binary.BigEndian
	}
	for _, v := range words {
		if w.PtrSize == 4 {
			b = order.AppendUint32(b, uint32(v))
		} else {
			b = order.AppendUint64(b, v)
		}
	}
	return string(b)
}

// NotPointer marks a word as data, not a pointer.
const NotPointer = 1 << 63

// Object writes an object of the given words. All words are pointers but those
// marked as NotPointer.
func (w *Writer) Object(addr uint64, words ...uint64) {
	w.Ints(1, addr)
	w.Memory(words...)
}

// Memory writes a range of memory and the list of its pointers.
func (w *Writer) Memory(words ...uint64) {
	var plain, offsets []uint64
	for i, v := range words {
		if v&NotPointer == 0 {
			offsets = append(offsets, uint64(i*w.PtrSize))
		}
		plain = append(plain, v&^NotPointer)
	}
	w.String(w.Words(plain...))
	w.Pointers(offsets...)
}

// Pointers writes a list of pointers.
func (w *Writer) Pointers(offsets ...uint64) {
	for _, off := range offsets {
		w.Ints(1, off)
	}
	w.Ints(0)
}

// Type writes a type of an itab.
func (w *Writer) Type(addr, size uint64, name string) {
	w.Ints(3, addr, size)
	w.String(name)
	w.Ints(1)
}

// Itab writes an itab.
func (w *Writer) Itab(addr, typ uint64) { w.Ints(8, addr, typ) }

// Goroutine writes a goroutine, which frames may follow.
func (w *Writer) Goroutine(addr, id uint64, reason string) {
	w.Ints(4, addr, 0, id, 0, 4, 0, 0, 0)
	w.String(reason)
	w.Ints(0, 0, 0, 0)
}

// Frame writes a frame at sp.
func (w *Writer) Frame(sp, pc uint64, fn string, words ...uint64) {
	w.Ints(5, sp, 0, 0)
	// The list of pointers of a frame does not follow its contents at once.
	tail := Writer{PtrSize: w.PtrSize, BigEndian: w.BigEndian}
	tail.Memory(words...)
	n := len(words) * w.PtrSize
	_, k := binary.Uvarint(tail.buf)
	w.Raw(tail.buf[:k+n]...)
	w.Ints(pc, pc, pc)
	w.String(fn)
	w.Raw(tail.buf[k+n:]...)
}

// Data writes the data segment.
func (w *Writer) Data(addr uint64, words ...uint64) {
	w.Ints(12, addr)
	w.Memory(words...)
}

// BSS writes the bss segment.
func (w *Writer) BSS(addr uint64, words ...uint64) {
	w.Ints(13, addr)
	w.Memory(words...)
}

// Finalizer writes a finalizer.
func (w *Writer) Finalizer(obj, fn, pc uint64) { w.Ints(7, obj, fn, pc, 0, 0) }

// QueuedFinalizer writes a finalizer that is about to run.
func (w *Writer) QueuedFinalizer(obj, fn, pc uint64) { w.Ints(11, obj, fn, pc, 0, 0) }

// Defer writes a deferred call of the last goroutine.
func (w *Writer) Defer(fn, pc uint64) { w.Ints(14, 0, 0, 0, 0, fn, pc, 0) }

// MemStats writes the statistics.
func (w *Writer) MemStats(heapObjects uint64) {
	w.Ints(10)
	for i := range 24 + 256 + 1 {
		if i == 11 {
			w.Ints(heapObjects)
		} else {
			w.Ints(0)
		}
	}
}

// Bucket writes a stack of the memory profile, of one call.
func (w *Writer) Bucket(addr uint64, fn, file string, line uint64) {
	w.Ints(16, addr, 64, 1)
	w.String(fn)
	w.String(file)
	w.Ints(line, 1, 0)
}

// Sample writes that an object was allocated at a bucket's stack.
func (w *Writer) Sample(obj, bucket uint64) { w.Ints(17, obj, bucket) }

// End writes the last record and returns the dump.
func (w *Writer) End() []byte {
	w.Ints(0)
	return w.buf
}

// Huge is a number that no file is as long as.
const Huge = math.MaxUint64 >> 1

// Everything returns a dump with one record of each kind.
func Everything() []byte {
	w := New()
	w.Type(0x500000, 24, "main.closer")
	w.Itab(0x600000, 0x500000)
	const a, b, c = 0xc000000000, 0xc000000020, 0xc000002000
	w.Object(a, b, NotPointer|7, 0, 0)
	w.Object(b, c+8, NotPointer|1, NotPointer|2, 0)
	w.Object(c, a, 0x600000)
	w.Goroutine(0xc000100000, 1, "chan receive")
	w.Frame(0xc000200000, 0x401000, "main.main", a, NotPointer|3)
	w.Frame(0xc000200010, 0x402000, "runtime.main", 0)
	w.Defer(c, 0x403000)
	w.Ints(15, 0xc000200000, 0xc000100000, 0x500000, a, 0, 0)
	w.Ints(9, 0x700000, 1, 4711)
	w.Data(0x640000, a, NotPointer|9)
	w.BSS(0x650000, 0, c)
	w.Finalizer(b, c, 0x404000)
	w.QueuedFinalizer(b, c, 0x404000)
	w.Ints(2)
	w.String("another root")
	w.Ints(a)
	w.MemStats(3)
	w.Bucket(0x800000, "main.newUser", "/src/main.go", 42)
	w.Sample(a, 0x800000)
	return w.End()
}
