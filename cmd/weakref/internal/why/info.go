package why

import (
	"fmt"
	"io"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
)

// infoAnswer is what a dump says of itself.
type infoAnswer struct {
	File string
	heap.Info
	Types []heap.Type // the largest ones
}

// infoTypes is how many types are in the summary.
const infoTypes = 10

func info(v *view, _ []string) (answer, error) {
	types := v.Types()
	return &infoAnswer{v.file, v.Info(), types[:min(infoTypes, len(types))]}, nil
}

func (a *infoAnswer) data() any { return a }

func (a *infoAnswer) text(w io.Writer) {
	for _, line := range infoLines(a.File, a.Info) {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "%12s %8s  type\n", "objects", "bytes")
	for _, typ := range a.Types {
		fmt.Fprintf(w, "%12s %8s  %s\n", count(typ.Objects), drawn.Bytes(typ.Bytes), typeName(typ.Name))
	}
}

func infoLines(file string, i heap.Info) []string {
	lines := []string{
		fmt.Sprintf("%s: %s, %s, %s", file, i.GoVersion, i.Arch, plural(i.Goroutines, "goroutine")),
		fmt.Sprintf("%s of %s, which roots lead to; %s without a root",
			plural(i.Reached.Objects, "object"), drawn.Bytes(i.Reached.Bytes), count(i.Unreached)),
	}
	if i.System.Total > 0 {
		lines = append(lines, i.System.String())
	}
	if i.Hint != "" {
		lines = append(lines, fmt.Sprintf("names: %v; %s", i.Names, i.Hint))
	}
	return lines
}

// unrootedAnswer is what no root leads to.
type unrootedAnswer struct {
	list []unrootedObject
	more int
}

type unrootedObject struct {
	Object      heap.Object
	Retained    heap.Size
	AllocatedAt []heap.Call
}

func unrooted(v *view, _ []string) (answer, error) {
	objects := v.Unrooted()
	n := min(v.max, len(objects))
	a := &unrootedAnswer{more: len(objects) - n}
	for _, o := range objects[:n] {
		a.list = append(a.list, unrootedObject{o, v.Retained(o), v.AllocatedAt(o)})
	}
	return a, nil
}

func (a *unrootedAnswer) data() any { return a.list }

func (a *unrootedAnswer) text(w io.Writer) {
	if len(a.list) == 0 {
		fmt.Fprintln(w, "roots lead to everything")
		return
	}
	fmt.Fprintln(w, "No root in the dump leads to these. They are garbage, or only a cleanup holds them.")
	for _, u := range a.list {
		fmt.Fprintf(w, "  %v retains %s in %s\n", u.Object, drawn.Bytes(u.Retained.Bytes), plural(u.Retained.Objects, "object"))
		for _, c := range u.AllocatedAt[:min(3, len(u.AllocatedAt))] {
			fmt.Fprintf(w, "    allocated in %s (%s:%d)\n", c.Func, c.File, c.Line)
		}
	}
	more(w, a.more)
}
