package graph

// Search is the result of a search: what is reached from where.
type Search struct {
	Heap  *Heap
	Roots []Root // best kinds first

	parent []uint32 // by object: see the constants
	stale  bitset   // reached, but only from stale words; nil if none is
}

// A parent is one of these, or a number of an object and 1.
const (
	unreached = 0
	isRoot    = 1 << 31   // and the number of a root
	postponed = 1<<32 - 1 // while searching: a hub
	arrived   = 1<<32 - 2 // while searching: a hub that something leads to
)

// Search searches the whole heap.
func (h *Heap) Search(g Guide) *Search {
	s := &Search{Heap: h, Roots: h.findRoots(g), parent: make([]uint32, h.Len())}
	r := run{Search: s, queue: make([]ID, 0, h.Len())}
	r.postpone(g.Hubs)
	for kind := Kind(0); kind < StaleWord; kind++ {
		if kind == Runtime {
			r.resume()
		}
		r.from(kind)
		if kind == Runtime {
			r.takeLate()
		}
	}
	s.markPassing()
	// There are many stale words, but few that matter: they come last.
	firm := len(r.queue)
	s.Roots = append(s.Roots, h.staleWords(g, func(o ID) bool { return !s.Reached(o) })...)
	r.from(StaleWord)
	s.markStale(r.queue[firm:])
	return s
}

func (s *Search) markStale(objects []ID) {
	if len(objects) == 0 {
		return
	}
	s.stale = newBitset(s.Heap.Len())
	for _, o := range objects {
		s.stale.add(o)
	}
}

// markPassing tells which finalizers hold what their object refers to. Where the
// object is held by something else, its finalizer is not what needs to go.
func (s *Search) markPassing() {
	for i := range s.Roots {
		r := &s.Roots[i]
		if r.Kind != Finalizer || r.Slot == 0 {
			continue
		}
		obj := s.Heap.Find(s.Heap.Dump.Finalizers[r.Index].Object)
		r.passing = s.Reached(obj) && s.Kind(obj) != Finalizer
	}
}

// run is a search under way.
type run struct {
	*Search
	queue []ID // reached; those from head on are still to be followed
	head  int
	next  int       // the first root that has not been looked at
	late  []arrival // at hubs
}

// arrival is the first reference that has led to a hub.
type arrival struct {
	hub    ID
	parent uint32
}

// from searches from the roots of a kind.
func (r *run) from(kind Kind) {
	for ; r.next < len(r.Roots) && r.Roots[r.next].Kind == kind; r.next++ {
		r.visit(r.Roots[r.next].To, isRoot|uint32(r.next))
	}
	r.drain()
}

// postpone marks the hubs. Where there is a path around them, that is the
// explanation.
func (r *run) postpone(hubs []ID) {
	for i := range r.Heap.Dump.Goroutines {
		g := &r.Heap.Dump.Goroutines[i]
		hubs = append(hubs, r.Heap.Find(g.Addr), r.Heap.Find(g.M))
	}
	for _, o := range hubs {
		if o != None {
			r.parent[o] = postponed
		}
	}
}

// resume ends the postponing: the runtime's own roots may reach the hubs.
func (r *run) resume() {
	for i, p := range r.parent {
		if p == postponed || p == arrived {
			r.parent[i] = unreached
		}
	}
}

// takeLate enters the hubs that the runtime's roots have not reached.
func (r *run) takeLate() {
	for _, a := range r.late {
		r.visit(a.hub, a.parent)
	}
	r.drain()
}

// visit notes that object o is reached from parent.
func (r *run) visit(o ID, parent uint32) {
	switch r.parent[o] {
	case unreached:
		r.queue = append(r.queue, o)
		r.parent[o] = parent
	case postponed:
		r.late = append(r.late, arrival{o, parent})
		r.parent[o] = arrived
	}
}

// drain follows edges until nothing new is reached.
func (r *run) drain() {
	h, parent := r.Heap, r.parent
	for r.head < len(r.queue) {
		o := r.queue[r.head]
		r.head++
		for _, to := range h.edge[h.row[o]:h.row[o+1]] {
			if to != None && (parent[to] == unreached || parent[to] == postponed) {
				r.visit(to, uint32(o)+1)
			}
		}
	}
}

// Reached says whether a root leads to object o.
func (s *Search) Reached(o ID) bool { return s.parent[o] != unreached }

// Firm says whether a root leads to object o that is more than a stale word.
func (s *Search) Firm(o ID) bool { return s.Reached(o) && (s.stale == nil || !s.stale.has(o)) }

// Kind returns the best kind of root that leads to object o, NoRoot if none does.
func (s *Search) Kind(o ID) Kind {
	for {
		switch p := s.parent[o]; {
		case p == unreached:
			return NoRoot
		case p&isRoot != 0:
			return s.Roots[p&^isRoot].Kind
		default:
			o = ID(p - 1)
		}
	}
}

// Follows says whether object o was reached from another one.
func (s *Search) Follows(o, from ID) bool { return s.parent[o] == uint32(from)+1 }

// Parent returns what leads to object o: another object, or else a root, or
// neither.
func (s *Search) Parent(o ID) (from ID, root *Root) {
	switch p := s.parent[o]; {
	case p == unreached:
		return None, nil
	case p&isRoot != 0:
		return None, &s.Roots[p&^isRoot]
	default:
		return ID(p - 1), nil
	}
}

// Step is a reference on a path.
type Step struct {
	Root *Root  // set in the first step only
	From ID     // the object that holds the pointer; None in the first step
	Off  uint64 // where in it
	Ptr  uint64
	To   ID
}

// Path returns the references that lead from a root to object o, or nil.
func (s *Search) Path(o ID) (path []Step) {
	for {
		from, root := s.Parent(o)
		switch {
		case root != nil:
			path = append(path, Step{Root: root, From: None, Ptr: root.Ptr, To: o})
			reverse(path)
			return path
		case from == None:
			return nil
		}
		path = append(path, s.Heap.Step(from, o))
		o = from
	}
}

func reverse(path []Step) {
	for i, j := 0, len(path)-1; i < j; i, j = i+1, j-1 {
		path[i], path[j] = path[j], path[i]
	}
}

// Step returns the first reference from one object to another.
func (h *Heap) Step(from, to ID) Step {
	step := Step{From: from, To: to}
	h.Pointers(from, func(off, ptr uint64, o ID) bool {
		step.Off, step.Ptr = off, ptr
		return o != to
	})
	return step
}
