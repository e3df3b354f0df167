package weakref

import "testing"

// TestTrim checks that the search for a way back begins only at keys that have one, and
// goes only to such: else a long way into a cycle would be walked once for each key on it.
func TestTrim(t *testing.T) {
	const n = 1000
	g := &keyGraph[int]{keys: make([]*int, n+4), edges: make([][]keyEdge, n+4)}
	edge := func(from, to int) { g.edges[from] = append(g.edges[from], keyEdge{to: to}) }
	for i := range n {
		edge(i, i+1) // leads to the first cycle
	}
	edge(n, n+1) // the first: n and n+1
	edge(n+1, n)
	edge(n+1, n+2) // between the cycles
	edge(n+2, n+3)
	edge(n+3, n+3) // the second
	g.trim()
	for key, edges := range g.edges {
		var want []int
		switch key {
		case n:
			want = []int{n + 1}
		case n + 1:
			want = []int{n}
		case n + 3:
			want = []int{n + 3}
		}
		if len(edges) != len(want) || len(want) == 1 && edges[0].to != want[0] {
			t.Errorf("edges of %d are %v, want %v", key, edges, want)
		}
	}
}
