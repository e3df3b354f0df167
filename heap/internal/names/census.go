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
	Nodes []Node
	node  []uint32 // by object; 0 for those that are not reached
}

// Node is a group of objects. The first node is nobody's.
type Node struct {
	Parent  uint32 // 0 for what roots hold
	Label   string // the root or reference, without indexes, keys and addresses
	Type    string // of the objects, "" if it is not known
	Objects int
	Bytes   uint64
	Example graph.ID
}

// Of returns the number of the node that an object belongs to, 0 if it is not
// reached.
func (c *Census) Of(o graph.ID) uint32 { return c.node[o] }

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
}

// visit is an object whose references are to be followed.
type visit struct {
	object graph.ID
	view   uint32 // number of the view, but for the address
	addr   int32  // the address less that of the object
}

type taker struct {
	*Census
	n      *Namer
	s      *graph.Search
	keys   map[nodeKey]uint32
	views  []View
	viewID map[View]uint32
	queue  []visit
}

// TakeCensus takes a census of what a search has reached. progress is told the
// share that is done.
func (n *Namer) TakeCensus(s *graph.Search, progress func(float64)) *Census {
	t := &taker{
		Census: &Census{Nodes: make([]Node, 1), node: make([]uint32, n.Heap.Len())},
		n:      n, s: s,
		keys: map[nodeKey]uint32{}, viewID: map[View]uint32{},
	}
	for i := range s.Roots {
		t.root(&s.Roots[i])
	}
	for done := 0; len(t.queue) > 0; done++ {
		v := t.queue[0]
		t.queue = t.queue[1:]
		t.follow(v)
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
	id := t.view(v)
	key := nodeKey{root: root.Sig, ref: ref.Kind(), view: id}
	label := func() string { return root.Sig + ref.Sig() }
	if isProcessor(v.typ) {
		key, label = processor(id)
	}
	t.enter(key, r.To, v, id, label)
}

// processor is where one of the scheduler's records is entered. It is the runtime's however
// it was found, which nothing else would say in a program without names.
func processor(view uint32) (nodeKey, func() string) {
	return nodeKey{root: schedulerType, view: view}, func() string { return schedulerType }
}

// follow enters what an object holds.
func (t *taker) follow(from visit) {
	parent := t.node[from.object]
	v := t.views[from.view]
	v.addr = t.n.Heap.Addr(from.object) + uint64(int64(from.addr))
	t.n.Heap.Pointers(from.object, func(off, ptr uint64, to graph.ID) bool {
		if by, _ := t.s.Parent(to); by != from.object || t.node[to] != 0 {
			return true
		}
		ref, next := t.n.Follow(v, from.object, off, ptr)
		id := t.view(next)
		key := nodeKey{parent: parent, ref: ref.Kind(), view: id}
		label := ref.Sig
		if t.Nodes[parent].Type == timerType && t.ofScheduler(parent) && isTimerArg(ref.Sig()) {
			key.parent, key.root = 0, timerRoot
			label = func() string { return timerRoot + trimTimerArg(ref.Sig()) }
		} else if isProcessor(next.typ) {
			key, label = processor(id)
		}
		t.enter(key, to, next, id, label)
		return true
	})
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
	v.addr, v.len = 0, unknownLen
	id, ok := t.viewID[v]
	if !ok {
		id = uint32(len(t.views))
		t.viewID[v] = id
		t.views = append(t.views, v)
	}
	return id
}

// enter counts an object.
func (t *taker) enter(key nodeKey, o graph.ID, v View, view uint32, label func() string) {
	node, ok := t.keys[key]
	if !ok {
		node = t.newNode(key, label(), t.views[view].Type())
		t.keys[key] = node
	}
	size := t.n.Heap.Size(o)
	n := &t.Nodes[node]
	if n.Objects == 0 {
		n.Example = o
	}
	n.Objects++
	n.Bytes += size
	t.node[o] = node
	if len(t.n.Heap.Edges(o)) > 0 {
		t.queue = append(t.queue, visit{o, view, int32(v.addr - t.n.Heap.Addr(o))})
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
	t.Nodes = append(t.Nodes, Node{Parent: key.parent, Label: label, Type: typ})
	return uint32(len(t.Nodes) - 1)
}
