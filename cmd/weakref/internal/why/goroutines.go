package why

import (
	"fmt"
	"io"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
)

// goroutinesAnswer is the goroutines by where they stand.
type goroutinesAnswer struct {
	groups []heap.Goroutines
	more   int
}

func goroutines(v *view, _ []string) (answer, error) {
	groups := v.Goroutines()
	n := min(v.max, len(groups))
	return &goroutinesAnswer{groups[:n], len(groups) - n}, nil
}

func (a *goroutinesAnswer) data() any { return a.groups }

func (a *goroutinesAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "%10s %8s  [state] frame, started by (one of them)\n", "goroutines", "frames")
	for _, g := range a.groups {
		fmt.Fprintf(w, "%10s %8s  %s (%d)\n", count(g.Count), drawn.Bytes(g.Stack), where(g), g.Example)
	}
	more(w, a.more)
}

// where is where goroutines stand, without their number.
func where(g heap.Goroutines) string {
	text := fmt.Sprintf("[%s] %s", g.State, g.Func)
	if g.Line != 0 {
		text += fmt.Sprintf(" (%s:%d)", g.File, g.Line)
	}
	if g.In != "" {
		text += " in " + g.In
	}
	if g.CreatedBy != "" {
		text += ", started by " + g.CreatedBy
	}
	return text
}

// writeGoroutines says of which goroutines there are more or fewer.
func writeGoroutines(w io.Writer, groups []heap.Goroutines) {
	for _, g := range groups {
		fmt.Fprintf(w, "%s %s\n", plus(g.Count), goroutineWord(g.Count)+" "+where(g))
	}
}

func goroutineWord(n int) string {
	if n == 1 || n == -1 {
		return "goroutine"
	}
	return "goroutines"
}
