package weakref

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"github.com/weakref-go/weakref/internal/reach"
)

// Cycle is an entry of a [KeyMap] that keeps itself alive. See [KeyMap.Cycles].
type Cycle[K any] struct {
	Key Ref[K]

	// Steps is how the value of the key reaches the key: one step if it does so by
	// itself, and several if the values of other keys lie between.
	Steps []string
}

// String returns the steps, as in "Meta.owner → *Session". Of very many it leaves
// out those in the middle.
func (c Cycle[K]) String() string {
	const ends = 4
	steps := c.Steps
	if n := len(steps) - 2*ends; n > 1 {
		steps = slices.Concat(steps[:ends], []string{fmt.Sprintf("… %d more …", n)}, steps[len(steps)-ends:])
	}
	return strings.Join(steps, " ⇒ ")
}

// cyclesLimit bounds the values that Cycles looks at for one entry.
const cyclesLimit = 100_000

// Cycles finds the entries that keep themselves alive: whose value reaches its own
// key, directly or through other entries, so that they never leave (see [KeyMap]).
// Each comes with the path, for example
//
//	Meta.owner → *Session
//
// It walks what the values refer to by reflection, unexported fields included, and
// looks into pointers, structs, slices, maps, interfaces, sync/atomic and sync.Map. It
// does not see everything: not what is in a channel or behind an unsafe.Pointer, and
// of a closure only the first variable that it captures. For each entry it looks at
// 100,000 values at most; complete is false if that was not enough for one.
//
// It is for tests. It reads without a lock, so nothing that the values refer to may
// be changed meanwhile, and takes as long as walking all that memory once for each
// entry.
//
// If the key type has [Slots] there is nothing to find: such entries die.
func (m *KeyMap[K, V]) Cycles() (cycles []Cycle[K], complete bool) {
	if _, slotted := slotsOffset[K](); slotted {
		return nil, true
	}
	entries := make(map[*K]V)
	for key, value := range m.All() {
		entries[key] = value
	}
	g := newKeyGraph(entries)
	complete = true
	for from, key := range g.keys {
		value := entries[key]
		all := reach.Walk(reflect.ValueOf(&value).Elem(), cyclesLimit, func(addr uintptr, path func() string) {
			g.add(from, addr, path)
		})
		complete = complete && all
	}
	g.trim()
	for i, key := range g.keys {
		if steps := g.cycle(i); steps != nil {
			cycles = append(cycles, Cycle[K]{Make(key), steps})
		}
	}
	return cycles, complete
}

// keyGraph is which keys the values of which keys reach. Keys are numbers here, in
// the order of their addresses.
type keyGraph[K any] struct {
	keys  []*K
	edges [][]keyEdge // by key
	known []int       // by key: the last one, plus one, that is known to reach it
}

type keyEdge struct {
	to   int
	path string
}

func newKeyGraph[K, V any](entries map[*K]V) *keyGraph[K] {
	g := &keyGraph[K]{edges: make([][]keyEdge, len(entries)), known: make([]int, len(entries))}
	for key := range entries {
		g.keys = append(g.keys, key)
	}
	slices.SortFunc(g.keys, func(a, b *K) int { return compareAddr(a, uintptr(unsafe.Pointer(b))) })
	return g
}

// compareAddr compares the address of an object with another.
func compareAddr[K any](p *K, addr uintptr) int {
	switch at := uintptr(unsafe.Pointer(p)); {
	case at < addr:
		return -1
	case at > addr:
		return 1
	}
	return 0
}

// add notes that the value of a key holds an address. It matters if it is that of a
// key, or of a part of one. What is known of one key comes before that of the next.
func (g *keyGraph[K]) add(from int, addr uintptr, path func() string) {
	to, found := slices.BinarySearchFunc(g.keys, addr, compareAddr)
	if !found {
		to-- // the last that begins before addr
		if to < 0 || addr >= uintptr(unsafe.Pointer(g.keys[to]))+unsafe.Sizeof(*g.keys[to]) {
			return
		}
	}
	if g.known[to] != from+1 {
		g.known[to] = from + 1
		g.edges[from] = append(g.edges[from], keyEdge{to, path() + " → " + reflect.TypeFor[*K]().String()})
	}
}

// trim removes the edges that are part of no cycle: those from one strongly connected
// component to another, found by Tarjan's algorithm (SIAM J. Comput. 1972).
func (g *keyGraph[K]) trim() {
	component := make([]int, len(g.keys)) // by key, counted from one; 0: not known yet
	order := make([]int, len(g.keys))     // by key: when it was visited; 0: not yet
	var path []int                        // visited, and of no known component
	visited, components := 0, 0
	var visit func(at int) (lowest int)
	visit = func(at int) int {
		visited++
		order[at] = visited
		lowest, begins := visited, len(path)
		path = append(path, at)
		for _, e := range g.edges[at] {
			switch {
			case order[e.to] == 0:
				lowest = min(lowest, visit(e.to))
			case component[e.to] == 0:
				lowest = min(lowest, order[e.to])
			}
		}
		if lowest == order[at] {
			components++
			for _, key := range path[begins:] {
				component[key] = components
			}
			path = path[:begins]
		}
		return lowest
	}
	for key := range g.keys {
		if order[key] == 0 {
			visit(key)
		}
	}
	for from := range g.edges {
		g.edges[from] = slices.DeleteFunc(g.edges[from], func(e keyEdge) bool { return component[from] != component[e.to] })
	}
}

// cycle returns the steps of a shortest way from a key back to itself, or nil.
func (g *keyGraph[K]) cycle(start int) []string {
	type visit struct {
		from int // the key before
		path string
	}
	visits := make(map[int]visit)
	for queue := []int{start}; len(queue) > 0; queue = queue[1:] {
		for _, e := range g.edges[queue[0]] {
			if _, seen := visits[e.to]; seen {
				continue
			}
			visits[e.to] = visit{queue[0], e.path}
			if e.to != start {
				queue = append(queue, e.to)
				continue
			}
			var steps []string
			for at := start; ; {
				steps = append(steps, visits[at].path)
				if at = visits[at].from; at == start {
					slices.Reverse(steps)
					return steps
				}
			}
		}
	}
	return nil
}
