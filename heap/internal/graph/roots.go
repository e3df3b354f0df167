package graph

import (
	"cmp"
	"slices"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// Kind is a kind of root. The order is that of preference: an object is
// explained by the first kind that reaches it.
type Kind uint8

const (
	Global      Kind = iota // a package variable
	Local                   // a pointer that a variable in a frame of a goroutine holds
	Word                    // a word of a frame or a segment that belongs to no variable that has a name
	Finalizer               // a finalizer's function, or what its object refers to
	Deferred                // a deferred call, or the value of a panic
	Cleanup                 // a cleanup's function or argument
	Runtime                 // a variable of the runtime, or a frame of it
	StackObject             // a word of a variable that only a pointer into the stack leads to
	Register                // a saved register, or a word of a frame that was interrupted: the collector takes any such word for a pointer
	Holder                  // what was asked about, which the asker holds
	StaleWord               // any other word of a frame: not a root, perhaps not even a pointer
	NoRoot                  // nothing in the dump
)

// exact says whether roots of kind k are pointers of which the compiler knows that
// they lead to objects. Others are words that may be something else.
func (k Kind) exact() bool { return k < Runtime }

// Root is a reference from outside the heap.
type Root struct {
	Kind Kind
	// passing marks a word of an object that has a finalizer but is held
	// otherwise: a root as long as the object lives, and no longer.
	passing   bool
	To        ID
	Slot      uint64            // address of the word, 0 if there is none
	Ptr       uint64            // its value
	Goroutine *record.Goroutine // for what a goroutine holds
	Frame     *record.Frame     // the frame that does, if one does
	Index     int32             // of the finalizer or cleanup
}

// CleanupRecord is a cleanup. Dumps that the runtime writes have none; package cleanups
// finds them in the running process, and package attach in another one.
type CleanupRecord struct {
	Object uint64
	Func   uint64 // the closure
	Arg    uint64 // the box that holds the argument
}

// Guide says what the graph alone does not know. All fields may be left out.
type Guide struct {
	// SkipFrame leaves frames out: those of whoever took the dump.
	SkipFrame func(g *record.Goroutine, frame int) bool
	// RuntimeVar says whether a variable of the runtime lies at an address.
	RuntimeVar func(addr uint64) bool
	// Named says whether a word is in a variable that has a name. If it is nil,
	// all are.
	Named func(r *Root) bool
	// StackVar returns the bounds of the stack variable that covers an address,
	// or zeros.
	StackVar func(f *record.Frame, addr uint64) (lo, hi uint64)
	// Cleanups are roots that the dump lacks.
	Cleanups []CleanupRecord
	// Holder is the address of what was asked about, or 0.
	Holder uint64
	// Hubs are objects of the runtime from which nearly everything can be
	// reached, so that a path through them says nothing. Records of goroutines
	// and threads are known to be hubs.
	Hubs []ID
}

// rooter collects roots.
type rooter struct {
	*Heap
	Guide
	roots []Root
}

// findRoots returns all roots but the stale words, best kinds first.
func (h *Heap) findRoots(g Guide) []Root {
	r := rooter{Heap: h, Guide: g}
	r.segment(&h.Dump.Data)
	r.segment(&h.Dump.BSS)
	for i := range h.Dump.Goroutines {
		r.goroutine(&h.Dump.Goroutines[i])
	}
	for i := range h.Dump.Finalizers {
		r.finalizer(i)
	}
	for i, c := range g.Cleanups {
		r.add(Root{Kind: Cleanup, Ptr: c.Func, Index: int32(i)})
		r.add(Root{Kind: Cleanup, Ptr: c.Arg, Index: int32(i)})
	}
	for _, o := range h.Dump.Others {
		r.add(Root{Kind: Runtime, Ptr: o.Ptr})
	}
	r.add(Root{Kind: Holder, Ptr: g.Holder})
	slices.SortStableFunc(r.roots, func(a, b Root) int { return cmp.Compare(a.Kind, b.Kind) })
	return r.roots
}

// add adds a root if it leads to an object.
func (r *rooter) add(root Root) {
	if root.To = r.Find(root.Ptr); root.To == None || !root.Kind.exact() && r.isPhantom(root.To) {
		return
	}
	if root.Kind <= Local && r.Named != nil && !r.Named(&root) {
		root.Kind = Word
	}
	r.roots = append(r.roots, root)
}

func (r *rooter) segment(s *record.Segment) {
	for off := range record.Offsets(s.Pointers) {
		if off+r.Dump.Memory.PtrSize > uint64(len(s.Contents)) {
			continue
		}
		root := Root{Kind: Global, Slot: s.Addr + off, Ptr: r.Dump.Memory.Word(s.Contents[off:])}
		if r.RuntimeVar != nil && r.RuntimeVar(root.Slot) {
			root.Kind = Runtime
		}
		r.add(root)
	}
}

// finalizer follows the collector's rule: a finalizer's function is a root, and
// so is what the object refers to; the object itself is not, until it is queued.
func (r *rooter) finalizer(i int) {
	f := &r.Dump.Finalizers[i]
	r.add(Root{Kind: Finalizer, Ptr: f.Func, Index: int32(i)})
	if f.Queued {
		r.add(Root{Kind: Finalizer, Ptr: f.Object, Index: int32(i)})
		return
	}
	obj := r.Find(f.Object)
	if obj == None {
		return
	}
	r.Pointers(obj, func(off, ptr uint64, to ID) bool {
		r.roots = append(r.roots, Root{Kind: Finalizer, Slot: r.Addr(obj) + off, Ptr: ptr, To: to, Index: int32(i)})
		return true
	})
}

func (r *rooter) goroutine(g *record.Goroutine) {
	s := newStack(r, g)
	for i := range g.Frames {
		s.frame(i)
	}
	s.followPointersIntoStack()
	for _, d := range g.Defers {
		r.add(Root{Kind: Deferred, Ptr: d.Func, Goroutine: g})
	}
	for _, p := range g.Panics {
		r.add(Root{Kind: Deferred, Ptr: p.Data, Goroutine: g})
	}
	r.add(Root{Kind: Register, Ptr: g.Context, Goroutine: g})
}

// holds says whether what a root leads to lives as long as the root does, and
// because of it. Stale words hold nothing.
func (r *Root) holds() bool { return r.Kind < StaleWord && !r.passing }
