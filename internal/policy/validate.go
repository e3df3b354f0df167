package policy

import "fmt"

// Validate returns an error for the first invariant it finds broken. It is for tests.
func (p *Policy) Validate() error {
	if p.Weight() > p.whole {
		return fmt.Errorf("it weighs %d, more than %d", p.Weight(), p.whole)
	}
	for _, n := range p.limbo {
		if !n.has(inLimbo) {
			return fmt.Errorf("limbo has a node with state %#x", n.State.Load())
		}
	}
	if err := p.clock.validate(); err != nil {
		return err
	}
	for i, s := range p.shadows {
		if err := s.validate(); err != nil {
			return fmt.Errorf("shadow %d: %w", i, err)
		}
		if s.held() > s.limit {
			return fmt.Errorf("shadow %d weighs %d, more than %d", i, s.held(), s.limit)
		}
	}
	return nil
}

func (c *clock) validate() error {
	n := 0
	for _, r := range []*ring{&c.window, &c.main} {
		weight := int64(0)
		for i := range r.size {
			if e := *r.at(i); e.has(r.bit) {
				weight += c.weight(e)
				n++
			}
		}
		if weight != r.weight {
			return fmt.Errorf("a ring weighs %d, and counts %d", weight, r.weight)
		}
	}
	if n != c.n {
		return fmt.Errorf("%d nodes, counts %d", n, c.n)
	}
	return nil
}
