package rc

import "errors"

// ErrCollecting is returned by [Collect] while another call of it is running, which
// may be one further up the same stack.
var ErrCollecting = errors.New("rc: a collection of cycles is running")

// Collect drops the values that only cycles keep: values that list their handles
// (see [Owner]) and whose handles are all listed by values that are unreachable
// as well. Such values are never dropped by counting alone. Collect returns how
// many it dropped, and the errors of their drop functions as [Strong.Close] does.
//
// Everything that only cycles kept when Collect was called is dropped when it
// returns, unless someone upgraded a weak handle of it in the meantime; and what
// can still be reached never is. Clone, Close, Upgrade and the others go on
// beside Collect and never wait for it. Code that keeps changing handles which
// Collect is about to judge can put off the judgement; it is repeated twice and
// then left to the next call.
//
// A caller of Collect must not hold a lock that a drop function or a method
// Handles takes.
//
// In a cycle no order is right for all. The drop functions run on this goroutine,
// each value before those that it lists, beginning with the oldest; handles of a
// value are closed as soon as it has been dropped, so a drop function that relies
// on a neighbour in the cycle may find its handle closed.
//
// Collect looks at all living values that list their handles, which takes about
// half a microsecond for each and its handles, and several times that for each that
// it drops. A program without cycles need not call it; one that makes them now and
// then can call it now and then, on a goroutine of its own if that is to go on
// meanwhile. If a drop function ends that goroutine, the next call goes on behind it.
func Collect() (dropped int, err error) {
	if !collector.mu.TryLock() {
		return 0, ErrCollecting
	}
	defer collector.mu.Unlock()
	if p := collector.pass; p != nil {
		p.run(-1) // a function of the user's has ended the goroutine of the last call
	}
	for range 3 {
		p := beginPass()
		p.run(-1)
		if !p.disturbed {
			break
		}
	}
	return collector.results()
}

// collector is what there is of the cycle collector between two calls.
var collector collectorState

type collectorState struct {
	mu      mutex
	passes  uint64
	pass    *pass   // the unfinished one, if any
	dropped int     // not yet told
	drops   cascade // of what died with values that were dropped; its errors are not yet told
}

// results returns what has happened since it was last called.
func (c *collectorState) results() (dropped int, err error) {
	dropped, err = c.dropped, c.drops.err()
	c.dropped, c.drops.errs = 0, nil
	return dropped, err
}

// A pass looks once at all values that list handles. It is trial deletion after
// Bacon and Rajan, "Concurrent Cycle Collection in Reference Counted Systems"
// (ECOOP 2001): take away the handles that values hold among themselves; what
// still has a count is held from outside, and holds what it leads to; the rest is
// garbage. There are two differences.
//
// Bacon and Rajan begin at values whose count has gone down to something other
// than zero. Here a handle can be stored in a value without any count going down,
// which may close a cycle, so a pass begins at all values.
//
// They let the mutators log what they do and make sure, by two tests, that the
// counts they added up had not changed and that no reference had moved. Here
// counts change at once, and the two tests become one decision over frozen
// counts. The stages of a pass are:
//
//	look    list the handles of each value; add up how many lead to each
//	hold    a value with more handles than that is held
//	spread  so is what held values lead to
//	join    the others fall into
//	sort    groups that handles connect
//
// and then for each group:
//
//	freeze  freeze all its values
//	relist  list their handles again, and add up
//	judge   a value with other handles than that is held
//	pardon  so is what held values lead to
//	part    thaw what is held
//	decide  the others die, all or none (see freeze.go); if none,
//	thaw    thaw them, else
//	condemn let everybody see that they are dead, and
//	drop    drop them
//
// What the first stages read need not fit together, since others change it all
// the while; it only proposes groups. The second ones prove. Let R be the values
// that die by the decision.
//
//  1. From when the last value of R was frozen until the decision no count in R
//     changed: whoever changes one calls the decision off first.
//  2. In that time each value of R was found to have exactly as many handles as
//     the values of R list, each handle listed once. So every share in a value of
//     R belongs to a handle that a value of R listed. (A handle on its way
//     through Close or Move may have been emptied, but its share was still
//     counted; that is why both empty the handle first.)
//  3. A listed handle belongs to the value that listed it until it is closed; that
//     is the contract of Owner.
//  4. Suppose a goroutine could still reach a value in R, by a handle that it
//     holds and from there by handles that values list. By 2 the last of these
//     handles was listed by a value of R, by 3 that is the value which the
//     goroutine reached it from, and so on back to the first, which by 2 a value
//     of R has listed, and so by 3 the goroutine does not hold it. So nobody can.
//
// A weak handle does not help either: to upgrade it changes a count.
//
// Garbage does not change, so of a group that is garbage throughout the two
// listings agree, and the decision can only be called off by an upgrade.
type pass struct {
	id    uint64
	stage func(*pass) (cost int) // does a little of the pass; nil once it is over
	next  int                    // how far the stage is
	nodes []*node                // those looked at, in the order of their registration
	edges []*node                // what their handles lead to
	grey  []*node                // held, while what they lead to may not be yet

	groups    []*group
	disturbed bool // a decision was called off
}

func beginPass() *pass {
	collector.passes++
	collector.pass = &pass{id: collector.passes, stage: (*pass).look}
	live.begin()
	return collector.pass
}

// run does as much of the pass as the budget allows, all of it if that is negative, and
// reports whether there is more. Tests do it in pieces, with changes in between.
func (p *pass) run(budget int) (more bool) {
	for all := budget < 0; p.stage != nil && (all || budget > 0); {
		budget -= p.stage(p)
	}
	if p.stage == nil {
		collector.pass = nil
	}
	return p.stage != nil
}

// enter begins another stage.
func (p *pass) enter(stage func(*pass) int) (cost int) {
	p.stage, p.next = stage, 0
	return 1
}

// meet forgets what an earlier pass has found out about a node.
func (p *pass) meet(n *node) {
	if n.pass != p.id {
		n.passState = passState{pass: p.id, leader: n}
	}
}

// look lists the handles of one value.
//
// Each stage notes how far it is before it calls the user's code, which might end
// the goroutine: the next call goes on behind it.
func (p *pass) look() (cost int) {
	n := live.take()
	if n == nil {
		return p.enter((*pass).hold)
	}
	p.meet(n)
	p.nodes = append(p.nodes, n)
	n.seen = true
	n.held = true // in case it is dead, or Handles fails
	if n.block.count() == 0 {
		return 1
	}
	n.edges = span{len(p.edges), len(p.edges)}
	err := list(n.owner, func(h Handle) bool {
		if to := nodeOf(h); to != nil {
			p.meet(to)
			to.inside++
			p.edges = append(p.edges, to)
			n.edges.end++
		}
		return true
	})
	n.held = err != nil
	collector.drops.fail(err)
	return 1 + n.edges.end - n.edges.first
}

// hold finds out whether one value is held from outside. A value that died
// meanwhile counts as held: its handles are being closed.
func (p *pass) hold() (cost int) {
	if p.next == len(p.nodes) {
		return p.enter((*pass).spread)
	}
	n := p.nodes[p.next]
	p.next++
	if c := n.block.count(); n.held || c == 0 || c > n.inside {
		n.held = true
		p.grey = append(p.grey, n)
	}
	return 1
}

// spread marks as held what one held value leads to.
func (p *pass) spread() (cost int) {
	if len(p.grey) == 0 {
		return p.enter((*pass).join)
	}
	n := p.pop()
	for _, to := range p.edges[n.edges.first:n.edges.end] {
		p.mark(to)
	}
	return 1 + n.edges.end - n.edges.first
}

func (p *pass) mark(n *node) {
	if !n.held {
		n.held = true
		p.grey = append(p.grey, n)
	}
}

func (p *pass) pop() *node {
	n := p.grey[len(p.grey)-1]
	p.grey = p.grey[:len(p.grey)-1]
	return n
}

// join puts one value that is not held into the same group as those that it
// leads to.
func (p *pass) join() (cost int) {
	if p.next == len(p.nodes) {
		return p.enter((*pass).sort)
	}
	n := p.nodes[p.next]
	p.next++
	if n.held {
		return 1
	}
	for _, to := range p.edges[n.edges.first:n.edges.end] {
		if to.seen && !to.held {
			to.lead().leader = n.lead()
		}
	}
	return 1 + n.edges.end - n.edges.first
}

// sort enters one value into its group.
func (p *pass) sort() (cost int) {
	if p.next == len(p.nodes) {
		p.nodes, p.edges, p.grey = nil, nil, nil
		return p.enter((*pass).freeze)
	}
	n := p.nodes[p.next]
	p.next++
	if n.held {
		return 1
	}
	l := n.lead()
	if l.group == nil {
		l.group = &group{}
		p.groups = append(p.groups, l.group)
	}
	n.group = l.group
	n.group.nodes = append(n.group.nodes, n)
	return 1
}
