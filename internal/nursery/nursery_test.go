package nursery_test

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"unsafe"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/nursery"
	"github.com/weakref-go/weakref/weaktest"
)

type object struct{ a, b *int }

func TestOrder(t *testing.T) {
	for _, largest := range []int{0, 64} {
		n := nursery.Nursery[object]{Largest: largest}
		const count = 10_000
		all := make([]*object, count)
		descending := 0
		for i := range all {
			all[i] = n.Get()
			if i > 0 && uintptr(unsafe.Pointer(all[i])) < uintptr(unsafe.Pointer(all[i-1])) {
				descending++
			}
		}
		// One by one, hardly any would. The race detector makes sync.Pool forget every fourth
		// thing, with which a batch ends.
		if descending < count/3 {
			t.Errorf("batches of %d: %d of %d came below the one before", largest, descending, count)
		}
		runtime.KeepAlive(all)
	}
}

func TestEachOnce(t *testing.T) {
	var n nursery.Nursery[object]
	var mu sync.Mutex
	seen := make(map[*object]bool)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				p := n.Get()
				if *p != (object{}) {
					t.Error("a new object is not zero")
				}
				p.a = new(int)
				mu.Lock()
				if seen[p] {
					t.Error("an object was handed out twice")
				}
				seen[p] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestLetsGo: what has been handed out, the nursery does not keep.
func TestLetsGo(t *testing.T) {
	var n nursery.Nursery[object]
	refs := make([]weakref.Ref[object], 1000)
	for i := range refs {
		refs[i] = weakref.Make(n.Get())
	}
	weaktest.Eventually(t, "all are dead", func() bool {
		return !slices.ContainsFunc(refs, func(r weakref.Ref[object]) bool { return r.Value() != nil })
	})
	runtime.KeepAlive(&n)
}
