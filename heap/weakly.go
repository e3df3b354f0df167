package heap

import (
	"reflect"
	"slices"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/heap/internal/cleanups"
	"github.com/weakref-go/weakref/heap/internal/graph"
)

// holder is what is asked about, as numbers that hold nothing.
type holder struct {
	typ  uintptr // descriptor
	addr uintptr
	size uintptr // of what counts at the address; 0 if it is the whole object

	isFunc bool
}

// holderOf takes an interface apart: its words are the type and a pointer, to the
// value or the value itself if that is a pointer, a func, a map or a channel.
func holderOf(v any) (h holder) {
	onHeap.Store(&v)
	onHeap.Store(nil)
	words := (*[2]uintptr)(unsafe.Pointer(&v))
	h.typ, h.addr = words[0], words[1]
	if t := reflect.TypeOf(v); t != nil {
		h.isFunc = t.Kind() == reflect.Func
		if t.Kind() == reflect.Pointer {
			h.size = t.Elem().Size()
		}
	}
	return h
}

// onHeap makes the compiler put what a holder refers to on the heap, where it is an
// object of the dump: a func is on the stack otherwise.
var onHeap atomic.Pointer[any]

// maxHandles bounds how many weak references are looked at.
const maxHandles = 1 << 20

// weakly takes a dump and finds in it what h holds weakly. Until that is done the
// collector is off, so that the runtime's records are those of the dump's objects.
func (e *Explainer) weakly(h holder) (d *Dump, found []graph.ID, err error) {
	if e.Mode != Fork {
		defer pauseCollector()()
	}
	if d, err = e.dumpWith(graph.Guide{SkipFrame: isOwnFrame, Holder: uint64(h.addr)}, h); err != nil {
		return nil, nil, err
	}
	found = d.targets(d.heap.Handles(d.begins(h), d.namer.Processors(), maxHandles))
	if records := d.cleanupsBeside(found); len(records) > 0 {
		d.searchAll(graph.Guide{SkipFrame: isOwnFrame, Holder: uint64(h.addr), Cleanups: records})
	}
	return d, found, nil
}

// begins returns the objects where a walk from h begins. A func leads to the package
// variables that its own code uses, too.
func (d *Dump) begins(h holder) (objects []graph.ID) {
	lo, hi := uint64(h.addr), uint64(h.addr+h.size)
	if h.isFunc {
		for _, v := range d.namer.Variables(lo) {
			objects = append(objects, d.heldAt(v.Addr, v.Addr+v.Size)...)
		}
	}
	o := d.heap.Find(lo)
	if o == graph.None {
		return append(objects, d.heldAt(lo, hi)...)
	}
	if h.size == 0 || hi-lo >= d.heap.Size(o) {
		return append(objects, o)
	}
	d.heap.Pointers(o, func(off, _ uint64, to graph.ID) bool {
		if slot := d.heap.Addr(o) + off; slot >= lo && slot < hi {
			objects = append(objects, to)
		}
		return true
	})
	return objects
}

// heldAt returns what the package variables between two addresses hold.
func (d *Dump) heldAt(lo, hi uint64) (objects []graph.ID) {
	for _, r := range d.search.Roots {
		if r.Slot >= lo && r.Slot < hi {
			objects = append(objects, r.To)
		}
	}
	return objects
}

// targets returns the targets of what looks like handles, each once, without those
// of what is known to be none.
func (d *Dump) targets(handles []graph.Handle) (objects []graph.ID) {
	r := records{d: d, read: map[uint64]map[uint64]uint64{}}
	for _, h := range handles {
		if r.confirm(h) {
			objects = append(objects, h.To)
		}
	}
	slices.Sort(objects)
	return slices.Compact(objects)
}

// records is the runtime's records of weak pointers.
type records struct {
	d    *Dump
	read map[uint64]map[uint64]uint64 // by page: addresses of targets by those of their handles
}

// confirm says whether what looks like a handle is one, or may be one.
func (r *records) confirm(h graph.Handle) bool {
	const page = 1 << 13
	of, ok := r.read[h.Target/page]
	if !ok {
		if completedCycles() != r.d.heap.Dump.NumGC {
			return true // who knows what is there now
		}
		if found, ok := cleanups.HandlesBeside(uintptr(h.Target)); ok {
			of = map[uint64]uint64{}
			for _, f := range found {
				of[uint64(f.Handle)] = uint64(f.Target)
			}
		}
		r.read[h.Target/page] = of
	}
	return of == nil || of[h.Addr] == h.Target
}

// maxCleanups bounds at how many objects without a root cleanups are looked for.
const maxCleanups = 100

// cleanupsBeside returns the cleanups of those objects that no root leads to, and
// of what leads to them.
func (d *Dump) cleanupsBeside(objects []graph.ID) (found []graph.CleanupRecord) {
	seen := map[cleanups.Record]bool{}
	n := 0
	for _, o := range objects {
		if d.search.Firm(o) {
			continue
		}
		if n++; n > maxCleanups || completedCycles() != d.heap.Dump.NumGC {
			break
		}
		found = append(found, newCleanups(d.heap.Addr(o), seen)...)
		d.lookAbove(o, func(o graph.ID) { found = append(found, newCleanups(d.heap.Addr(o), seen)...) })
	}
	return found
}
