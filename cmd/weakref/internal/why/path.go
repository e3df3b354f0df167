package why

import (
	"fmt"
	"io"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
)

// pathAnswer is why objects are alive: one, or an example of each way in which
// objects of a type are held.
type pathAnswer struct {
	groups []pathGroup
	more   int // ways that are not shown
}

type pathGroup struct {
	Holding *heap.Holding `json:",omitempty"` // nil if one object was asked for
	Answer  *heap.Answer
}

const pathsEach = 3

func paths(v *view, args []string) (answer, error) {
	if isAddress(args[0]) {
		o, err := v.object(args[0])
		if err != nil {
			return nil, err
		}
		return &pathAnswer{groups: []pathGroup{{Answer: v.Answer(o)}}}, nil
	}
	held, err := v.ofType(args[0])
	if err != nil {
		return nil, err
	}
	a := &pathAnswer{}
	for i := range held {
		if i == v.max {
			a.more = len(held) - i
			break
		}
		a.groups = append(a.groups, pathGroup{&held[i], v.Answer(held[i].Example)})
	}
	return a, nil
}

func (a *pathAnswer) data() any { return a.groups }

func (a *pathAnswer) text(w io.Writer) {
	for i, g := range a.groups {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if h := g.Holding; h != nil {
			fmt.Fprintf(w, "%s %s, %s, held as %s\nsuch as ", count(h.Objects), typeName(h.Type), drawn.Bytes(h.Bytes), h.Path)
		}
		fmt.Fprintln(w, g.Answer.Detail())
	}
	if a.more > 0 {
		fmt.Fprintf(w, "\nand %s more; raise -n\n", plural(a.more, "way"))
	}
}

func (a *pathAnswer) dot(w io.Writer) {
	g := newGraph(w)
	defer g.end()
	for _, group := range a.groups {
		for _, p := range group.Answer.Paths {
			from := g.root(p.Root)
			for _, s := range p.Steps {
				to := g.object(s.Object, 0)
				g.edge(from, to, s.Text, s.Only)
				from = to
			}
		}
	}
}
