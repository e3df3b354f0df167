package why

import (
	"fmt"
	"io"

	"github.com/weakref-go/weakref/heap"
)

// diffAnswer is what has changed between two dumps.
type diffAnswer struct {
	changes []change
	more    int
}

type change struct {
	heap.Growth
	Answer *heap.Answer `json:",omitempty"` // of the example in the newer dump, where there is more
}

// explained is how many of what has grown most is explained by a path.
const explained = 3

func (o options) diff(w io.Writer, older, newer string, progress func(string, float64)) error {
	a, err := o.open(older, progress)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := o.open(newer, progress)
	if err != nil {
		return err
	}
	defer b.Close()
	growth := heap.Diff(a, b)
	n := min(o.max, len(growth))
	d := &diffAnswer{more: len(growth) - n}
	for i, g := range growth[:n] {
		c := change{Growth: g}
		if i < explained && g.Objects > 0 && g.Example.Address != 0 {
			c.Answer = b.Answer(g.Example, 1)
		}
		d.changes = append(d.changes, c)
	}
	return o.print(w, "diff", d)
}

func (a *diffAnswer) data() any { return a.changes }

func (a *diffAnswer) text(w io.Writer) {
	if len(a.changes) == 0 {
		fmt.Fprintln(w, "nothing has changed")
		return
	}
	fmt.Fprintf(w, "%12s %8s  held as (type)\n", "objects", "bytes")
	for _, c := range a.changes {
		fmt.Fprintf(w, "%12s %8s  %s (%s)\n", plus(c.Objects), signed(c.Bytes), c.Path, typeName(c.Type))
	}
	more(w, a.more)
	for _, c := range a.changes {
		if c.Answer != nil {
			fmt.Fprintf(w, "\n%s %s, such as %s\n", plus(c.Objects), typeName(c.Type), c.Answer.Detail())
		}
	}
}

func plus(n int) string {
	if n > 0 {
		return "+" + count(n)
	}
	return count(n)
}
