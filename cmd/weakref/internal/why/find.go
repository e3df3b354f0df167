package why

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weakref-go/weakref/heap"
)

// object finds the object that covers an address.
func (v *view) object(text string) (heap.Object, error) {
	addr, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		return heap.Object{}, fmt.Errorf("%q is no address: it should look like 0xc000012340", text)
	}
	o, ok := v.Find(addr)
	if !ok {
		return o, fmt.Errorf("there is no object at %#x in this dump", addr)
	}
	return o, nil
}

// isAddress tells an address from a type.
func isAddress(text string) bool { return text != "" && '0' <= text[0] && text[0] <= '9' }

// ofType returns how objects of a type are held. If no type has that very name,
// it is those whose name contains it. A type is named by the last parts of its package's
// path that tell it from others, so if there is none, the first parts are left out.
func (v *view) ofType(name string) ([]heap.Holding, error) {
	// Types are those of objects: what a *T leads to is a T.
	name = strings.TrimPrefix(name, "*")
	for rest, more := name, true; more; _, rest, more = strings.Cut(rest, "/") {
		if found := v.named(rest); len(found) > 0 {
			return found, nil
		}
	}
	hint := v.Info().Hint
	if hint != "" {
		hint = "\n" + hint
	}
	return nil, fmt.Errorf("no root leads to an object of a type like %q; the query top lists the types%s", name, hint)
}

func (v *view) named(name string) (found []heap.Holding) {
	var similar []heap.Holding
	for _, h := range v.Holdings() {
		switch {
		case h.Type == name:
			found = append(found, h)
		case strings.Contains(h.Type, name):
			similar = append(similar, h)
		}
	}
	if len(found) == 0 {
		return similar
	}
	return found
}
