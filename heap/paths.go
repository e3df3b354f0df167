package heap

import (
	"cmp"
	"slices"

	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/names"
)

// Paths returns up to max paths that lead to an object, best first. The first is
// a shortest one from the best kind of root; the others come through other
// references to the object, each of another kind if there are as many. If no
// root leads to the object, the paths begin where nothing leads to.
func (d *Dump) Paths(o Object, max int) []Path {
	var paths []Path
	for i, p := range d.pathsTo(o.id, max) {
		path := d.name(p)
		if i == 0 && p[0].Root.Kind < graph.StaleWord {
			for k, only := range d.search.Cuts(p) {
				path.mark(k, only, len(p))
			}
		}
		paths = append(paths, path)
	}
	return paths
}

// mark notes that reference k of n of the path in the graph is the only way. The
// named path may be shorter: where it leaves out the beginning or the middle.
func (p *Path) mark(k int, only bool, n int) {
	if k -= n - len(p.Steps); k >= 0 {
		p.Steps[k].Only = only
	}
}

// pathsTo finds paths in the graph.
func (d *Dump) pathsTo(o graph.ID, max int) [][]graph.Step {
	if d.search.Firm(o) {
		return d.others(o, d.search.Path(o), max)
	}
	paths := d.tops().Paths(o)
	// What is a top itself has no holder among objects: a stale word says more.
	if p := d.search.Path(o); p != nil && (len(paths) == 0 || len(paths[0]) == 1) {
		return [][]graph.Step{p}
	}
	return paths[:min(max, len(paths))]
}

func (d *Dump) tops() *graph.Unrooted {
	if d.unrooted == nil {
		d.unrooted = d.search.Unrooted()
	}
	return d.unrooted
}

// maxOthers bounds how many other references to an object are looked at.
const maxOthers = 200

// others adds to a path those through other references to the object.
func (d *Dump) others(o graph.ID, first []graph.Step, max int) [][]graph.Step {
	if max == 1 {
		return [][]graph.Step{first}
	}
	var more [][]graph.Step
	for _, r := range d.search.RootsOf(o) {
		if r != first[0].Root || len(first) > 1 {
			more = append(more, []graph.Step{{Root: r, From: graph.None, Ptr: r.Ptr, To: o}})
		}
	}
	last := first[len(first)-1].From
	for _, from := range d.heap.Referrers(o) {
		if from == last || !d.search.Firm(from) {
			continue
		}
		if len(more) >= maxOthers {
			break
		}
		path := d.search.Path(from)
		if !passes(path, o) {
			more = append(more, append(path, d.heap.Step(from, o)))
		}
	}
	return append([][]graph.Step{first}, d.distinct(more, max-1)...)
}

// passes says whether a path passes an object.
func passes(path []graph.Step, o graph.ID) bool {
	return slices.ContainsFunc(path, func(s graph.Step) bool { return s.To == o })
}

// distinct returns up to max paths, best first, and of each kind one before
// there are two of any.
func (d *Dump) distinct(paths [][]graph.Step, max int) [][]graph.Step {
	slices.SortStableFunc(paths, func(a, b []graph.Step) int {
		return cmp.Or(cmp.Compare(a[0].Root.Kind, b[0].Root.Kind), cmp.Compare(len(a), len(b)))
	})
	var first, rest [][]graph.Step
	seen := map[string]bool{}
	for _, p := range paths[:min(len(paths), 10*max)] {
		if sig := d.name(p).Signature(); !seen[sig] {
			seen[sig] = true
			first = append(first, p)
		} else {
			rest = append(rest, p)
		}
	}
	first = append(first, rest...)
	return first[:min(max, len(first))]
}

// name names a path.
func (d *Dump) name(path []graph.Step) Path {
	root, steps := d.namer.Path(path)
	p := Path{Root: d.root(path[0].Root, root)}
	for _, s := range steps {
		p.Steps = append(p.Steps, Step{Text: s.Text, Signature: s.Sig, Object: d.object(s.To, s.Type)})
	}
	return p
}

var rootKinds = map[graph.Kind]RootKind{
	graph.Global:      RootGlobal,
	graph.Local:       RootGoroutine,
	graph.Word:        RootGlobal, // or RootGoroutine, if it is in a frame
	graph.Finalizer:   RootFinalizer,
	graph.Deferred:    RootDeferred,
	graph.Cleanup:     RootCleanup,
	graph.Runtime:     RootRuntime,
	graph.StackObject: RootStack,
	graph.Register:    RootRegister,
	graph.Holder:      RootHolder,
	graph.StaleWord:   RootStale,
	graph.NoRoot:      RootNone,
}

func (d *Dump) root(r *graph.Root, named names.Root) Root {
	root := Root{
		Kind: rootKinds[r.Kind], Text: named.Text, Signature: named.Sig,
		Sure: r.Kind <= graph.Runtime || r.Kind == graph.Holder || r.Kind == graph.StackObject && d.level == NamesFull,
		Name: named.Name, Func: named.Func, File: named.File, Line: named.Line,
		Goroutine: named.Goroutine, WaitReason: named.WaitReason, CreatedBy: named.CreatedBy, Own: named.Own,
	}
	switch {
	case r.Kind == graph.Word && r.Frame != nil:
		root.Kind = RootGoroutine
	case named.Timer:
		root.Kind = RootTimer
	case r.Kind == graph.Runtime && named.Goroutine != 0 && !named.Runtime:
		root.Kind = RootGoroutine // an argument of the runtime's function that the goroutine waits in
	}
	return root
}

// Reference is a reference to an object.
type Reference struct {
	Holder Object // what holds it; zero if a root does
	Root   Root   // of the path to the holder
	Text   string // the expression
}

// Referrers returns up to max references to an object, those of roots first.
func (d *Dump) Referrers(o Object, max int) (refs []Reference) {
	for _, r := range d.search.RootsOf(o.id) {
		if len(refs) >= max {
			return refs
		}
		p := d.name([]graph.Step{{Root: r, From: graph.None, Ptr: r.Ptr, To: o.id}})
		refs = append(refs, Reference{Root: p.Root, Text: p.String()})
	}
	for _, from := range d.heap.Referrers(o.id) {
		if len(refs) >= max {
			return refs
		}
		path := d.search.Path(from)
		if path == nil {
			path = []graph.Step{d.noRoot(from)}
		}
		p := d.name(append(path, d.heap.Step(from, o.id)))
		holder := d.object(from, "")
		if n := len(p.Steps); n > 1 {
			holder.Type = p.Steps[n-2].Object.Type
		}
		refs = append(refs, Reference{holder, p.Root, p.String()})
	}
	return refs
}

// noRoot is the beginning of a path that has none.
func (d *Dump) noRoot(o graph.ID) graph.Step {
	ptr := d.heap.Addr(o)
	return graph.Step{Root: &graph.Root{Kind: graph.NoRoot, Ptr: ptr, To: o}, From: graph.None, Ptr: ptr, To: o}
}
