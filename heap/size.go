package heap

import (
	"cmp"
	"slices"

	"github.com/weakref-go/weakref/heap/internal/graph"
)

// Size is how much of the heap something takes.
type Size struct {
	Objects int
	Bytes   uint64
}

// Retained returns what would be free if the object were: the object and all that
// only it leads to. Where no root leads to the object, it is what the object
// leads to and no root does.
func (d *Dump) Retained(o Object) Size {
	r := d.search.Retained(o.id)
	return Size{r.Objects, r.Bytes}
}

// Info is what a dump says of itself.
type Info struct {
	GoVersion  string
	Arch       string
	Goroutines int
	Reached    Size // what roots lead to
	Stale      int  // of these, objects that only stale words of stacks lead to
	Unreached  int  // objects that no root leads to: garbage, and what only roots hold that are not in a dump
	// HeapObjects is the runtime's own count ([runtime.MemStats]). It is
	// Reached and Unreached exactly, with either [Mode], if no garbage waited
	// to be swept when the dump was taken, as after [runtime.GC] in a program
	// that does not allocate meanwhile. Otherwise it is higher: a dump does not
	// have what waits to be swept.
	HeapObjects uint64
	Names       Names
	Hint        string // how to get better names, "" if they are full
}

// Info returns what the dump says of itself.
func (d *Dump) Info() Info {
	p, c := d.heap.Dump.Params, d.count()
	return Info{
		GoVersion: p.GoVersion, Arch: p.Arch, Goroutines: len(d.heap.Dump.Goroutines),
		Reached: Size{c.Reached, c.Bytes}, Stale: c.Stale, Unreached: c.Unreached,
		HeapObjects: d.heap.Dump.HeapObjects,
		Names:       d.level, Hint: d.hint(),
	}
}

func (d *Dump) count() graph.Counts {
	if d.counts == nil {
		c := d.search.Count()
		d.counts = &c
	}
	return *d.counts
}

// Unrooted returns objects that lead to everything that no root leads to, each to
// its own part. They are garbage, or held by roots that a dump does not have: the
// function or argument of a cleanup, a variable of a plugin, memory of C. Those
// that lead to most come first.
func (d *Dump) Unrooted() []Object {
	u := d.tops()
	tops := slices.Clone(u.Tops)
	slices.SortStableFunc(tops, func(a, b graph.ID) int { return cmp.Compare(u.Parts[b].Bytes, u.Parts[a].Bytes) })
	var objects []Object
	for _, o := range tops {
		objects = append(objects, d.typed(o))
	}
	return objects
}
