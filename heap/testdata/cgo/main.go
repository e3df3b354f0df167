// Command cgo holds objects in the ways of programs that call C, and says why they are alive.
package main

/*
static int twice(int n) { return 2 * n; }
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/cgo"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
)

type Target struct {
	Label string
	_     [6]int
}

type Registry struct {
	byName map[string]*Target
	size   C.int
}

var (
	registry = &Registry{byName: map[string]*Target{}, size: C.twice(21)}
	handle   cgo.Handle
	pins     runtime.Pinner
)

//go:noinline
func hold() (targets []heap.Target) {
	byHandle, pinned, byName := &Target{Label: "handle"}, &Target{Label: "pinned"}, &Target{Label: "variable"}
	handle = cgo.NewHandle(byHandle)
	pins.Pin(pinned)
	registry.byName["a"] = byName
	for _, t := range []*Target{byHandle, pinned, byName} {
		targets = append(targets, heap.TargetOf(weakref.Make(t)))
	}
	return targets
}

func main() {
	answers, err := new(heap.Explainer).Explain(hold()...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var texts []string
	for _, a := range answers {
		if len(a.Paths) == 0 {
			texts = append(texts, a.String())
			continue
		}
		texts = append(texts, a.Paths[0].String())
	}
	json.NewEncoder(os.Stdout).Encode(texts)
	pins.Unpin()
	handle.Delete()
}
