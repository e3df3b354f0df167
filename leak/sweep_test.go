package leak

import (
	"testing"

	"github.com/weakref-go/weakref/internal/handle"
)

// A look is bounded, and looks come round to everything.
func TestLookIsBounded(t *testing.T) {
	const n = 3*maxLook + 17
	object := new([4]int)
	h := handle.Of(object)
	k := new(kind)
	list := make([]entry, n)
	for i := range list {
		list[i] = entry{object: h, kind: k, cycle: uint64(i)}
	}
	seen := make(map[uint64]int)
	at, looks := 0, 0
	for len(seen) < n && looks < 10 {
		looks++
		before := len(seen)
		list, at = sweep(list, at, func(e entry, dead bool) bool {
			seen[e.cycle]++
			return e.cycle%2 == 0
		})
		if len(seen)-before > maxLook {
			t.Fatalf("a look at %d objects", len(seen)-before)
		}
	}
	if len(seen) != n || looks > 5 {
		t.Errorf("%d looks at %d of %d objects", looks, len(seen), n)
	}
	for _, e := range list {
		if e.cycle%2 != 0 && seen[e.cycle] > 0 {
			t.Fatalf("object %d is still in the list", e.cycle)
		}
	}
}

func BenchmarkLook(b *testing.B) {
	objects := make([]*[8]int, maxLook)
	w := new(Watcher)
	for i := range objects {
		objects[i] = new([8]int)
		w.add(handle.Of(objects[i]), kindKey{})
	}
	for b.Loop() {
		w.look()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/maxLook, "ns/object")
}
