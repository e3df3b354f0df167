package rc

// A node stands for a living value that lists its handles, for the cycle
// collector.
type node struct {
	owner Owner  // the value
	block member // its block

	// Under live.mu.
	list       *nodeList // the one it is in; nil before birth and after death
	prev, next *node

	passState
}

// passState is what the running pass of the collector knows of a node; see
// collect.go.
type passState struct {
	pass   uint64 // the pass whose this is
	seen   bool   // it has looked at the value
	held   bool   // the value is held, from outside or by a value that is held
	gone   bool   // the value has been dropped
	inside int    // how many handles that values list lead to it
	edges  span   // what its handles lead to, in pass.edges

	leader *node // towards the one that stands for the group
	group  *group
	listed span // what it lists, in group.handles
	in     int  // a handle that leads to it, in group.handles; -1: none
}

// lead returns the node that stands for n's group.
func (n *node) lead() *node {
	for n.leader != n {
		n.leader = n.leader.leader // halves the way for those who come later
		n = n.leader
	}
	return n
}

// member is what the collector needs of a block.
type member interface {
	count() int
	freeze(epoch uint64) bool
	frozen(epoch uint64) (int, bool)
	melt(epoch uint64)
	condemn()
	detach()
	runDrop() error
}

type span struct{ first, end int }

// registry knows all living values that list their handles. They are on two
// lists, each oldest first, of which the pass takes one node after the other from
// the first and puts it on the second, where the newborn go as well.
type registry struct {
	mu    mutex
	lists [2]nodeList
	done  int // the index of the second
}

var live registry

// add registers a newborn.
func (r *registry) add(n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lists[r.done].push(n)
}

// remove unregisters a dying node.
func (r *registry) remove(n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n.list.remove(n)
}

// begin has the next pass see all nodes that there are.
func (r *registry) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = 1 - r.done // the list that becomes the second is empty
}

// take returns the next node that the pass has not seen, nil if there is none.
func (r *registry) take() *node {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.lists[1-r.done].first
	if n != nil {
		n.list.remove(n)
		r.lists[r.done].push(n)
	}
	return n
}

type nodeList struct{ first, last *node }

func (l *nodeList) push(n *node) {
	n.list, n.prev = l, l.last
	if l.last == nil {
		l.first = n
	} else {
		l.last.next = n
	}
	l.last = n
}

func (l *nodeList) remove(n *node) {
	if n.prev == nil {
		l.first = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		l.last = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.list, n.prev, n.next = nil, nil, nil
}
