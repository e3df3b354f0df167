package rc

import "slices"

// A group is a set of values that may be garbage, and the later half of the
// stages of a pass; see collect.go.
type group struct {
	nodes   []*node
	epoch   uint64
	handles []listed            // of all values of the group
	known   map[Handle]struct{} // the same
	doomed  []*node             // those that die
	todo    []int               // handles to be closed, the last first
}

type listed struct {
	h    Handle
	to   *node // nil if it leads out of the group
	next int   // another handle that leads there, -1: none
}

// nextNode returns the next value of the first group for a stage, nil once all
// have been through it.
func (p *pass) nextNode() (*group, *node) {
	g := p.groups[0]
	if p.next == len(g.nodes) {
		return g, nil
	}
	n := g.nodes[p.next]
	p.next++
	return g, n
}

// freeze freezes one value.
func (p *pass) freeze() (cost int) {
	if len(p.groups) == 0 {
		p.stage = nil
		return 0
	}
	if p.next == 0 {
		p.groups[0].epoch = nextEpoch()
		p.groups[0].known = make(map[Handle]struct{})
	}
	g, n := p.nextNode()
	if n == nil {
		return p.enter((*pass).relist)
	}
	n.inside, n.in = 0, -1
	if !n.block.freeze(g.epoch) {
		return p.abandon(g)
	}
	return 1
}

// relist lists the handles of one value. A handle is counted once, however often
// it is listed.
func (p *pass) relist() (cost int) {
	g, n := p.nextNode()
	if n == nil {
		return p.enter((*pass).judge)
	}
	n.held = true // in case Handles fails
	n.listed = span{len(g.handles), len(g.handles)}
	err := list(n.owner, func(h Handle) bool {
		if _, ok := g.known[h]; !ok && !absent(h) {
			g.known[h] = struct{}{}
			g.list(h, p.id)
			n.listed.end++
		}
		return true
	})
	n.held = err != nil
	collector.drops.fail(err)
	return 1 + n.listed.end - n.listed.first
}

func (g *group) list(h Handle, pass uint64) {
	to := h.node()
	if to == nil || to.pass != pass || to.group != g {
		g.handles = append(g.handles, listed{h: h})
		return
	}
	to.inside++
	g.handles = append(g.handles, listed{h, to, to.in})
	to.in = len(g.handles) - 1
}

// judge finds out whether one value has handles that no value of the group
// lists.
func (p *pass) judge() (cost int) {
	g, n := p.nextNode()
	if n == nil {
		return p.enter((*pass).pardon)
	}
	c, ok := n.block.frozen(g.epoch)
	if !ok {
		return p.abandon(g)
	}
	if n.held || c != n.inside {
		n.held = true
		p.grey = append(p.grey, n)
	}
	return 1
}

// pardon marks as held what one held value leads to.
func (p *pass) pardon() (cost int) {
	if len(p.grey) == 0 {
		return p.enter((*pass).part)
	}
	g, n := p.groups[0], p.pop()
	for _, l := range g.handles[n.listed.first:n.listed.end] {
		if l.to != nil {
			p.mark(l.to)
		}
	}
	return 1 + n.listed.end - n.listed.first
}

// part thaws one value if it is held, and counts it among the doomed if not.
func (p *pass) part() (cost int) {
	g, n := p.nextNode()
	switch {
	case n == nil:
		return p.decide(g)
	case n.held:
		n.block.melt(g.epoch)
	default:
		g.doomed = append(g.doomed, n)
	}
	return 1
}

// decide has the doomed die, or nobody.
func (p *pass) decide(g *group) (cost int) {
	if len(g.doomed) == 0 {
		return p.leave()
	}
	if !commit(g.epoch) {
		return p.abandon(g)
	}
	g.nodes = g.doomed
	return p.enter((*pass).condemn)
}

// abandon gives the group up because someone counted one of its values up or
// down.
func (p *pass) abandon(g *group) (cost int) {
	callOff(g.epoch)
	p.disturbed = true
	p.grey = p.grey[:0]
	return p.enter((*pass).thaw)
}

// thaw thaws one value of an abandoned group.
func (p *pass) thaw() (cost int) {
	g, n := p.nextNode()
	if n == nil {
		return p.leave()
	}
	n.block.melt(g.epoch)
	return 1
}

// leave goes on to the next group.
func (p *pass) leave() (cost int) {
	*p.groups[0] = group{} // what was pardoned still refers to it
	p.groups[0] = nil
	p.groups = p.groups[1:]
	return p.enter((*pass).freeze)
}

// condemn makes one value dead for good.
func (p *pass) condemn() (cost int) {
	_, n := p.nextNode()
	if n == nil {
		return p.enter((*pass).drop)
	}
	n.block.condemn()
	return 1
}

// drop closes one handle, and drops the value that it leads to, or the oldest
// that is left.
func (p *pass) drop() (cost int) {
	if len(collector.drops.todo) > 0 {
		collector.drops.step()
		return 1
	}
	g := p.groups[0]
	if len(g.todo) > 0 {
		l := g.handles[g.todo[len(g.todo)-1]]
		g.todo = g.todo[:len(g.todo)-1]
		if l.to == nil || l.to.held {
			collector.drops.todo = append(collector.drops.todo, l.h)
		} else {
			g.drop(l.to)
		}
		return 1
	}
	_, n := p.nextNode()
	if n == nil {
		return p.leave()
	}
	g.drop(n)
	return 1
}

// drop drops a value and has what it lists follow.
func (g *group) drop(n *node) {
	if n.gone {
		return
	}
	n.gone = true
	collector.dropped++
	n.block.detach()
	defer g.after(n) // even if drop ends the goroutine
	collector.drops.fail(n.block.runDrop())
}

// after closes the handles that led to a dropped value and puts those that it
// lists up for closing.
func (g *group) after(n *node) {
	for i := n.in; i >= 0; i = g.handles[i].next {
		g.handles[i].h.forget()
	}
	for i := range slices.Backward(g.handles[n.listed.first:n.listed.end]) {
		g.todo = append(g.todo, n.listed.first+i)
	}
}
