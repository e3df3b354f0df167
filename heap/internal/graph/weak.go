package graph

// The runtime's weak pointers lead to handles: objects of their own, without
// pointers, that hold the address of the target, or zero once it is dead.
//
//	weak pointer ─▶ ┌─────────┬───┐
//	                │ address │ 0 │ ┄┄▶ target
//	                └─────────┴───┘
//
// A dump does not tell them from numbers, so what is found here only looks like
// a handle (runtime/mheap.go, getOrAddWeakHandle).

// handleSize is the size of a handle: it is padded, so that it shares its slot
// with nothing.
const handleSize = 16

// Handle is what looks like a handle whose target is alive.
type Handle struct {
	Addr   uint64 // of the handle
	Target uint64 // the address that the weak pointer was made from
	To     ID     // the object that covers it
}

// handle returns object o as a handle, if it looks like one.
func (h *Heap) handle(o ID) (w Handle, ok bool) {
	p := h.pageOf(o)
	if p.size != handleSize || p.stored != handleSize || h.hasPointers(p, o) {
		return Handle{}, false
	}
	b := h.Contents(o)
	for _, pad := range b[h.Dump.Memory.PtrSize:] {
		if pad != 0 {
			return Handle{}, false
		}
	}
	w = Handle{Addr: h.Addr(o), Target: h.Dump.Memory.Word(b)}
	w.To = h.Find(w.Target)
	return w, w.To != None
}

// Handles returns up to max handles that the given objects lead to, nearest
// first. It does not go into the objects in stop, nor into the runtime's records
// of goroutines and threads. A handle whose target leads to it is left out: it is
// a part of the target that refers to the whole.
func (h *Heap) Handles(from, stop []ID, max int) (handles []Handle) {
	w := handleWalk{Heap: h, parent: make([]uint32, h.Len())}
	for _, g := range h.Dump.Goroutines {
		stop = append(stop, h.Find(g.Addr), h.Find(g.M))
	}
	w.reach(stop, walkBegins)
	w.queue = nil
	w.reach(from, walkBegins)
	for ; len(w.queue) > 0 && len(handles) < max; w.queue = w.queue[1:] {
		o := w.queue[0]
		if found, ok := h.handle(o); ok && !w.comesFrom(o, found.To) {
			handles = append(handles, found)
		}
		w.reach(h.Edges(o), uint32(o)+1)
	}
	return handles
}

// handleWalk is a walk to handles.
type handleWalk struct {
	*Heap
	parent []uint32 // by object: the number of the one that has led to it and 1; 0 if none has
	queue  []ID
}

const walkBegins = 1<<32 - 1 // in place of a parent

func (w *handleWalk) reach(objects []ID, parent uint32) {
	for _, o := range objects {
		if o != None && w.parent[o] == 0 {
			w.parent[o] = parent
			w.queue = append(w.queue, o)
		}
	}
}

// maxAncestors bounds how far back comesFrom looks. What a structure knows of
// itself is near.
const maxAncestors = 100

// comesFrom says whether the walk has come to object o by way of another one.
func (w *handleWalk) comesFrom(o, by ID) bool {
	for n := 0; n < maxAncestors && o != by; n++ {
		if w.parent[o] == walkBegins {
			return false
		}
		o = ID(w.parent[o] - 1)
	}
	return o == by
}
