package names

import (
	"math/rand/v2"
	"testing"

	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/test/dumptest"
)

// What waits is taken once each time that it is added, in any number, with its page.
func TestWaiting(t *testing.T) {
	const objects, base, perPage = 3 * leastFew, 0xc000000000, 8192 / 16
	dump := dumptest.New()
	for i := range uint64(objects) {
		dump.Object(base+i*16, 0, 0)
	}
	h, err := graph.Read(dump.End())
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	w, waits, n := newWaiting(h), map[graph.ID]bool{}, 0
	add := func(o graph.ID) {
		w.add(o, graph.Page(o/perPage))
		waits[o] = true
	}
	inOrder := 0
	for round := range 6 {
		for range []int{1, 10, 2 * leastFew, 100, leastFew, objects}[round] {
			add(graph.ID(rnd.IntN(objects)))
		}
		for f, ok := w.take(); ok; f, ok = w.take() {
			if !waits[f.object] || f.page != graph.Page(f.object/perPage) {
				t.Fatalf("object %d of page %d was taken; it waits: %v", f.object, f.page, waits[f.object])
			}
			delete(waits, f.object)
			if w.inOrder {
				inOrder++
			}
			if n++; n%3 == 0 && n < 5*objects {
				add(graph.ID(rnd.IntN(objects))) // ahead or behind
			}
		}
		if len(waits) > 0 {
			t.Fatalf("%d objects were not taken", len(waits))
		}
	}
	if inOrder == 0 || inOrder == n {
		t.Errorf("%d of %d were taken in the order of the dump", inOrder, n)
	}
}
