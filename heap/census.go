package heap

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/names"
)

// take takes the census, once.
func (d *Dump) take() *names.Census {
	if d.census == nil {
		d.census = d.namer.TakeCensus(d.search, func(share float64) { d.report("naming", share) })
	}
	return d.census
}

// Type is all objects of a type.
type Type struct {
	Name     string // "" for those whose type is not known
	Objects  int
	Bytes    uint64
	Retained uint64 // by all of them together; 0 unless dominators were asked for
}

// Types returns what there is, by type, most bytes first. It counts what roots
// lead to.
func (d *Dump) Types() []Type {
	byName := map[string]*Type{}
	for _, n := range d.take().Nodes[1:] {
		t := byName[n.Type]
		if t == nil {
			t = &Type{Name: n.Type}
			byName[n.Type] = t
		}
		t.Objects += n.Objects
		t.Bytes += n.Bytes
	}
	var types []Type
	for _, t := range byName {
		types = append(types, *t)
	}
	slices.SortFunc(types, func(a, b Type) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
	})
	return types
}

// Types returns what there is, by type, with what the objects of each type
// retain, most retained bytes first.
func (t *Dominators) Types() []Type {
	types := t.d.Types()
	retained := map[string]uint64{}
	census := t.d.take()
	name := func(o graph.ID) string { return census.Nodes[census.Of(o)].Type }
	for _, o := range t.tree.Order {
		if typ := name(o); !t.within(o, typ, name) {
			retained[typ] += t.tree.Retained[o]
		}
	}
	for i := range types {
		types[i].Retained = retained[types[i].Name]
	}
	slices.SortStableFunc(types, func(a, b Type) int { return cmp.Compare(b.Retained, a.Retained) })
	return types
}

// maxAbove bounds how far up the tree within looks.
const maxAbove = 64

// within says whether an object of the same type dominates o, so that what o
// retains is counted there.
func (t *Dominators) within(o graph.ID, typ string, name func(graph.ID) string) bool {
	for i := 0; i < maxAbove; i++ {
		if o = t.tree.Dominator(o); o == graph.None {
			return false
		}
		if name(o) == typ {
			return true
		}
	}
	return false
}

// OfType returns the objects of a type, as [Dump.Types] names it, in the order of
// the dump.
func (d *Dump) OfType(name string) iter.Seq[Object] {
	census := d.take()
	return func(yield func(Object) bool) {
		for o := range graph.ID(d.heap.Len()) {
			if n := census.Of(o); n != 0 && census.Nodes[n].Type == name && !yield(d.object(o, name)) {
				return
			}
		}
	}
}

// Holding is all objects that are held in one way.
type Holding struct {
	Path    string // what [Path.Signature] is for each of them, or nearly so
	Type    string // of the objects, "" if it is not known
	Objects int
	Bytes   uint64
	Example Object // one of them
}

// Holdings returns what there is, by how it is held, most bytes first. It counts
// what roots lead to, each object once, by the best way to it.
func (d *Dump) Holdings() []Holding {
	byPath := map[[2]string]*Holding{}
	census := d.take()
	for i, n := range census.Nodes {
		if n.Objects == 0 {
			continue
		}
		key := [2]string{census.Path(uint32(i)), n.Type}
		h := byPath[key]
		if h == nil {
			h = &Holding{Path: key[0], Type: key[1], Example: d.object(n.Example, n.Type)}
			byPath[key] = h
		}
		h.Objects += n.Objects
		h.Bytes += n.Bytes
	}
	return slices.SortedFunc(values(byPath), func(a, b Holding) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Path, b.Path))
	})
}

func values[K comparable, V any](m map[K]*V) iter.Seq[V] {
	return func(yield func(V) bool) {
		for v := range maps.Values(m) {
			if !yield(*v) {
				return
			}
		}
	}
}

// Growth is by how much there is more of what is held in one way.
type Growth struct {
	Path    string // see Holding
	Type    string
	Objects int // more than before; negative if there are fewer
	Bytes   int64
	Example Object // one of those in the newer dump; zero if there is none
}

// Diff compares two dumps of one program by how things are held, and returns what
// has changed, what has grown by most bytes first. An executable without names
// makes the comparison coarse.
func Diff(older, newer *Dump) []Growth {
	changes := map[[2]string]*Growth{}
	at := func(h Holding) *Growth {
		key := [2]string{h.Path, h.Type}
		if changes[key] == nil {
			changes[key] = &Growth{Path: h.Path, Type: h.Type}
		}
		return changes[key]
	}
	for _, h := range older.Holdings() {
		g := at(h)
		g.Objects -= h.Objects
		g.Bytes -= int64(h.Bytes)
	}
	for _, h := range newer.Holdings() {
		g := at(h)
		g.Objects += h.Objects
		g.Bytes += int64(h.Bytes)
		g.Example = h.Example
	}
	maps.DeleteFunc(changes, func(_ [2]string, g *Growth) bool { return g.Objects == 0 && g.Bytes == 0 })
	return slices.SortedFunc(values(changes), func(a, b Growth) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Objects, a.Objects), cmp.Compare(a.Path, b.Path))
	})
}
