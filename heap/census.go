package heap

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

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
// lead to. What the runtime has built for a map counts for the map.
func (d *Dump) Types() []Type { return d.tally(d.types(), nil) }

// types numbers the types.
func (d *Dump) types() *names.Types {
	return d.namer.Types(func(name string) string { return strings.TrimSuffix(name, partSuffix) })
}

// tally counts what there is by the numbers of the types. retained is what the objects
// of each type retain, nil if that has not been asked for.
func (d *Dump) tally(numbers *names.Types, retained []uint64) (types []Type) {
	for i, n := range numbers.Tally(d.search) {
		if n.Objects == 0 {
			continue
		}
		t := Type{Name: numbers.Names[i], Objects: n.Objects, Bytes: n.Bytes}
		if retained != nil {
			t.Retained = retained[i]
		}
		types = append(types, t)
	}
	slices.SortFunc(types, func(a, b Type) int {
		return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
	})
	return types
}

// Types returns what there is, by type, with what the objects of each type
// retain, most retained bytes first.
func (t *Dominators) Types() []Type {
	numbers := t.d.types()
	retained := make([]uint64, len(numbers.Names))
	for o := range graph.ID(t.d.heap.Len()) {
		if !t.d.search.Reached(o) {
			continue
		}
		if typ := numbers.Of(o); !t.within(o, typ, numbers) {
			retained[typ] += t.tree.Retained[o]
		}
	}
	return t.d.tally(numbers, retained)
}

// maxAbove bounds how far up the tree within looks.
const maxAbove = 64

// within says whether an object of the same type dominates o, so that what o
// retains is counted there.
func (t *Dominators) within(o graph.ID, typ int, numbers *names.Types) bool {
	for range maxAbove {
		if o = t.tree.Dominator(o); o == graph.None {
			return false
		}
		if numbers.Of(o) == typ {
			return true
		}
	}
	return false
}

// OfType returns the objects of a type, as [Dump.Types] names it, in the order of
// the dump.
func (d *Dump) OfType(name string) iter.Seq[Object] {
	return func(yield func(Object) bool) {
		for o := range graph.ID(d.heap.Len()) {
			if d.search.Reached(o) && d.namer.TypeOf(o) == name && !yield(d.object(o, name)) {
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
	Runtime bool   // by the runtime, or by a goroutine of this module that does upkeep
}

// Holdings returns what there is, by how it is held, most bytes first. It counts
// what roots lead to, each object once, by the best way to it. What the runtime has
// built for a map counts for the map.
func (d *Dump) Holdings() []Holding {
	byPath := map[[2]string]*Holding{}
	census := d.take()
	for i, n := range census.Nodes {
		if n.Objects == 0 {
			continue
		}
		typ := strings.TrimSuffix(n.Type, partSuffix)
		key := [2]string{census.Path(uint32(i)), typ}
		h := byPath[key]
		if h == nil {
			h = &Holding{Path: key[0], Type: typ, Example: d.object(n.Example, n.Type), Runtime: n.Runtime}
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

// HeldAs says how an object is held, as [Holding.Path] does; "" if no root leads to it.
func (d *Dump) HeldAs(o Object) string { return d.take().Path(d.take().Of(o.id)) }

// Growth is by how much there is more of what is held in one way.
type Growth struct {
	Path    string // see Holding
	Type    string
	Objects int // more than before; negative if there are fewer
	Bytes   int64
	Example Object // one of those in the newer dump; zero if there is none
	Runtime bool   // see Holding
}

// Diff compares two dumps of one program by how things are held, and returns what
// has changed, what has grown by most bytes first. An executable without names
// makes the comparison coarse.
func Diff(older, newer *Dump) []Growth {
	changes := map[[2]string]*Growth{}
	at := func(h Holding) *Growth {
		key := [2]string{h.Path, h.Type}
		if changes[key] == nil {
			changes[key] = &Growth{Path: h.Path, Type: h.Type, Runtime: h.Runtime}
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
