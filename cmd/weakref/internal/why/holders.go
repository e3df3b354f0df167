package why

import (
	"fmt"
	"io"
	"strings"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
)

// holdersAnswer is what there is, by how it is held.
type holdersAnswer struct {
	held    []heap.Holding
	more    int
	runtime heap.Size // what was left out
}

// ofRuntime says whether something is the runtime's own: held by one of its variables,
// or of one of its types.
func ofRuntime(path, typ string) bool {
	return strings.HasPrefix(path, "runtime.") || strings.HasPrefix(typ, "runtime.") || strings.HasPrefix(typ, "[]runtime.") ||
		strings.Contains(path, ".mLockProfile") || strings.Contains(path, ".sudogbuf")
}

func holders(v *view, args []string) (answer, error) {
	if len(args) == 1 {
		return referrers(v, args[0])
	}
	a := &holdersAnswer{}
	for _, h := range v.Holdings() {
		switch {
		case !v.runtime && (h.Runtime || ofRuntime(h.Path, h.Type)):
			a.runtime.Objects += h.Objects
			a.runtime.Bytes += h.Bytes
		case len(a.held) == v.max:
			a.more++
		default:
			a.held = append(a.held, h)
		}
	}
	return a, nil
}

func (a *holdersAnswer) data() any { return a.held }

func (a *holdersAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "%12s %8s  held as (type; one of them)\n", "objects", "bytes")
	for _, h := range a.held {
		fmt.Fprintf(w, "%12s %8s  %s (%s; %#x)\n", count(h.Objects), drawn.Bytes(h.Bytes), h.Path, typeName(h.Type), h.Example.Address)
	}
	more(w, a.more)
	if a.runtime.Objects > 0 {
		fmt.Fprintf(w, "%12s %8s  the runtime's own; --runtime shows them\n", count(a.runtime.Objects), drawn.Bytes(a.runtime.Bytes))
	}
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
