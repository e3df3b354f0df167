package cleanups

import (
	"runtime"
	"sync"
	"unsafe"
	"weak"
)

// Handle is the runtime's handle of the weak pointers to an address. The
// addresses are numbers and hold nothing.
type Handle struct {
	Target uintptr
	Handle uintptr
}

// HandlesBeside returns the handles of weak pointers to the object at an address
// and to the other objects in its span. ok is false if they cannot be found.
// There must be an object at the address: see [Beside].
func HandlesBeside(addr uintptr) (handles []Handle, ok bool) {
	l := knownWeak()
	if !l.ok {
		return nil, false
	}
	if span := spanOf(addr); span != 0 {
		guarded(func() { handles, ok = l.handles(span), true })
	}
	return handles, ok
}

var knownWeak = sync.OnceValue(calibrateWeak)

// weakLayout is where things are in the records of weak pointers.
type weakLayout struct {
	layout         // but the kind is that of weak pointers
	handle uintptr // in a record
}

func (l weakLayout) handles(span uintptr) (handles []Handle) {
	start := load(span + l.start)
	each(load(span+l.specials), maxRecords, func(rec uintptr) bool {
		if loadByte(rec+kind) == l.kind {
			handles = append(handles, Handle{start + load(rec+offset), load(rec + l.handle)})
		}
		return true
	})
	return handles
}

// calibrateWeak finds the layout with one canary and checks it with another.
func calibrateWeak() (l weakLayout) {
	if !Available() {
		return l
	}
	l.layout = known()
	l.ok = false
	withWeak(func(c *canary, handle uintptr) { l.find(c, handle) })
	if !l.ok {
		return l
	}
	l.ok = false
	withWeak(func(c *canary, handle uintptr) {
		for _, h := range l.handles(c.span) {
			l.ok = l.ok || h == Handle{c.addr(), handle}
		}
	})
	return l
}

// withWeak calls f with an object and the handle of a weak pointer to it.
func withWeak(f func(c *canary, handle uintptr)) {
	c := newCanary()
	w := weak.Make(c)
	if unsafe.Sizeof(w) == word && c.span != 0 {
		// A weak pointer of one word is the address of its handle.
		guarded(func() { f(c, *(*uintptr)(unsafe.Pointer(&w))) })
	}
	runtime.KeepAlive(w)
	runtime.KeepAlive(c)
}

// find looks for the record of the weak pointers to c in the list of its span.
func (l *weakLayout) find(c *canary, handle uintptr) {
	off := c.addr() - load(c.span+l.start)
	each(load(c.span+l.specials), maxRecords, func(rec uintptr) bool {
		for at := 3 * word; at < 7*word && load(rec+offset) == off; at += word {
			if load(rec+at) == handle {
				l.ok, l.handle, l.kind = true, at, loadByte(rec+kind)
			}
		}
		return !l.ok
	})
}
