package record

import (
	"fmt"
	"strings"
)

const header = "go1.7 heap dump\n"

// Read reads a whole dump and calls object for each object, in the order of the
// file, which is the order of addresses within a span and no order otherwise.
// The result refers to b. An error of object ends the reading and comes back as
// an [Error].
func Read(b []byte, object func(*Dump, Object) error) (*Dump, error) {
	if err := checkHeader(b); err != nil {
		return nil, err
	}
	r := reader{cursor: cursor{b: b, pos: len(header)}, object: object}
	r.dump = &Dump{
		Types:   map[uint64]Type{},
		Itabs:   map[uint64]uint64{},
		raw:     b,
		buckets: map[uint64]int{},
	}
	for !r.done {
		r.next()
		if r.err != nil {
			return nil, r.err
		}
	}
	return r.dump, nil
}

func checkHeader(b []byte) error {
	switch {
	case len(b) == 0:
		return &Error{Reason: "the file is empty: the dump was not written (was the disk full?)"}
	case strings.HasPrefix(string(b[:min(len(b), len(header))]), header):
		return nil
	case strings.HasPrefix(header, string(b[:min(len(b), len(header))])):
		return &Error{Reason: "the file ends inside the first line: the dump was cut short (was the disk full?)"}
	}
	return &Error{Reason: fmt.Sprintf("not a heap dump: the file begins with %.16q, not with %q", b, header)}
}

type reader struct {
	cursor
	dump   *Dump
	object func(*Dump, Object) error
	names  map[string]string // one copy of each string
	done   bool
}

// next reads one record.
func (r *reader) next() {
	r.record++
	r.start = r.pos
	r.tag = numTags
	if r.left() == 0 {
		r.tag = tagEOF
		r.fail("missing: the dump was cut short (was the disk full?)")
		return
	}
	r.tag = r.uvarint()
	if r.tag != tagParams && r.dump.Params.PtrSize == 0 {
		r.fail("the first record is not the parameters")
		return
	}
	// Objects are nearly all there is.
	if r.tag == tagObject {
		r.readObject()
		return
	}
	r.readOther()
}

func (r *reader) readObject() {
	o := Object{Addr: r.uvarint(), Size: r.uvarint()}
	stored := r.stored(o.Size)
	o.At = r.skip(stored)
	if r.err != nil {
		return
	}
	o.Stored = int(stored)
	o.Pointers = r.objectPointers(&o)
	o.Scan = r.pos > o.At+o.Stored+1 // there is more than the end of the list
	if r.err != nil {
		return
	}
	if err := r.object(r.dump, o); err != nil {
		r.fail("%v", err)
	}
}

// objectPointers passes over the list of pointers of an object and returns how
// many of them lead to the arenas. It is the hottest loop of the reader, so it
// decodes what is usual by itself.
func (r *reader) objectPointers(o *Object) (n int) {
	mem, contents := r.dump.Memory, r.b[o.At:o.At+o.Stored]
	arena, width := r.dump.Params.ArenaStart, r.dump.Params.ArenaEnd-r.dump.Params.ArenaStart
	for {
		var off uint64
		switch list := r.b[r.pos:]; {
		case len(list) >= 2 && list[0] == 1 && list[1] < 0x80 && uint64(list[1]) < o.Size:
			off = uint64(list[1])
			r.pos += 2
		case len(list) > 0 && list[0] == 0:
			r.pos++
			return n
		default:
			if off = r.pointer(o.Size); off == none {
				return n
			}
		}
		if off+mem.PtrSize <= uint64(len(contents)) && mem.Word(contents[off:])-arena < width {
			n++
		}
	}
}

// stored returns how many bytes of an object are in the file.
//
// The runtime passes the size of a write as an int32. Where the size does not
// fit, the low 32 bits are passed, and the kernel writes at most 0x7ffff000
// bytes at once; the rest of the object is missing, and the stream goes on with
// the list of pointers. On amd64 the kernel sees an unsigned number, on others
// a negative one, which it refuses.
func (r *reader) stored(size uint64) uint64 {
	const most = 0x7ffff000
	if size <= most || r.dump.Params.PtrSize == 4 {
		return size
	}
	low := uint64(uint32(size))
	if low > 1<<31-1 && r.dump.Params.Arch != "amd64" {
		return 0
	}
	return min(low, most)
}

func (r *reader) readOther() {
	d := r.dump
	switch r.tag {
	case tagEOF:
		r.readEnd()
	case tagOtherRoot:
		r.readRoot()
	case tagType:
		r.readType()
	case tagGoroutine:
		r.readGoroutine()
	case tagFrame:
		r.readFrame()
	case tagParams:
		r.readParams()
	case tagFinalizer, tagQueuedFinalizer:
		r.readFinalizer()
	case tagItab:
		itab := r.uvarint()
		d.Itabs[itab] = r.uvarint()
	case tagThread:
		r.skipInts(3)
	case tagMemStats:
		r.readMemStats()
	case tagData:
		d.Data = r.readSegment()
	case tagBSS:
		d.BSS = r.readSegment()
	case tagDefer:
		r.readDefer()
	case tagPanic:
		r.readPanic()
	case tagBucket:
		r.readBucket()
	case tagSample:
		if d.samples == 0 {
			d.samples = r.start
		}
		r.skipInts(2)
	default:
		r.fail("no such record; the file is damaged, or written by a Go version that this reader does not know")
	}
}

func (r *reader) readEnd() {
	if r.left() > 0 {
		r.fail("%d bytes follow the end", r.left())
	}
	r.done = true
}

func (r *reader) skipInts(n int) {
	for range n {
		r.uvarint()
	}
}

// string reads a string. The file may be unmapped later, so it is copied, once.
func (r *reader) string() string {
	b := r.bytes()
	if s, ok := r.names[string(b)]; ok {
		return s
	}
	if r.names == nil {
		r.names = map[string]string{}
	}
	s := string(b)
	r.names[s] = s
	return s
}

func (r *reader) readParams() {
	p := Params{BigEndian: r.bool(), PtrSize: r.int()}
	p.ArenaStart, p.ArenaEnd = r.uvarint(), r.uvarint()
	p.Arch, p.GoVersion = r.string(), r.string()
	p.CPUs = r.int()
	switch {
	case r.err != nil:
	case r.dump.Params.PtrSize != 0:
		r.fail("the parameters come a second time")
	case p.PtrSize != 4 && p.PtrSize != 8:
		r.fail("pointers of %d bytes", p.PtrSize)
	}
	r.dump.Params = p
	r.dump.Memory = Memory{uint64(p.PtrSize), p.BigEndian}
}

// readRoot reads a root that the runtime found elsewhere, or a cleanup: see
// [Writer.Cleanup].
func (r *reader) readRoot() {
	o := Root{r.string(), r.uvarint()}
	c := Cleanup{Arg: o.Ptr}
	if n, _ := fmt.Sscanf(o.Name, cleanupRoot, &c.Object, &c.Func); n == 2 {
		r.dump.Cleanups = append(r.dump.Cleanups, c)
		return
	}
	r.dump.Others = append(r.dump.Others, o)
}

func (r *reader) readType() {
	addr := r.uvarint()
	t := Type{Size: r.uvarint(), Name: r.string()}
	r.uvarint() // whether interfaces hold a pointer to it
	r.dump.Types[addr] = t
}

func (r *reader) readSegment() Segment {
	s := Segment{Addr: r.uvarint(), Contents: r.bytes()}
	s.Pointers = r.list(uint64(len(s.Contents)))
	return s
}

func (r *reader) readFinalizer() {
	f := Finalizer{Object: r.uvarint(), Func: r.uvarint(), PC: r.uvarint()}
	r.uvarint() // the type of the function's parameter
	f.ObjType = r.uvarint()
	f.Queued = r.tag == tagQueuedFinalizer
	r.dump.Finalizers = append(r.dump.Finalizers, f)
}

// readMemStats reads a runtime.MemStats up to NumGC.
func (r *reader) readMemStats() {
	m := &r.dump.System
	r.skipInts(2)
	m.Sys = r.uvarint()
	r.skipInts(4)
	m.HeapSys, m.HeapIdle, m.HeapInuse, m.HeapReleased = r.uvarint(), r.uvarint(), r.uvarint(), r.uvarint()
	r.dump.HeapObjects = r.uvarint()
	m.StackInuse, m.StackSys = r.uvarint(), r.uvarint()
	r.skipInts(10 + 256)
	r.dump.NumGC = r.uvarint()
}
