package names

import "github.com/weakref-go/weakref/heap/internal/graph"

// Types numbers the types of objects, for those who look at all of them: numbers are
// faster to get and to compare than names. It counts for the views that there are now.
type Types struct {
	Names    []string // by number; "" if the type is not known
	sighting []uint32 // by object: the number of its sight
	number   []int    // by sight
}

// Types numbers the types. Those whose names fold makes equal are one.
func (n *Namer) Types(fold func(name string) string) *Types {
	e := n.evidence
	t := &Types{sighting: e.of, number: make([]int, len(e.sights))}
	byName := map[string]int{}
	names := e.typeNames()
	for i, s := range e.sights {
		name := "" // of sight 0, which says nothing
		if i > 0 {
			name = fold(names[s.view+1])
		}
		k, ok := byName[name]
		if !ok {
			k = len(t.Names)
			t.Names = append(t.Names, name)
			byName[name] = k
		}
		t.number[i] = k
	}
	return t
}

// Of is the number of the type of an object.
func (t *Types) Of(o graph.ID) int { return t.number[t.sighting[o]] }

// Tally is the objects of a type.
type Tally struct {
	Objects int
	Bytes   uint64
}

// Tally counts what a search has reached, by the number of its type.
func (t *Types) Tally(s *graph.Search) []Tally {
	counted := make([]Tally, len(t.Names))
	s.Heap.ForPages(func(p graph.Page, first graph.ID, objects int, _ bool) {
		size := s.Heap.SizeIn(p)
		for o := first; o < first+graph.ID(objects); o++ {
			if s.Reached(o) {
				c := &counted[t.Of(o)]
				c.Objects++
				c.Bytes += size
			}
		}
	})
	return counted
}
