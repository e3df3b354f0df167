package policy

// ring is a FIFO of nodes. A node that has left without being popped stays in it,
// and is passed over.
type ring struct {
	list   []*Node
	head   int    // of the list
	size   int    // those that have left included
	weight int64  // of those that have not
	bit    uint32 // inWindow or inMain, which the owner gives a node as long as it has not left
}

func (r *ring) at(i int) **Node {
	if i += r.head; i >= len(r.list) {
		i -= len(r.list)
	}
	return &r.list[i]
}

func (r *ring) push(n *Node, weight int64) {
	if r.size == len(r.list) {
		r.resize(r.size + r.size/8 + 8)
	}
	*r.at(r.size) = n
	r.size++
	r.weight += weight
}

func (r *ring) resize(n int) {
	list := make([]*Node, n)
	for i := range r.size {
		list[i] = *r.at(i)
	}
	r.list, r.head = list, 0
}

// peek returns the first node that has not left, or nil. It drops those before it.
func (r *ring) peek() *Node {
	for r.size > 0 {
		if n := *r.at(0); n.has(r.bit) {
			return n
		}
		r.drop()
	}
	return nil
}

// pop removes the first node, which peek has returned.
func (r *ring) pop(weight int64) {
	r.weight -= weight
	r.drop()
}

func (r *ring) drop() {
	r.list[r.head] = nil
	if r.head++; r.head == len(r.list) {
		r.head = 0
	}
	r.size--
}

// turn moves the first node, which peek has returned, to the end.
func (r *ring) turn() {
	n := *r.at(0)
	r.drop()
	*r.at(r.size) = n
	r.size++
}

// compact forgets the nodes that have left.
func (r *ring) compact() {
	kept := 0
	for i := range r.size {
		if n := *r.at(i); n.has(r.bit) {
			*r.at(kept) = n
			kept++
		}
	}
	for i := kept; i < r.size; i++ {
		*r.at(i) = nil
	}
	r.size = kept
	r.resize(kept + kept/8)
}

// fit gives back memory if most of it is not needed.
func (r *ring) fit() {
	if r.size < len(r.list)/4 {
		r.resize(r.size + r.size/8)
	}
}
