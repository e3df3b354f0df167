package a

import "github.com/weakref-go/weakref"

type conn struct {
	weakref.Slots
	name string
}

type plain struct{ name *string }

type registry struct {
	states weakref.KeyMap[conn, *state] // want `the value can lead to its own map \(\*state.registry.states\), and is kept in its key: the map lives as long as any of its keys; hold what leads to the map by a weak pointer there`
}

type state struct{ registry *registry }

// The remedy.

type careful struct {
	states weakref.KeyMap[conn, *weakState]
}

type weakState struct{ registry weakref.Ref[careful] }

// Without Slots the map keeps the value, and not the other way round.

type unslotted struct {
	states weakref.KeyMap[plain, *unslottedState]
}

type unslottedState struct{ registry *unslotted }

// Generic types.

type generic[K any] struct {
	m weakref.KeyMap[K, *genericState[K]]
}

type genericState[K any] struct{ list []*generic[K] }

func (g *generic[K]) put(k *K) { g.m.Store(k, &genericState[K]{}) }

var (
	slotted  generic[conn] // want `\*genericState\[conn\].list\[i\].m`
	ordinary generic[plain]
)

// A value that leads to its key is what Slots is for.

type back struct{ owner *conn }

var backs weakref.KeyMap[conn, back]

// Another map is another matter.

type elsewhere struct{ backs *weakref.KeyMap[conn, back] }

var others weakref.KeyMap[conn, elsewhere]

//weakvet:ignore slotsmap the registry lives as long as the program
var global weakref.KeyMap[conn, *globalState]

type globalState struct {
	m *weakref.KeyMap[conn, *globalState] // want `\*globalState.m`
}
