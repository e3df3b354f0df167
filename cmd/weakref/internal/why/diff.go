package why

import (
	"fmt"
	"io"
	"slices"

	"github.com/weakref-go/weakref/heap"
)

// diffAnswer is what has changed between two dumps.
type diffAnswer struct {
	Goroutines []heap.Goroutines
	Changes    []change
	more       int
	moreRun    int // groups of goroutines that are not shown
}

type change struct {
	heap.Growth
	Answer *heap.Answer `json:",omitempty"` // of the example in the newer dump, where there is more
}

// shownGoroutines is how many groups of goroutines are shown.
const shownGoroutines = 5

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
	growth := o.withoutRuntime(heap.Diff(a, b))
	n := min(o.max, len(growth))
	d := &diffAnswer{Goroutines: heap.DiffGoroutines(a, b), more: len(growth) - n}
	if rest := len(d.Goroutines) - shownGoroutines; rest > 0 {
		d.Goroutines, d.moreRun = d.Goroutines[:shownGoroutines], rest
	}
	for i, g := range growth[:n] {
		c := change{Growth: g}
		if i < explained && g.Objects > 0 && g.Example.Address != 0 {
			c.Answer = b.Answer(g.Example, 1)
		}
		d.Changes = append(d.Changes, c)
	}
	return o.print(w, "diff", d)
}

// withoutRuntime leaves out what only the runtime holds, unless that is asked for.
func (o options) withoutRuntime(growth []heap.Growth) []heap.Growth {
	if o.runtime {
		return growth
	}
	return slices.DeleteFunc(growth, func(g heap.Growth) bool { return g.Runtime || ofRuntime(g.Path, g.Type) })
}

func (a *diffAnswer) data() any { return a }

func (a *diffAnswer) text(w io.Writer) {
	writeGoroutines(w, a.Goroutines)
	if a.moreRun > 0 {
		fmt.Fprintf(w, "and %s of goroutines that have changed\n", plural(a.moreRun, "group"))
	}
	if len(a.Changes) == 0 && len(a.Goroutines) > 0 {
		return
	}
	if len(a.Changes) == 0 {
		fmt.Fprintln(w, "nothing has changed")
		return
	}
	fmt.Fprintf(w, "%12s %8s  held as (type)\n", "objects", "bytes")
	for _, c := range a.Changes {
		fmt.Fprintf(w, "%12s %8s  %s (%s)\n", plus(c.Objects), signed(c.Bytes), c.Path, typeName(c.Type))
	}
	more(w, a.more)
	for _, c := range a.Changes {
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
