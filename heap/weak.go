package heap

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/graph"
)

// WhyWeak says why the objects are alive that a container holds weakly: the values
// of a ValueMap, the keys of a KeyMap, the listeners of a bus. It is short for
// [Explainer.ExplainWeak] of an Explainer with its settings at zero.
func WhyWeak(holder any) (*WeakAnswer, error) {
	return new(Explainer).ExplainWeak(holder)
}

// ExplainWeak says why the objects are alive that holder holds weakly.
//
// The holder is a pointer to a container, or a map, or a func that uses one. It holds
// weakly what weak pointers refer to, of this module or of package weak, that it
// leads to by strong references, however many. So ask about the container itself
// rather than about something that leads to the rest of the program, too. What a
// part knows of the whole that leads to it is left out.
//
// A func leads to the variables that it captures, and to the package variables
// that its own code uses, on amd64 and arm64. Without names, those are found only
// if they are pointers, or if the code uses a pointer in them.
//
// A dump does not tell a weak pointer from a pointer to a number that is the
// address of an object. The runtime's own records do, unless there was a
// collection meanwhile.
//
// With the mode [InProcess], the collector is off until the dump is read.
func (e *Explainer) ExplainWeak(holder any) (*WeakAnswer, error) {
	h := holderOf(holder)
	defer runtime.KeepAlive(holder)
	defer e.begin()()
	d, found, err := e.weakly(h)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	a := d.weakAnswer(found)
	a.Back = d.back(found, d.heap.Find(uint64(h.addr)))
	return a, nil
}

// WeakAnswer says why objects are alive that something holds weakly.
type WeakAnswer struct {
	Objects int
	Held    []WeaklyHeld // by how they are held, most objects first
	// Back is the objects that lead back to the holder by strong references, as a
	// key whose value, which hangs on it ([weakref.Slots]), refers to the map. The
	// holder lives as long as they do: Go cannot express an ephemeron that needs
	// both. There are ten of them at most.
	Back  []WeakBack
	Names Names
	Hint  string // how to get better names, "" if they are full
}

// WeaklyHeld is objects that something holds weakly and that are held otherwise in
// one way.
type WeaklyHeld struct {
	Holding
	By Path // to the example; of the first twenty ways only
}

// WeakBack is an object that is held weakly and leads back to what holds it.
type WeakBack struct {
	Object Object
	Text   string // the references: ".Slots.head.value.reg"
	Slots  bool   // they begin in a [weakref.Slots]
}

func (b WeakBack) String() string {
	if b.Slots {
		return fmt.Sprintf("%v keeps what was asked about alive: a value that hangs on this key (weakref.Slots) leads to its map, by %s", b.Object, b.Text)
	}
	return fmt.Sprintf("%v keeps what was asked about alive, by %s", b.Object, b.Text)
}

// maxBack bounds how many objects are looked at for references back, and how far.
const (
	maxBack      = 10
	maxBackSteps = 1 << 14
)

// back finds the objects that lead back to an object.
func (d *Dump) back(objects []graph.ID, holder graph.ID) (found []WeakBack) {
	if holder == graph.None {
		return nil
	}
	for _, o := range objects[:min(len(objects), maxBack)] {
		path := d.heap.Between(o, holder, maxBackSteps)
		if path == nil {
			continue
		}
		text := d.namer.From(o, path)
		inSlots := strings.HasPrefix(text, ".Slots.")
		if d.level < NamesFull {
			inSlots = d.hasSlotValue(path)
		}
		found = append(found, WeakBack{Object: d.typed(o), Text: text, Slots: inSlots})
	}
	return found
}

// hasSlotValue says whether a path, for which there are no names, goes first through
// what looks like a record of Slots: four words, of which the first leads to the small
// mark of a map and the last to the value.
func (d *Dump) hasSlotValue(path []graph.Step) bool {
	if len(path) < 2 {
		return false
	}
	record, word := path[0].To, d.heap.Dump.Memory.PtrSize
	if d.heap.Size(record) != 4*word || path[1].Off != 3*word {
		return false
	}
	owner := d.heap.Find(d.heap.Dump.Memory.Word(d.heap.Contents(record)))
	return owner != graph.None && d.heap.Size(owner) <= 16 && len(d.heap.Edges(owner)) == 0 // the block of small ones
}

// maxWays is for how many ways a path is found, which takes a look at the whole heap
// for each.
const maxWays = 20

// maxShown is how many ways String tells.
const maxShown = 5

// String is the answer in a few lines, with a path to one of the objects that are
// held in one way, for five ways at most.
func (a *WeakAnswer) String() string {
	if a.Objects == 0 {
		return "no live object is held weakly"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "held weakly and alive: %s", count(a.Objects, "object"))
	rest := a.Objects
	for i, h := range a.Held {
		if i == maxShown {
			fmt.Fprintf(&b, "\n  %d held in %s", rest, count(len(a.Held)-i, "other way"))
			break
		}
		rest -= h.Objects
		fmt.Fprintf(&b, "\n  %d such as %v, held by\n    %v", h.Objects, h.Example, h.By)
	}
	for _, k := range a.Back {
		fmt.Fprintf(&b, "\n  %v", k)
	}
	if a.Hint != "" {
		fmt.Fprintf(&b, "\n%s", a.Hint)
	}
	return b.String()
}

// way is a way to be held.
type way struct {
	path, typ string
	shape     shape // if names do not tell all
}

// weakAnswer sorts objects by how they are held.
func (d *Dump) weakAnswer(objects []graph.ID) *WeakAnswer {
	a := &WeakAnswer{Objects: len(objects), Names: d.level, Hint: d.hint()}
	for h := range values(d.ways(objects)) {
		a.Held = append(a.Held, WeaklyHeld{Holding: h})
	}
	slices.SortFunc(a.Held, func(a, b WeaklyHeld) int {
		return cmp.Or(cmp.Compare(b.Objects, a.Objects), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Example.Address, b.Example.Address))
	})
	for i := range a.Held[:min(len(a.Held), maxWays)] {
		if paths := d.Paths(a.Held[i].Example, 1); len(paths) > 0 {
			a.Held[i].By = paths[0]
		}
	}
	return a
}

func (d *Dump) ways(objects []graph.ID) map[way]*Holding {
	ways := map[way]*Holding{}
	shapes := newShapes(d)
	for _, o := range objects {
		node := d.take().Of(o)
		w := way{path: d.census.Path(node), typ: d.census.Nodes[node].Type}
		if d.level < NamesFull {
			w.shape = shapes.to(o)
		}
		h := ways[w]
		if h == nil {
			h = &Holding{Path: w.path, Type: w.typ, Example: d.object(o, w.typ)}
			ways[w] = h
		}
		h.Objects++
		h.Bytes += d.heap.Size(o)
	}
	return ways
}
