// Package cleanups finds the cleanups of objects of this process
// ([runtime.AddCleanup]), which heap dumps lack, and the handles of weak pointers,
// which dumps do not tell from numbers.
//
// The runtime keeps a list of special records with each span of the heap, and a
// cleanup is one of them:
//
//	findObject ─▶ mspan { … startAddr … specials ─┐ … }
//	                                              ▼
//	     special { next, offset in the span, kind } cleanup { call, fn, arg }
//	                │
//	                ▼ …
//
// runtime.findObject is one of the functions that the runtime promises to keep
// within reach ("linkname hall of shame"). The layout of the records is not
// promised, so it is not assumed either: it is found out by an object with a
// cleanup of known function and argument, and checked with another. If that does
// not work out, there are no cleanups to be had from here.
//
// All records lie in memory that the runtime never gives back, so that reading
// them while they change can give wrong answers but no fault; and a fault would
// be recovered from. What is found is only used to name paths.
package cleanups

import (
	"runtime"
	"runtime/debug"
	"sync"
	"unsafe"
)

// Record is a cleanup. The addresses are numbers and hold nothing.
type Record struct {
	Object uintptr
	Func   uintptr // the closure
	Arg    uintptr // the box with the argument
}

//go:linkname findObject runtime.findObject
func findObject(p, refBase, refOff uintptr) (base uintptr, span unsafe.Pointer, index uintptr)

// Beside returns the cleanups of the object at an address and of the other
// objects in its span. It returns nil if the layout of the records is unknown.
//
// There must be an object at the address. If the collector had freed the span
// before the call, the runtime would end the process.
func Beside(addr uintptr) (records []Record) {
	l := known()
	if !l.ok {
		return nil
	}
	if span := spanOf(addr); span != 0 {
		guarded(func() { records = l.read(span) })
	}
	return records
}

// Available says whether cleanups can be found with this version of Go.
func Available() bool { return known().ok }

var known = sync.OnceValue(calibrate)

// layout is where things are in the runtime's records.
type layout struct {
	ok       bool
	start    uintptr // address of the span, in mspan
	specials uintptr // first record, in mspan
	fn       uintptr // in a record; arg comes next
	kind     byte    // of cleanups
}

const (
	word       = unsafe.Sizeof(uintptr(0))
	spanWords  = 28 // words of mspan that are looked at
	next       = 0  // in a record
	offset     = word
	kind       = 2 * word
	maxRecords = 1 << 20 // in a list
	lowest     = 1 << 12 // addresses below are none
)

func spanOf(addr uintptr) uintptr {
	_, span, _ := findObject(addr, 0, 0)
	return uintptr(span)
}

// load reads a word at an address.
//
//go:nocheckptr
func load(addr uintptr) uintptr {
	// The conversion by way of the variable's address is for vet, which cannot
	// know that this memory is not Go's.
	return **(**uintptr)(unsafe.Pointer(&addr))
}

// loadByte reads the byte at the address of a word.
func loadByte(addr uintptr) byte {
	w := load(addr)
	return *(*byte)(unsafe.Pointer(&w))
}

// guarded calls f and recovers from faults in it.
func guarded(f func()) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { recover() }()
	f()
}

// each calls f with each record of a list, until it returns false.
func each(first uintptr, most int, f func(rec uintptr) bool) {
	for n := 0; first > lowest && first%word == 0 && n < most && f(first); n++ {
		first = load(first + next)
	}
}

func (l layout) read(span uintptr) (records []Record) {
	start := load(span + l.start)
	each(load(span+l.specials), maxRecords, func(rec uintptr) bool {
		if loadByte(rec+kind) == l.kind {
			records = append(records, Record{start + load(rec+offset), load(rec + l.fn), load(rec + l.fn + word)})
		}
		return true
	})
	return records
}

// calibrate finds the layout with one canary and checks it with another.
func calibrate() (l layout) {
	newCanary().with(func(c *canary) { l = c.find() })
	if !l.ok {
		return l
	}
	ok := false
	newCanary().with(func(c *canary) { ok = c.check(l) })
	l.ok = ok
	return l
}

// canary is an object with a cleanup of known function and argument. Its span
// has few others.
type canary struct {
	fn      func(*int)
	arg     *int
	span    uintptr
	padding [50]uintptr
}

func newCanary() *canary {
	c := &canary{fn: func(*int) {}, arg: new(int)}
	c.span = spanOf(c.addr())
	return c
}

func (c *canary) addr() uintptr { return uintptr(unsafe.Pointer(c)) }

// with calls f while c has its cleanup.
func (c *canary) with(f func(*canary)) {
	cleanup := runtime.AddCleanup(c, c.fn, c.arg)
	if c.span != 0 {
		guarded(func() { f(c) })
	}
	cleanup.Stop()
	runtime.KeepAlive(c)
}

// find looks for the list in which there is a record of c: it begins at one of
// the words of mspan.
func (c *canary) find() (l layout) {
	const page = 1 << 13
	first := c.addr() &^ (page - 1) // spans of objects of this size have one page
	for i := range uintptr(8) {
		if load(c.span+i*word) == first {
			l.start = i * word
		}
	}
	for i := range uintptr(spanWords) {
		guarded(func() { // many of these words are no addresses
			each(load(c.span+i*word), 32, func(rec uintptr) bool {
				if at, ok := c.inRecord(rec, c.addr()-first); ok {
					l = layout{true, l.start, i * word, at, loadByte(rec + kind)}
				}
				return !l.ok
			})
		})
	}
	return l
}

// inRecord returns where in a record the function of c is, if it is the record
// of c, which is off bytes into its span.
func (c *canary) inRecord(rec, off uintptr) (at uintptr, ok bool) {
	if load(rec+offset) != off {
		return 0, false
	}
	for at = 3 * word; at < 7*word; at += word {
		if load(rec+at) == *(*uintptr)(unsafe.Pointer(&c.fn)) && load(load(rec+at+word)) == uintptr(unsafe.Pointer(c.arg)) {
			return at, true
		}
	}
	return 0, false
}

// check says whether a layout gives the cleanup of c, once.
func (c *canary) check(l layout) bool {
	n := 0
	for _, r := range l.read(c.span) {
		if r.Object == c.addr() && r.Func == *(*uintptr)(unsafe.Pointer(&c.fn)) && load(r.Arg) == uintptr(unsafe.Pointer(c.arg)) {
			n++
		}
	}
	return n == 1
}
