package why

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
)

// topAnswer is what there is, by type.
type topAnswer struct {
	types []heap.Type
	more  int
}

// orders is by what top sorts.
var orders = map[string]func(a, b heap.Type) int{
	"objects":  func(a, b heap.Type) int { return cmp.Compare(b.Objects, a.Objects) },
	"bytes":    func(a, b heap.Type) int { return cmp.Compare(b.Bytes, a.Bytes) },
	"retained": func(a, b heap.Type) int { return cmp.Compare(b.Retained, a.Retained) },
}

func top(v *view, _ []string) (answer, error) {
	order, ok := orders[v.by]
	if !ok {
		return nil, fmt.Errorf("--by is objects, bytes or retained, not %q", v.by)
	}
	types := slices.Clone(v.retainedTypes())
	slices.SortStableFunc(types, order)
	n := min(v.max, len(types))
	return &topAnswer{types[:n], len(types) - n}, nil
}

func (a *topAnswer) data() any { return a.types }

func (a *topAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "%12s %8s %8s  type\n", "objects", "bytes", "retained")
	for _, typ := range a.types {
		fmt.Fprintf(w, "%12s %8s %8s  %s\n", count(typ.Objects), drawn.Bytes(typ.Bytes), drawn.Bytes(typ.Retained), typeName(typ.Name))
	}
	more(w, a.more)
}
