package weaktest

import (
	"errors"
	"fmt"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/gcclock"
)

// suspects says why the objects are alive that a condition looks at weakly.
func suspects(cond func() bool) string {
	a, err := explainWeak(cond)
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

// explainWeak asks package heap. If many goroutines are in system calls, a copy of
// the process can say it.
func explainWeak(holder any) (*heap.WeakAnswer, error) {
	defer gcclock.Pause()() // or upkeep may be what holds a container at that moment
	a, err := new(heap.Explainer).ExplainWeak(holder)
	if errors.Is(err, heap.ErrSystemCalls) && heap.CanFork {
		a, err = (&heap.Explainer{Mode: heap.Fork}).ExplainWeak(holder)
	}
	return a, err
}
