package graph

// Dominators is the dominator tree of what the roots lead to. An object's
// dominator is the last object that every way to it passes; what hangs below an
// object in the tree is what the object retains.
type Dominators struct {
	Order    []ID     // what is reached, each object after its dominator
	Retained []uint64 // bytes, by object
	idom     []ID     // by object: its dominator; None for those that no single object holds
}

// Dominator returns the object that all ways to o pass last, or None.
func (d *Dominators) Dominator(o ID) ID { return d.idom[o] }

// Dominators computes the tree with the semi-dominator algorithm of Georgiadis
// ("SEMI-NCA", 2005), a simpler relative of Lengauer and Tarjan's: number the
// nodes by a depth-first walk, find for each the smallest-numbered node from
// which a way leads to it over larger-numbered ones, then climb.
//
// Numbers are small when they are near the roots, 0 is the set of all roots,
// and all arrays but num are indexed by number, so that most steps stay near
// each other in memory. progress is told the share that is done.
func (s *Search) Dominators(progress func(float64)) *Dominators {
	if progress == nil {
		progress = func(float64) {}
	}
	t := newTree(s)
	t.walk()
	progress(0.3)
	t.predecessors()
	progress(0.5)
	t.semiDominators()
	progress(0.9)
	t.climb()
	d := t.retained()
	progress(1)
	return d
}

// tree is the work in progress.
type tree struct {
	*Search
	num    []uint32 // object to number; 0 where it is not reached
	obj    []ID     // number to object
	firm   uint32   // numbers up to this one are firm
	parent []uint32 // in the walk
	pred   []uint32 // numbers from which an edge leads to i are
	row    []uint32 // pred[row[i]:row[i+1]]
	idom   []uint32
}

func newTree(s *Search) *tree {
	n := s.Heap.Len()
	return &tree{
		Search: s,
		num:    make([]uint32, n),
		obj:    append(make([]ID, 0, n+1), None),
		parent: append(make([]uint32, 0, n+1), 0),
	}
}

// walk numbers what the roots lead to, depth first.
func (t *tree) walk() {
	for i := range t.Roots {
		if t.Roots[i].holds() {
			t.walkFrom(t.Roots[i].To)
		}
	}
	t.firm = uint32(len(t.obj) - 1)
	for i := range t.Roots {
		t.walkFrom(t.Roots[i].To)
	}
}

func (t *tree) walkFrom(o ID) {
	type visit struct{ next, end uint32 } // edges of a node that are still to be followed
	if t.num[o] != 0 {
		return
	}
	h := t.Heap
	var stack []visit
	var path []uint32 // the numbers of the nodes on the stack
	enter := func(o ID, parent uint32) {
		n := uint32(len(t.obj))
		t.num[o] = n
		t.obj = append(t.obj, o)
		t.parent = append(t.parent, parent)
		if h.row[o] != h.row[o+1] {
			stack = append(stack, visit{h.row[o], h.row[o+1]})
			path = append(path, n)
		}
	}
	enter(o, 0)
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next == top.end {
			stack, path = stack[:len(stack)-1], path[:len(path)-1]
			continue
		}
		to := h.edge[top.next]
		top.next++
		if to != None && t.num[to] == 0 {
			enter(to, path[len(path)-1])
		}
	}
}

// predecessors turns the edges round.
func (t *tree) predecessors() {
	n := len(t.obj)
	t.row = make([]uint32, n+1)
	t.forEdges(func(_, to uint32) { t.row[to]++ })
	sum := uint32(0)
	for i, k := range t.row {
		sum += k
		t.row[i] = sum // where the entries of i end
	}
	t.pred = make([]uint32, sum)
	t.forEdges(func(from, to uint32) {
		t.row[to]--
		t.pred[t.row[to]] = from
	})
}

// forEdges calls f for each edge. What is stale does not hold what is firm.
func (t *tree) forEdges(f func(from, to uint32)) {
	for i := range t.Roots {
		if to := t.num[t.Roots[i].To]; t.Roots[i].holds() || to > t.firm {
			f(0, to)
		}
	}
	// In the order of the objects: their edges lie side by side, their numbers do not.
	h := t.Heap
	for o, from := range t.num {
		if from == 0 {
			continue
		}
		for _, o := range h.edge[h.row[o]:h.row[o+1]] {
			if o == None {
				continue
			}
			if to := t.num[o]; from <= t.firm || to > t.firm {
				f(from, to)
			}
		}
	}
}

// semiDominators computes the semi-dominators, from the last number to the
// first, and leaves them in idom.
//
// link[i] leads from i towards the root over nodes that are done, and label[i]
// is the smallest semi-dominator on the way that link has skipped.
func (t *tree) semiDominators() {
	n := len(t.obj)
	semi := make([]uint32, n)
	label := make([]uint32, n)
	link := make([]uint32, n)
	copy(link, t.parent)
	for i := range label {
		label[i] = uint32(i)
	}
	var path []uint32
	for i := uint32(n - 1); i > 0; i-- {
		best := t.parent[i]
		for _, p := range t.pred[t.row[i]:t.row[i+1]] {
			if p > i {
				path = compress(p, i, link, label, path[:0])
				p = label[p]
			}
			best = min(best, p)
		}
		semi[i] = best
		label[i] = best
	}
	t.pred, t.row = nil, nil
	t.idom = semi
}

// compress shortens the way from v over nodes after last, so that it is one
// link, and leaves in label[v] the smallest label on it.
func compress(v, last uint32, link, label, path []uint32) []uint32 {
	for link[v] > last {
		path = append(path, v)
		v = link[v]
	}
	for k := len(path) - 1; k >= 0; k-- {
		u := path[k]
		label[u] = min(label[u], label[link[u]])
		link[u] = link[v]
	}
	return path
}

// climb turns semi-dominators into dominators: the dominator of a node is the
// first of its ancestors, in the tree as far as it is built, that is not after
// its semi-dominator.
func (t *tree) climb() {
	for i := 1; i < len(t.obj); i++ {
		semi := t.idom[i]
		d := t.parent[i]
		for d > semi {
			d = t.idom[d]
		}
		t.idom[i] = d
	}
}

// retained adds up the tree from the leaves.
func (t *tree) retained() *Dominators {
	h := t.Heap
	bytes := make([]uint64, len(t.obj))
	h.ForSizes(func(o ID, size uint64) { bytes[t.num[o]] = size })
	for i := len(t.obj) - 1; i > 0; i-- {
		bytes[t.idom[i]] += bytes[i]
	}
	d := &Dominators{t.obj[1:], make([]uint64, h.Len()), make([]ID, h.Len())}
	for o := range d.idom {
		d.idom[o] = None
		if n := t.num[o]; n != 0 {
			d.idom[o] = t.obj[t.idom[n]]
			d.Retained[o] = bytes[n]
		}
	}
	return d
}

// ForSizes calls f for each object.
func (h *Heap) ForSizes(f func(o ID, size uint64)) {
	for k := range h.pages {
		p := &h.pages[k]
		for i := p.first; i < p.first+ID(p.n); i++ {
			f(i, p.size)
		}
	}
}
