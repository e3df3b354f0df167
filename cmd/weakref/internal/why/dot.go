package why

import (
	"fmt"
	"io"
	"strings"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
)

// graph writes a graph in the language of Graphviz.
type graph struct {
	w    io.Writer
	seen map[string]bool
}

func newGraph(w io.Writer) *graph {
	fmt.Fprint(w, "digraph heap {\n\tnode [shape=box, style=rounded, fontname=\"sans-serif\"]\n\tedge [fontname=\"sans-serif\"]\n")
	return &graph{w, map[string]bool{}}
}

func (g *graph) end() { fmt.Fprintln(g.w, "}") }

// line writes a line, once.
func (g *graph) line(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); !g.seen[line] {
		g.seen[line] = true
		fmt.Fprintf(g.w, "\t%s\n", line)
	}
}

func (g *graph) root(r heap.Root) (id string) {
	id = quote("root " + r.Text)
	g.line("%s [label=%s, shape=box, style=filled, fillcolor=\"#dde8f5\"]", id, quote(r.Text+"\n"+string(r.Kind)))
	return id
}

// object writes a node, with what the object retains if that is known.
func (g *graph) object(o heap.Object, retained uint64) (id string) {
	id = quote(fmt.Sprintf("%#x", o.Address))
	label := fmt.Sprintf("%s\n%#x, %s", typeName(o.Type), o.Address, drawn.Bytes(o.Size))
	if retained > 0 {
		label += "\nretains " + drawn.Bytes(retained)
	}
	g.line("%s [label=%s]", id, quote(label))
	return id
}

// edge writes a reference. It is marked if cutting it frees the object.
func (g *graph) edge(from, to, text string, only bool) {
	style := ""
	if only {
		style = `, color="#c0392b", penwidth=2`
	}
	g.line("%s -> %s [label=%s%s]", from, to, quote(strings.TrimSpace(text)), style)
}

// quote writes a string of the language.
func quote(s string) string {
	s = strings.ReplaceAll(s, `\`, `\\`)
	s = strings.ReplaceAll(s, `"`, `\"`)
	return `"` + strings.ReplaceAll(s, "\n", `\n`) + `"`
}
