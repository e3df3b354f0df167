package heap

import (
	"cmp"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/graph"
)

// Dominators is the dominator tree of a dump. The dominator of an object is the
// last object that every way from a root to it passes: the one that would free it
// if it were free. What hangs below an object in the tree is what it retains.
type Dominators struct {
	d    *Dump
	tree *graph.Dominators

	// The children of object o are children[row[o]:row[o+1]]; those of none at
	// the end. They are found when they are first asked for.
	row      []uint32
	children []graph.ID
}

// Dominators computes the dominator tree, once. For a gigabyte of small objects
// it takes some ten seconds and 34 bytes of memory an object while it is
// computed.
func (d *Dump) Dominators() *Dominators {
	if d.dominators == nil {
		tree := d.search.Dominators(func(share float64) { d.report("computing dominators", share) })
		d.dominators = &Dominators{d: d, tree: tree}
	}
	return d.dominators
}

// Retained returns how many bytes an object retains.
func (t *Dominators) Retained(o Object) uint64 { return t.tree.Retained[o.id] }

// Dominator returns the dominator of an object. ok is false if there is no
// object without which it would be free.
func (t *Dominators) Dominator(o Object) (dom Object, ok bool) {
	id := t.tree.Dominator(o.id)
	if id == graph.None {
		return Object{}, false
	}
	return t.d.typed(id), true
}

// Top returns the up to max objects without a dominator that retain most.
func (t *Dominators) Top(max int) []Object { return t.largest(t.below(graph.ID(t.d.heap.Len())), max) }

// Children returns the up to max objects that an object dominates immediately
// and that retain most. The parts of a map are passed over.
func (t *Dominators) Children(o Object, max int) []Object {
	return t.largest(t.withoutParts(t.below(o.id)), max)
}

func (t *Dominators) largest(ids []graph.ID, max int) (objects []Object) {
	slices.SortStableFunc(ids, func(a, b graph.ID) int {
		return cmp.Compare(t.tree.Retained[b], t.tree.Retained[a])
	})
	for _, id := range ids[:min(max, len(ids))] {
		objects = append(objects, t.d.typed(id))
	}
	return objects
}

// withoutParts puts in place of what the runtime has built for a map what that
// dominates: the map itself stands above it.
func (t *Dominators) withoutParts(ids []graph.ID) (rest []graph.ID) {
	for _, id := range ids {
		if strings.HasSuffix(t.d.namer.TypeOf(id), partSuffix) {
			rest = append(rest, t.withoutParts(t.below(id))...)
		} else {
			rest = append(rest, id)
		}
	}
	return rest
}

// below returns the children of an object, or of none if o is the number of
// objects.
func (t *Dominators) below(o graph.ID) []graph.ID {
	if t.row == nil {
		t.findChildren()
	}
	return t.children[t.row[o]:t.row[o+1]]
}

func (t *Dominators) findChildren() {
	n := t.d.heap.Len()
	parent := func(o graph.ID) graph.ID { return min(t.tree.Dominator(o), graph.ID(n)) }
	t.row = make([]uint32, n+2)
	for _, o := range t.tree.Order {
		t.row[parent(o)+1]++
	}
	for i := 1; i < len(t.row); i++ {
		t.row[i] += t.row[i-1]
	}
	next := slices.Clone(t.row)
	t.children = make([]graph.ID, len(t.tree.Order))
	for _, o := range t.tree.Order {
		p := parent(o)
		t.children[next[p]] = o
		next[p]++
	}
}
