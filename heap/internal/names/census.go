package names

import (
	"github.com/weakref-go/weakref/heap/internal/graph"
)

// Census sorts all objects of a heap by how they are held and what they are. It
// is a tree like that of the references that have reached the objects, but with
// one node for all references of one kind from one node:
//
//	main.sessions ─▶ [] (Session) ─▶ .user (User)
//
// Where a kind of reference repeats, as in a list, the node repeats itself, so
// that the tree stays small however long the list is.
type Census struct {
	Nodes    []Node
	landings []landing
	landed   []uint32 // by object: the number of its landing; 0 for those that are not reached
}

// Node is a group of objects. The first node is nobody's.
type Node struct {
	Parent  uint32 // 0 for what roots hold
	Label   string // the root or reference, without indexes, keys and addresses
	Type    string // of the objects, "" if it is not known
	Objects int
	Bytes   uint64
	Example graph.ID
	Runtime bool // the root is the runtime's own, or of this module's upkeep
}

// Of returns the number of the node that an object belongs to, 0 if it is not
// reached.
func (c *Census) Of(o graph.ID) uint32 { return c.landings[c.landed[o]].node }

// Path is the references that lead to a node.
func (c *Census) Path(node uint32) string {
	if n := &c.Nodes[node]; node != 0 {
		return c.Path(n.Parent) + n.Label
	}
	return ""
}

// maxNodes bounds a census of a heap in which nothing repeats. What comes later
// is counted with what holds it.
const maxNodes = 1 << 20

// nodeKey tells the nodes below a node apart.
type nodeKey struct {
	parent uint32
	root   string // for what roots hold
	ref    Kind
	view   uint32
	typ    uint32 // number of the view that gives the objects their type
}

// landing is how an object is entered: its node, and how it is seen there.
type landing struct {
	node uint32
	view uint32 // number of the view, but for the address
	addr int32  // the address less that of the object
}

// hop is a reference that is named like all others with the same hop: what its word
// leads to does not depend on what is there.
type hop struct {
	parent uint32 // node
	view   uint32 // of what it is in
	word   uint32 // number of the word in that
	typ    uint32 // see nodeKey
}

// leap is a hop and where it has led: the number of the last landing.
type leap struct {
	hop
	landing uint32
}

type taker struct {
	*Census
	n      *Namer
	s      *graph.Search
	keys   map[nodeKey]uint32
	views  []View
	viewID map[View]uint32
	plans  []*plan // by view
	hops   map[hop]uint32
	recent [1 << 10]leap // of hops, by some of their bits
	number map[landing]uint32
	wait   waiting
}

// TakeCensus takes a census of what a search has reached. progress is told the
// share that is done.
func (n *Namer) TakeCensus(s *graph.Search, progress func(float64)) *Census {
	t := &taker{
		Census: &Census{Nodes: make([]Node, 1), landings: make([]landing, 1), landed: make([]uint32, n.Heap.Len())},
		n:      n, s: s, wait: newWaiting(n.Heap),
		keys: map[nodeKey]uint32{}, viewID: map[View]uint32{}, hops: map[hop]uint32{}, number: map[landing]uint32{},
	}
	for i := range s.Roots {
		t.root(&s.Roots[i])
	}
	for done := 0; ; done++ {
		f, ok := t.wait.take()
		if !ok {
			break
		}
		t.follow(f)
		if done&(1<<16-1) == 0 {
			progress(float64(done) / float64(n.Heap.Len()))
		}
	}
	return t.Census
}

// root enters what a root holds.
func (t *taker) root(r *graph.Root) {
	if _, by := t.s.Parent(r.To); by != r {
		return
	}
	root, ref, v := t.n.Root(r)
	v = t.n.settled(v, r.To)
	id := t.view(v)
	key := nodeKey{root: root.Sig, ref: ref.Kind(), view: id}
	label := func() string { return root.Sig + ref.Sig() }
	if isProcessor(v.typ) {
		key, label = processor(id)
	}
	_, page := t.n.Heap.Locate(r.Ptr)
	t.enter(key, r.To, page, v, id, label)
	if isProcessor(v.typ) || root.Runtime {
		t.Nodes[t.Of(r.To)].Runtime = true
	}
}

// processor is where one of the scheduler's records is entered. It is the runtime's however
// it was found, which nothing else would say in a program without names.
func processor(view uint32) (nodeKey, func() string) {
	return nodeKey{root: schedulerType, view: view}, func() string { return schedulerType }
}

// leads says whether a search has gone from an object to another one.
func (t *taker) leads(o graph.ID) bool {
	for _, to := range t.n.Heap.Edges(o) {
		if to != graph.None && t.s.Follows(to, o) {
			return true
		}
	}
	return false
}

// follow enters what an object holds.
func (t *taker) follow(f toFollow) {
	if !t.leads(f.object) {
		return
	}
	from := t.landings[t.landed[f.object]]
	base := t.n.Heap.AddrIn(f.page, f.object)
	v := t.views[from.view]
	v.addr = base + uint64(int64(from.addr))
	special := t.Nodes[from.node].Type == timerType && t.ofScheduler(from.node)
	t.n.Heap.Visit(f.page, f.object, func(off, ptr uint64, to graph.ID, in graph.Page) {
		if !t.s.Follows(to, f.object) || t.landed[to] != 0 {
			return
		}
		h, known := t.hop(from, off, to)
		known = known && !special
		if known {
			if l := t.leap(h); l != 0 {
				t.land(h, l, to, in, int32(ptr-t.n.Heap.AddrIn(in, to)))
				return
			}
		}
		ref, next := t.n.Follow(v, f.object, off, ptr)
		settled := t.n.settled(next, to)
		id := t.view(settled)
		key := nodeKey{parent: from.node, ref: ref.Kind(), view: id}
		label := ref.Sig
		switch {
		case special && isTimerArg(ref.Sig()):
			key.parent, key.root = 0, timerRoot
			label = func() string { return timerRoot + trimTimerArg(ref.Sig()) }
		case isProcessor(settled.typ):
			known = false
			key, label = processor(id)
		}
		t.enter(key, to, in, settled, id, label)
		if known && next.known() && settled.addr == ptr {
			t.hops[h] = t.landed[to]
			*t.last(h) = leap{h, t.landed[to]}
		}
	}, func(uint64, uint64) {})
}

// leap is the number of the landing that a hop has led to, 0 if it is a new one.
func (t *taker) leap(h hop) uint32 {
	last := t.last(h)
	if last.hop != h {
		*last = leap{h, t.hops[h]}
	}
	return last.landing
}

// last is where the last landing of a hop may be noted.
func (t *taker) last(h hop) *leap {
	return &t.recent[(h.parent*31+h.view*7+h.word+h.typ*131)%uint32(len(t.recent))]
}

// land enters an object that a hop has led to, as it did to the one of landing l; addr is
// the address less that of the object.
func (t *taker) land(h hop, l uint32, o graph.ID, page graph.Page, addr int32) {
	if at := t.landings[l]; at.addr != addr {
		at.addr = addr
		l = t.landing(at)
		t.last(h).landing = l
	}
	t.add(l, o, page)
}

// hop is the hop at an offset of a view. known says whether it is always named alike.
func (t *taker) hop(from landing, offset uint64, to graph.ID) (h hop, known bool) {
	for len(t.plans) < len(t.views) {
		t.plans = append(t.plans, t.n.evidence.planOf(t.views[len(t.plans)]))
	}
	p, off := t.plans[from.view], int64(offset)-int64(from.addr)
	if off < 0 || p.size == 0 {
		return h, false
	}
	a := p.at(t.n.evidence, off)
	if a.kind != leadsTo || a.view == noView {
		return h, false
	}
	if p.period != 0 {
		off %= int64(p.period)
	}
	return hop{from.node, from.view, uint32(uint64(off) / p.word), t.n.evidence.typeView(to)}, true
}

// ofScheduler says whether a node is held by one of the scheduler's records.
func (t *taker) ofScheduler(node uint32) bool {
	for ; node != 0; node = t.Nodes[node].Parent {
		if t.Nodes[node].Type == schedulerType {
			return true
		}
	}
	return false
}

// view numbers a view, without what differs between objects.
func (t *taker) view(v View) uint32 {
	v.addr, v.len, v.cap = 0, unknownLen, 0
	id, ok := t.viewID[v]
	if !ok {
		id = uint32(len(t.views))
		t.viewID[v] = id
		t.views = append(t.views, v)
	}
	return id
}

// enter counts an object.
func (t *taker) enter(key nodeKey, o graph.ID, page graph.Page, v View, view uint32, label func() string) {
	key.typ = t.n.evidence.typeView(o)
	node, ok := t.keys[key]
	if !ok {
		node = t.newNode(key, label(), t.n.typeOf(o, t.views[view]))
		t.keys[key] = node
	}
	t.add(t.landing(landing{node, view, int32(v.addr - t.n.Heap.AddrIn(page, o))}), o, page)
}

// landing numbers a landing.
func (t *taker) landing(l landing) uint32 {
	n, ok := t.number[l]
	if !ok {
		n = uint32(len(t.landings))
		t.landings = append(t.landings, l)
		t.number[l] = n
	}
	return n
}

// add counts an object for the node of a landing.
func (t *taker) add(l uint32, o graph.ID, page graph.Page) {
	n := &t.Nodes[t.landings[l].node]
	if n.Objects == 0 {
		n.Example = o
	}
	n.Objects++
	n.Bytes += t.n.Heap.SizeIn(page)
	t.landed[o] = l
	if t.n.Heap.HasPointers(page) {
		t.wait.add(o, page)
	}
}

// newNode makes a node, or finds one above the parent that it repeats.
func (t *taker) newNode(key nodeKey, label, typ string) uint32 {
	const lookBack = 4
	for up, i := key.parent, 0; up != 0 && i < lookBack; up, i = t.Nodes[up].Parent, i+1 {
		if n := &t.Nodes[up]; n.Label == label && n.Type == typ && n.Parent != 0 {
			return up
		}
	}
	if len(t.Nodes) >= maxNodes {
		return key.parent
	}
	t.Nodes = append(t.Nodes, Node{Parent: key.parent, Label: label, Type: typ, Runtime: t.Nodes[key.parent].Runtime})
	return uint32(len(t.Nodes) - 1)
}
