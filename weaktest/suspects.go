package weaktest

import (
	"fmt"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/relink"
)

// suspects says why the objects are alive that a condition looks at weakly.
func suspects(cond func() bool) string {
	a, err := explainWeak(cond, "")
	if err == nil && a.Names < heap.NamesFull {
		if binary := relink.Binary(); binary != "" {
			if again, err := explainWeak(cond, binary); err == nil {
				a = again
			}
		}
	}
	switch {
	case err != nil:
		return fmt.Sprintf("it cannot be said what is still alive: %v", err)
	case a.Objects == 0 && a.Names < heap.NamesSymbols:
		return "no weakly held object was found from the condition; there may be some in package variables: " + a.Hint
	case a.Objects == 0:
		return "no weakly held object was found from the condition"
	}
	for i := range a.Held {
		if root := &a.Held[i].By.Root; root.Kind == heap.RootHolder {
			root.Text = "the condition"
		}
	}
	return a.String()
}

// explainWeak asks package heap, with the names that binary has.
func explainWeak(holder any, binary string) (*heap.WeakAnswer, error) {
	defer gcclock.Pause()() // or upkeep may be what holds a container at that moment
	return (&heap.Explainer{Binary: binary}).ExplainWeak(holder)
}
