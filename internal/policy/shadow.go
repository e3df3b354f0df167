package policy

import "unsafe"

// shadow is a small cache of keys without values, under one mode.
type shadow struct {
	clock
	heads []*ghost // by the low bits of the hash; a power of two
	free  *ghost
}

// ghost is a node of a shadow.
type ghost struct {
	Node
	next *ghost // with the same head, or free
}

// heavyGhost is a ghost of a policy that weighs.
type heavyGhost struct {
	ghost
	weight int64
}

func ghostOf(n *Node) *ghost { return (*ghost)(unsafe.Pointer(n)) } // safe: the first field of one

func (s *shadow) newGhost() *ghost {
	if s.weigh == nil {
		return new(ghost)
	}
	return &new(heavyGhost).ghost
}

func newShadow(m mode, limit int64, weighted bool) *shadow {
	var weigh func(*Node) int64
	if weighted {
		weigh = func(n *Node) int64 { return (*heavyGhost)(unsafe.Pointer(n)).weight } // safe: see newGhost
	}
	s := &shadow{clock: newClock(weigh)}
	s.set(m, limit)
	return s
}

func (s *shadow) head(hash uint32) **ghost {
	return &s.heads[(hash*0x9e3779b1>>8)&uint32(len(s.heads)-1)]
}

// request has the shadow see a request, and reports whether it is a hit.
func (s *shadow) request(hash uint32, weight int64) bool {
	if s.n >= 2*len(s.heads) {
		s.grow()
	}
	for g := *s.head(hash); g != nil; g = g.next {
		if g.Hash == hash {
			g.Use()
			return true
		}
	}
	if weight > s.limit {
		return false
	}
	g := s.free
	if g == nil {
		g = s.newGhost()
	} else {
		s.free = g.next
		g.State.Store(0)
	}
	g.Hash = hash
	if s.weigh != nil {
		(*heavyGhost)(unsafe.Pointer(g)).weight = weight
	}
	head := s.head(hash)
	g.next, *head = *head, g
	s.insert(&g.Node)
	s.settle()
	return false
}

// settle makes ghosts leave until the rest is within the limit.
func (s *shadow) settle() {
	for s.over() {
		if n := s.evict(); n != nil {
			s.forget(ghostOf(n))
		}
	}
}

func (s *shadow) forget(g *ghost) {
	at := s.head(g.Hash)
	for *at != g {
		at = &(*at).next
	}
	*at = g.next
	g.next, s.free = s.free, g
}

func (s *shadow) grow() {
	old := s.heads
	s.heads = make([]*ghost, max(8, 2*len(old)))
	for _, g := range old {
		for g != nil {
			next := g.next
			head := s.head(g.Hash)
			g.next, *head = *head, g
			g = next
		}
	}
}
