package policy

import (
	"math"
	"slices"
)

// Policy decides which nodes stay within a limit.
type Policy struct {
	clock
	whole int64 // the limit, limbo included

	limbo     []*Node
	spare     []*Node // the array of the next one
	limboMost int     // 0 if nodes have weights: one may be nearly as heavy as the limit

	shadows [len(modes)]*shadow
	lead    [len(modes)]int // hits that each mode would have had more than the present one
	now     int             // the present mode
	rate    uint32          // one key in so many is in the sample; a power of two
	sample  []*Node         // the nodes that are
	hand    int             // where in the sample harvest looks next
	need    float64         // of the lead for a change, in capacities of a shadow
}

const (
	firstNeed = 0.125 // doubled by each change,
	lastNeed  = 0.5   // up to this
	behind    = 0.5   // no mode falls behind by more
	harvests  = 8     // nodes of the sample that are looked at for uses, an admission

	mostRate = 1 << 12 // enough for a billion nodes; the sample of more is larger

	limboNodes = 256 // limbo holds at most so many, and a limboPart of the limit
	limboPart  = 64
)

// New returns a policy that keeps nodes with a total weight of at most limit. weigh
// gives the weight of each, which does not change; without it, each weighs 1.
func New(limit int64, weigh func(*Node) int64) *Policy {
	p := &Policy{need: firstNeed}
	p.clock = newClock(weigh)
	p.fit(limit)
	for i, m := range modes {
		p.shadows[i] = newShadow(m, p.shadowLimit(), weigh != nil)
	}
	p.set(modes[0], p.inRings())
	return p
}

// fit sets what depends on the limit but for the rings.
func (p *Policy) fit(limit int64) {
	p.whole = limit
	if p.weigh != nil {
		p.rate = 16
		return
	}
	p.limboMost = int(min(limit/limboPart, limboNodes))
	p.rate = 2
	for p.rate < mostRate && int64(p.rate)*int64(p.rate)*64 < limit {
		p.rate *= 2
	}
}

// inRings is the limit of what is not in limbo.
func (p *Policy) inRings() int64 { return p.whole - int64(p.limboMost) }

func (p *Policy) shadowLimit() int64 { return max(4, p.whole/int64(p.rate)) }

// Resize changes the limit, and appends the nodes that leave because of that to out. A
// smaller part of the keys is in the sample of a larger policy: the keys that are no longer
// in it leave the shadows unused.
func (p *Policy) Resize(limit int64, out []*Node) []*Node {
	p.fit(limit)
	p.set(p.mode, p.inRings())
	for _, s := range p.shadows {
		s.set(s.mode, p.shadowLimit())
		s.settle()
	}
	out = p.settle(out)
	for len(p.limbo) > 0 && len(p.limbo) >= p.limboMost { // or there was room for more
		out = p.emptyLimbo(out)
	}
	p.window.fit()
	p.main.fit()
	p.tidySample()
	return out
}

// Len returns how many nodes the policy has.
func (p *Policy) Len() int { return p.n + len(p.limbo) }

// Weight returns the weight of the nodes that the policy has.
func (p *Policy) Weight() int64 { return p.held() + int64(len(p.limbo)) }

// Admit takes a node and appends those that leave for it to out. It may be among them
// itself.
func (p *Policy) Admit(n *Node, out []*Node) []*Node {
	if n.Inside() {
		return out
	}
	w := p.weight(n)
	if w > p.limit {
		return append(out, n)
	}
	inSample := n.Hash>>13&(p.rate-1) == 0
	if inSample {
		p.feed(n, true, false)
	}
	p.harvest()
	if inSample && !n.has(sampled) {
		p.sample = append(p.sample, n)
		n.State.Or(sampled)
	}
	p.insert(n)
	return p.settle(out)
}

// settle makes nodes leave until the rest is within the limit.
func (p *Policy) settle(out []*Node) []*Node {
	if p.limboMost == 0 {
		for p.over() {
			if v := p.evict(); v != nil {
				v.move(0)
				out = append(out, v)
			}
		}
		return out
	}
	p.toLimbo()
	if len(p.limbo) >= p.limboMost {
		out = p.emptyLimbo(out)
	}
	return out
}

func (p *Policy) toLimbo() {
	for p.over() {
		if v := p.evict(); v != nil {
			v.move(inLimbo)
			p.limbo = append(p.limbo, v)
		}
	}
}

// emptyLimbo returns the nodes that were used meanwhile to main, for which as many
// others may come to limbo, and appends the rest to out.
func (p *Policy) emptyLimbo(out []*Node) []*Node {
	waiting := p.limbo
	p.limbo, p.spare = p.spare[:0], waiting
	out = slices.Grow(out, len(waiting))
	for _, n := range waiting {
		if n.uses() == 0 {
			n.move(0)
			out = append(out, n)
			continue
		}
		p.n++
		p.enterMain(n)
	}
	clear(waiting)
	p.toLimbo()
	return out
}

// Remove takes out a node that the policy may have.
func (p *Policy) Remove(n *Node) {
	if !n.has(inLimbo) {
		p.remove(n)
		p.tidySample()
		return
	}
	n.move(0)
	i := slices.Index(p.limbo, n)
	last := len(p.limbo) - 1
	p.limbo[i], p.limbo[last] = p.limbo[last], nil
	p.limbo = p.limbo[:last]
}

// tidySample forgets the nodes of the sample that have left, if they are many.
func (p *Policy) tidySample() {
	if len(p.sample) <= 2*p.n+16 {
		return
	}
	kept := p.sample[:0]
	for _, n := range p.sample {
		if n.Inside() {
			kept = append(kept, n)
		} else {
			n.State.And(^uint32(sampled))
		}
	}
	clear(p.sample[len(kept):])
	p.sample = append([]*Node(nil), kept...)
}

// harvest looks for uses of nodes of the sample. What it finds at its first visit to a
// node, a use soon after the admission, the shadows see, but it does not count: they
// would see it too late to have the node in a small window.
func (p *Policy) harvest() {
	for range min(harvests, len(p.sample)) {
		if p.hand++; p.hand >= len(p.sample) {
			p.hand = 0
		}
		n := p.sample[p.hand]
		state := n.State.Load()
		if state&touched != 0 {
			n.State.And(^uint32(touched))
			p.feed(n, state&seen != 0, true)
		}
		if state&seen == 0 {
			n.State.Or(seen)
		}
		if state&inside == 0 {
			n.State.And(^uint32(sampled))
			last := len(p.sample) - 1
			p.sample[p.hand], p.sample[last] = p.sample[last], nil
			p.sample = p.sample[:last]
			if last == 0 {
				return
			}
		}
	}
}

// feed shows a request to the shadows, and changes the mode when another has had
// enough hits more. For the present mode, what happened in the cache counts, not its
// shadow.
func (p *Policy) feed(n *Node, score, hit bool) {
	best, w := p.now, p.weight(n)
	size := max(4, p.shadows[p.now].n)
	if p.weigh == nil {
		size = max(4, int(p.whole/int64(p.rate)))
	}
	least := -max(4, int(behind*float64(size)))
	for i, s := range p.shadows {
		would := s.request(n.Hash, w)
		if !score || i == p.now {
			continue
		}
		if would && !hit {
			p.lead[i]++
		} else if !would && hit {
			p.lead[i] = max(least, p.lead[i]-1)
		}
		if p.lead[i] > p.lead[best] {
			best = i
		}
	}
	lead := p.lead[best]
	if lead < max(4, int(p.need*float64(size))) {
		return
	}
	for i := range p.lead {
		p.lead[i] = max(least, p.lead[i]-lead)
	}
	p.need = math.Min(lastNeed, 2*p.need)
	p.now = best
	p.change(modes[best])
}
