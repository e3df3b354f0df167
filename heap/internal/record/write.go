package record

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Writer writes a dump: the counterpart of [Read]. The first record is that of
// Params. The first error sticks, and Close returns it.
type Writer struct {
	w   io.Writer
	buf []byte
	n   int64 // bytes written to w
	err error
}

// NewWriter returns a Writer that has written the header.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w, buf: append(make([]byte, 0, bufferSize+spare), header...)}
}

const (
	bufferSize = 1 << 20
	spare      = 1 << 16 // what is larger is not copied to the buffer
)

// AppendPointer appends an entry to a list of pointers. A 0 ends the list.
func AppendPointer(list []byte, off uint64) []byte {
	return binary.AppendUvarint(append(list, 1), off)
}

func (w *Writer) ints(vs ...uint64) {
	for _, v := range vs {
		w.buf = binary.AppendUvarint(w.buf, v)
	}
}

func (w *Writer) bool(b bool) {
	if b {
		w.ints(1)
	} else {
		w.ints(0)
	}
}

// raw writes bytes as they are. It may empty the buffer.
func (w *Writer) raw(b []byte) {
	if len(b) > spare {
		w.flush()
		w.write(b)
		return
	}
	w.buf = append(w.buf, b...)
	if len(w.buf) >= bufferSize {
		w.flush()
	}
}

func (w *Writer) bytes(b []byte) {
	w.ints(uint64(len(b)))
	w.raw(b)
}

func (w *Writer) string(s string) {
	w.ints(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *Writer) flush() {
	w.write(w.buf)
	w.buf = w.buf[:0]
}

func (w *Writer) write(b []byte) {
	if w.err == nil {
		var n int
		n, w.err = w.w.Write(b)
		w.n += int64(n)
	}
}

// Close writes the last record. It returns how long the dump is.
func (w *Writer) Close() (int64, error) {
	w.ints(tagEOF)
	w.flush()
	return w.n, w.err
}

// Err returns the first error.
func (w *Writer) Err() error { return w.err }

// Params writes the first record.
func (w *Writer) Params(p Params) {
	w.ints(tagParams)
	w.bool(p.BigEndian)
	w.ints(uint64(p.PtrSize), p.ArenaStart, p.ArenaEnd)
	w.string(p.Arch)
	w.string(p.GoVersion)
	w.ints(uint64(p.CPUs))
}

// Type writes a type that an itab refers to, and Itab such an itab.
func (w *Writer) Type(addr uint64, t Type) {
	w.ints(tagType, addr, t.Size)
	w.string(t.Name)
	w.ints(1)
}

// Itab writes an itab, and the address of the descriptor of its type.
func (w *Writer) Itab(addr, typ uint64) { w.ints(tagItab, addr, typ) }

// Object begins an object. Pointer follows for each of its pointers, in ascending
// order, and EndObject.
func (w *Writer) Object(addr uint64, contents []byte) {
	w.buf = append(w.buf, tagObject)
	w.buf = binary.AppendUvarint(w.buf, addr)
	w.buf = binary.AppendUvarint(w.buf, uint64(len(contents)))
	w.raw(contents)
}

// Pointer writes the offset of a pointer of an object.
func (w *Writer) Pointer(off uint64) {
	w.buf = AppendPointer(w.buf, off)
	if len(w.buf) >= bufferSize {
		w.flush()
	}
}

// EndObject ends an object.
func (w *Writer) EndObject() { w.buf = append(w.buf, 0) }

// Goroutine writes a goroutine with its frames, deferred calls and panics.
func (w *Writer) Goroutine(g *Goroutine) {
	sp := uint64(0)
	if len(g.Frames) > 0 {
		sp = g.Frames[0].SP
	}
	w.ints(tagGoroutine, g.Addr, sp, g.ID, g.CreatedBy, g.Status)
	w.bool(g.System)
	w.ints(0, g.WaitSince)
	w.string(g.WaitReason)
	w.ints(g.Context, g.M, 0, 0)
	child := uint64(0)
	for i := range g.Frames {
		w.frame(&g.Frames[i], i, child)
		child = g.Frames[i].SP
	}
	for _, d := range g.Defers {
		w.ints(tagDefer, 0, g.Addr, 0, 0, d.Func, d.PC, 0)
	}
	for _, p := range g.Panics {
		w.ints(tagPanic, 0, g.Addr, p.Type, p.Data, 0, 0)
	}
}

func (w *Writer) frame(f *Frame, depth int, child uint64) {
	w.ints(tagFrame, f.SP, uint64(depth), child)
	w.bytes(f.Contents)
	w.ints(f.Entry, f.PC, f.PC)
	w.string(f.Func)
	w.raw(f.Pointers)
}

// Data writes the data segment, and BSS the bss segment.
func (w *Writer) Data(s Segment) { w.segment(tagData, s) }

// BSS writes the bss segment.
func (w *Writer) BSS(s Segment) { w.segment(tagBSS, s) }

func (w *Writer) segment(tag uint64, s Segment) {
	w.ints(tag, s.Addr)
	w.bytes(s.Contents)
	w.raw(s.Pointers)
}

// Finalizer writes a finalizer.
func (w *Writer) Finalizer(f Finalizer) {
	tag := uint64(tagFinalizer)
	if f.Queued {
		tag = tagQueuedFinalizer
	}
	w.ints(tag, f.Object, f.Func, f.PC, 0, f.ObjType)
}

// Root writes a root of another kind.
func (w *Writer) Root(r Root) {
	w.ints(tagOtherRoot)
	w.string(r.Name)
	w.ints(r.Ptr)
}

// cleanupRoot is the name of the root that says what a cleanup's argument is. The format
// has no record for cleanups, and the runtime writes no roots of this kind.
const cleanupRoot = "weakref: cleanup of %v by %v"

// address is a number that is written in hexadecimal.
type address uint64

func (a address) String() string { return fmt.Sprintf("%#x", uint64(a)) }

// Cleanup writes a cleanup. [Read] knows it again; other readers take it for a root that
// leads to the argument.
func (w *Writer) Cleanup(c Cleanup) {
	w.Root(Root{fmt.Sprintf(cleanupRoot, address(c.Object), address(c.Func)), c.Arg})
}

// MemStats writes what is known of the statistics.
func (w *Writer) MemStats(objects, numGC uint64) {
	var stats [11 + 1 + 12 + 256 + 1]uint64
	stats[11], stats[len(stats)-1] = objects, numGC
	w.ints(tagMemStats)
	w.ints(stats[:]...)
}

// Bucket writes an entry of the memory profile, at whose address samples refer to it.
func (w *Writer) Bucket(addr, size, allocs, frees uint64, stack []Call) {
	w.ints(tagBucket, addr, size, uint64(len(stack)))
	for _, c := range stack {
		w.string(c.Func)
		w.string(c.File)
		w.ints(uint64(c.Line))
	}
	w.ints(allocs, frees)
}

// Sample writes that an object was allocated where a bucket says. All samples come last.
func (w *Writer) Sample(obj, bucket uint64) { w.ints(tagSample, obj, bucket) }
