package policy

// mode is a way of admission.
type mode struct {
	window float64 // the window's share of the limit
	margin int     // to enter main, a node must have been asked for so much more often than the victim; below 0: it always enters
	used   bool    // a node that was used in the window enters main always
}

var modes = [...]mode{
	{0.01, 1, false}, // frequency: loops, scans, stable popularity
	{0.30, 1, true},  // both
	{0.01, -1, true}, // recency: CLOCK
}

// clock is the window, main and the sketch. The policy has one, and so has each shadow.
type clock struct {
	mode
	limit  int64
	room   int64 // of the window
	goal   int64 // where room goes to, step by step
	window ring
	main   ring
	n      int // nodes in both
	sketch sketch
	weigh  func(*Node) int64 // nil if all weigh 1
}

func newClock(weigh func(*Node) int64) clock {
	return clock{window: ring{bit: inWindow}, main: ring{bit: inMain}, weigh: weigh}
}

// set sets mode and limit.
func (c *clock) set(m mode, limit int64) {
	c.limit, c.room = limit, 0
	c.change(m)
}

// change changes the mode. If the window is to be smaller, it becomes so step by step.
func (c *clock) change(m mode) {
	c.mode, c.goal = m, max(1, int64(m.window*float64(c.limit)))
	c.room = max(c.room, c.goal)
}

func (c *clock) weight(n *Node) int64 {
	if c.weigh == nil {
		return 1
	}
	return c.weigh(n)
}

func (c *clock) held() int64 { return c.window.weight + c.main.weight }

func (c *clock) over() bool { return c.held() > c.limit }

// insert takes a node into the window. Uses of it so far do not count.
func (c *clock) insert(n *Node) {
	c.n++
	c.fitSketch()
	c.sketch.add(n.Hash)
	c.room = max(c.goal, c.room-max(16, c.limit>>10))
	c.window.push(n, c.weight(n))
	n.change(inside|useMask|touched|seen, inWindow)
}

func (c *clock) fitSketch() {
	if c.weigh == nil {
		c.sketch.fit(c.n, c.limit)
	} else {
		c.sketch.fit(c.n, int64(c.n)*2) // nobody knows how many there will be
	}
}

// evict takes a node out of its ring and returns it, for the caller to move it, or moves
// one from the window to main and returns nil. There is one.
func (c *clock) evict() *Node {
	if c.window.weight <= c.room {
		if v := c.victim(); v != nil {
			return c.leave(&c.main, v)
		}
	}
	n := c.window.peek()
	if n == nil {
		return c.leave(&c.main, c.victim())
	}
	var out *Node
	if c.main.weight > 0 && c.main.weight >= c.limit-c.room && c.margin >= 0 && !(c.used && n.uses() > 0) {
		v := c.victim()
		if c.sketch.count(n.Hash)+n.uses() <= c.sketch.count(v.Hash)+c.margin {
			return c.leave(&c.window, n)
		}
		out = c.leave(&c.main, v)
	}
	c.window.pop(c.weight(n))
	c.enterMain(n)
	return out
}

// enterMain takes a node that has left elsewhere into main. Its uses so far are counted.
func (c *clock) enterMain(n *Node) {
	for range n.uses() {
		n.spend()
		c.sketch.add(n.Hash)
	}
	c.main.push(n, c.weight(n))
	n.move(inMain)
}

// victim brings a node that was not used since its last turn to the head of main, and
// returns it, or nil if main is empty.
func (c *clock) victim() *Node {
	for {
		n := c.main.peek()
		if n == nil || n.uses() == 0 {
			return n
		}
		n.spend()
		c.sketch.add(n.Hash)
		c.main.turn()
	}
}

func (c *clock) leave(r *ring, n *Node) *Node {
	r.pop(c.weight(n))
	c.n--
	return n
}

// remove takes out a node wherever it is. It stays in its ring until the hand passes,
// or until compact.
func (c *clock) remove(n *Node) {
	switch {
	case n.has(inWindow):
		c.window.weight -= c.weight(n)
	case n.has(inMain):
		c.main.weight -= c.weight(n)
	default:
		return
	}
	n.move(0)
	c.n--
	if c.window.size+c.main.size > 2*c.n+16 {
		c.window.compact()
		c.main.compact()
	}
}
