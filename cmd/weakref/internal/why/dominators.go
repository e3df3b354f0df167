package why

import (
	"fmt"
	"io"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
)

// dominatorsAnswer is a part of the dominator tree.
type dominatorsAnswer struct {
	Above []retaining // dominators of the object, outermost first
	Below []retaining
}

// retaining is an object of the tree with what it retains.
type retaining struct {
	Object   heap.Object
	Retained uint64
	Path     string      // to it, where it is a top of the tree
	Below    []retaining `json:",omitempty"` // most retained bytes first
}

// How much of the tree is shown below each of its tops.
const (
	shownDepth    = 4
	shownChildren = 3
)

func dominators(v *view, args []string) (answer, error) {
	t := v.Dominators()
	if len(args) == 0 {
		return &dominatorsAnswer{Below: v.below(t, t.Top(v.max), 0)}, nil
	}
	o, err := v.object(args[0])
	if err != nil {
		return nil, err
	}
	a := &dominatorsAnswer{Above: v.above(t, o)}
	self := retaining{Object: o, Retained: t.Retained(o), Path: v.pathText(o)}
	self.Below = v.below(t, t.Children(o, v.max), 1)
	a.Below = []retaining{self}
	return a, nil
}

// above returns the dominators of an object, at most those next to it.
func (v *view) above(t *heap.Dominators, o heap.Object) (chain []retaining) {
	for dom, ok := t.Dominator(o); ok && len(chain) < v.max; dom, ok = t.Dominator(dom) {
		chain = append([]retaining{{Object: dom, Retained: t.Retained(dom)}}, chain...)
	}
	return chain
}

func (v *view) below(t *heap.Dominators, objects []heap.Object, depth int) (list []retaining) {
	for _, o := range objects {
		r := retaining{Object: o, Retained: t.Retained(o)}
		if depth == 0 {
			r.Path = v.pathText(o)
		}
		if depth < shownDepth {
			r.Below = v.below(t, t.Children(o, shownChildren), depth+1)
		}
		list = append(list, r)
	}
	return list
}

// pathText is the best path to an object.
func (v *view) pathText(o heap.Object) string {
	if p := v.Paths(o, 1); len(p) > 0 {
		return p[0].String()
	}
	return ""
}

func (a *dominatorsAnswer) data() any { return a }

func (a *dominatorsAnswer) text(w io.Writer) {
	for _, r := range a.Above {
		fmt.Fprintf(w, "within %v, which retains %s\n", r.Object, drawn.Bytes(r.Retained))
	}
	for _, r := range a.Below {
		fmt.Fprintf(w, "%s  %s\n", drawn.Bytes(r.Retained), r.Path)
		r.text(w, "  ")
	}
}

func (r *retaining) text(w io.Writer, prefix string) {
	fmt.Fprintf(w, "%s%s  %v\n", prefix, drawn.Bytes(r.Retained), r.Object)
	for i := range r.Below {
		r.Below[i].text(w, prefix+"  ")
	}
}

func (a *dominatorsAnswer) dot(w io.Writer) {
	g := newGraph(w)
	defer g.end()
	from := ""
	for _, r := range a.Above {
		from = g.retaining(from, r)
	}
	for _, r := range a.Below {
		g.tree(from, r)
	}
}

func (g *graph) tree(from string, r retaining) {
	id := g.retaining(from, r)
	for _, b := range r.Below {
		g.tree(id, b)
	}
}

func (g *graph) retaining(from string, r retaining) string {
	id := g.object(r.Object, r.Retained)
	if from != "" {
		g.edge(from, id, "", false)
	}
	return id
}
