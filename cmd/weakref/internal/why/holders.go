package why

import (
	"fmt"
	"io"

	"github.com/weakref-go/weakref/heap"
)

// holdersAnswer is what there is, by how it is held.
type holdersAnswer struct {
	held []heap.Holding
	more int
}

func holders(v *view, args []string) (answer, error) {
	if len(args) == 1 {
		return referrers(v, args[0])
	}
	held := v.Holdings()
	n := min(v.max, len(held))
	return &holdersAnswer{held[:n], len(held) - n}, nil
}

func (a *holdersAnswer) data() any { return a.held }

func (a *holdersAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "%12s %8s  held as (type; one of them)\n", "objects", "bytes")
	for _, h := range a.held {
		fmt.Fprintf(w, "%12s %8s  %s (%s; %#x)\n", count(h.Objects), byteText(h.Bytes), h.Path, typeName(h.Type), h.Example.Address)
	}
	more(w, a.more)
}

// referrersAnswer is what refers to an object.
type referrersAnswer struct {
	object heap.Object
	refs   []heap.Reference
	max    int
}

func referrers(v *view, addr string) (answer, error) {
	o, err := v.object(addr)
	if err != nil {
		return nil, err
	}
	return &referrersAnswer{o, v.Referrers(o, v.max), v.max}, nil
}

func (a *referrersAnswer) data() any { return a.refs }

func (a *referrersAnswer) text(w io.Writer) {
	if len(a.refs) == 0 {
		fmt.Fprintf(w, "nothing in the dump refers to %v\n", a.object)
		return
	}
	fmt.Fprintf(w, "%v is referred to by\n", a.object)
	for _, r := range a.refs {
		fmt.Fprintf(w, "  %s\n", r.Text)
		if r.Holder.Address != 0 {
			fmt.Fprintf(w, "    in %v\n", r.Holder)
		}
	}
	if len(a.refs) == a.max {
		fmt.Fprintf(w, "There may be more; raise -n.\n")
	}
}

func (a *referrersAnswer) dot(w io.Writer) {
	g := newGraph(w)
	defer g.end()
	to := g.object(a.object, 0)
	for _, r := range a.refs {
		from := ""
		if r.Holder.Address != 0 {
			from = g.object(r.Holder, 0)
		} else {
			from = g.root(r.Root)
		}
		g.edge(from, to, r.Text, false)
	}
}

// more says that there are more entries.
func more(w io.Writer, n int) {
	if n > 0 {
		fmt.Fprintf(w, "and %s more; raise -n\n", count(n))
	}
}
