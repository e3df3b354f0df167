package heap

import (
	"cmp"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/heap/internal/cleanups"
	"github.com/weakref-go/weakref/heap/internal/graph"
)

// WhyWeak says why the objects are alive that a container holds weakly: the values
// of a ValueMap, the keys of a KeyMap, the listeners of a bus. It is short for
// [Explainer.ExplainWeak] of an Explainer with its settings at zero.
func WhyWeak(holder any) (*WeakAnswer, error) {
	return new(Explainer).ExplainWeak(holder)
}

// ExplainWeak says why the objects are alive that holder holds weakly.
//
// The holder is a pointer, or a func, whose captured variables count. It holds
// weakly what weak pointers refer to that it leads to by strong references, this
// module's or those of package weak, however long the way is: ask about the
// container itself, not about something that also leads to the rest of the
// program. What only the runtime knows a way to, goroutines and timers, does not
// count. A weak reference to what itself leads to that reference, as from a part
// to its whole, is left out.
//
// In a dump, a weak pointer cannot be told from a pointer to the number that is
// its target's address. The runtime's own records tell, unless there was a
// collection meanwhile.
func (e *Explainer) ExplainWeak(holder any) (*WeakAnswer, error) {
	h := holderOf(holder)
	defer runtime.KeepAlive(holder)
	defer e.begin()()
	d, found, err := e.weakly(h)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.weakAnswer(found), nil
}

// WeakAnswer says why objects are alive that something holds weakly.
type WeakAnswer struct {
	Objects int
	Held    []WeaklyHeld // by how they are held, most objects first
	Names   Names
	Hint    string // how to get better names, "" if they are full
}

// WeaklyHeld is objects that something holds weakly and that are held otherwise in
// one way.
type WeaklyHeld struct {
	Holding
	By Path // to the example
}

// maxShown is how many ways String tells.
const maxShown = 5

// String is the answer in a few lines, with a path to one of the objects that are
// held in one way, for five ways at most.
func (a *WeakAnswer) String() string {
	if a.Objects == 0 {
		return "no live object is held weakly"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "held weakly and alive: %s", count(a.Objects, "object"))
	rest := a.Objects
	for i, h := range a.Held {
		if i == maxShown {
			fmt.Fprintf(&b, "\n  %d held in %s", rest, count(len(a.Held)-i, "other way"))
			break
		}
		rest -= h.Objects
		fmt.Fprintf(&b, "\n  %d such as %v, held by\n    %v", h.Objects, h.Example, h.By)
	}
	if a.Hint != "" {
		fmt.Fprintf(&b, "\n%s", a.Hint)
	}
	return b.String()
}

// holder is what is asked about, as numbers that hold nothing.
type holder struct {
	typ  uintptr // descriptor
	addr uintptr
	size uintptr // of what counts at the address; 0 if it is the whole object
}

// holderOf takes an interface apart: its words are the type and a pointer, to the
// value or the value itself if that is a pointer, a func, a map or a channel.
func holderOf(v any) (h holder) {
	onHeap.Store(&v)
	onHeap.Store(nil)
	words := (*[2]uintptr)(unsafe.Pointer(&v))
	h.typ, h.addr = words[0], words[1]
	if t := reflect.TypeOf(v); t != nil && t.Kind() == reflect.Pointer {
		h.size = t.Elem().Size()
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
	if e.Mode == InProcess {
		defer pauseCollector()()
	}
	if d, err = e.dumpWith(graph.Guide{SkipFrame: isOwnFrame, Holder: uint64(h.addr)}); err != nil {
		return nil, nil, err
	}
	d.namer.HolderType = uint64(h.typ)
	found = d.targets(d.heap.Handles(d.begins(h), d.namer.Processors(), maxHandles))
	if records := d.cleanupsBeside(found); len(records) > 0 {
		d.searchAll(graph.Guide{SkipFrame: isOwnFrame, Holder: uint64(h.addr), Cleanups: records})
		d.namer.HolderType = uint64(h.typ)
	}
	return d, found, nil
}

// begins returns the objects where a walk from h begins.
func (d *Dump) begins(h holder) (objects []graph.ID) {
	lo, hi := uint64(h.addr), uint64(h.addr+h.size)
	o := d.heap.Find(lo)
	if o == graph.None { // a package variable
		for _, r := range d.search.Roots {
			if r.Slot >= lo && r.Slot < hi {
				objects = append(objects, r.To)
			}
		}
		return objects
	}
	if h.size == 0 || uint64(h.size) >= d.heap.Size(o) {
		return []graph.ID{o}
	}
	d.heap.Pointers(o, func(off, _ uint64, to graph.ID) bool {
		if slot := d.heap.Addr(o) + off; slot >= lo && slot < hi {
			objects = append(objects, to)
		}
		return true
	})
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

// weakAnswer sorts objects by how they are held.
func (d *Dump) weakAnswer(objects []graph.ID) *WeakAnswer {
	a := &WeakAnswer{Objects: len(objects), Names: d.level, Hint: d.hint()}
	if len(objects) == 0 {
		return a
	}
	byWay := map[way]*Holding{}
	shapes := shapes{d: d, of: map[graph.ID]shape{}, id: map[shapeKey]shape{}}
	for _, o := range objects {
		node := d.take().Of(o)
		w := way{d.census.Path(node), d.census.Nodes[node].Type, 0}
		if d.level < NamesFull {
			w.shape = shapes.to(o)
		}
		h := byWay[w]
		if h == nil {
			h = &Holding{Path: w.path, Type: w.typ, Example: d.object(o, w.typ)}
			byWay[w] = h
		}
		h.Objects++
		h.Bytes += d.heap.Size(o)
	}
	for h := range values(byWay) {
		w := WeaklyHeld{Holding: h}
		if paths := d.Paths(h.Example, 1); len(paths) > 0 {
			w.By = paths[0]
		}
		a.Held = append(a.Held, w)
	}
	slices.SortFunc(a.Held, func(a, b WeaklyHeld) int {
		return cmp.Or(cmp.Compare(b.Objects, a.Objects), cmp.Compare(a.Path, b.Path))
	})
	return a
}

// way is a way to be held.
type way struct {
	path, typ string
	shape     shape
}

// shape is the number of a shape of paths: of the sizes of the objects on them, in
// order, where equal sizes in a row count as one, as do all that are large and so
// arrays. Without names it tells ways apart that read alike, and does not tell
// apart the elements of an array, the entries of a map and the links of a list.
type shape int

type shapeKey struct {
	to   shape  // the holder
	size uint64 // of the object
}

type shapes struct {
	d  *Dump
	of map[graph.ID]shape
	id map[shapeKey]shape
}

// largeSize is what many of one kind are larger than, rather than one of a kind.
const largeSize = 1024

// to is the shape of the path that leads to an object.
func (s *shapes) to(o graph.ID) shape {
	var chain []graph.ID
	for at := o; at != graph.None; at, _ = s.d.search.Parent(at) {
		if _, ok := s.of[at]; ok {
			chain = append(chain, at)
			break
		}
		chain = append(chain, at)
	}
	var last shapeKey
	var sh shape
	for _, at := range slices.Backward(chain) {
		key := shapeKey{sh, min(s.d.heap.Size(at), largeSize)}
		if known, ok := s.of[at]; ok {
			sh = known
		} else if key.size != last.size {
			sh = s.number(key)
			s.of[at] = sh
		} else {
			s.of[at] = sh
		}
		last = key
	}
	return sh
}

func (s *shapes) number(key shapeKey) shape {
	n, ok := s.id[key]
	if !ok {
		n = shape(len(s.id) + 1)
		s.id[key] = n
	}
	return n
}
