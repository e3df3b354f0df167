package graph_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/weakref-go/weakref/heap/internal/capture"
	"github.com/weakref-go/weakref/heap/internal/graph"
)

type node struct {
	next *node
	_    [4]int
}

var keep []any

// fill makes a heap of objects of all sizes. Of share objects one is left, so that
// there are holes everywhere, after a collection.
func fill(seed uint64, share int) {
	rnd := rand.New(rand.NewPCG(1, seed))
	keep = nil
	for range 20_000 {
		switch n := rnd.IntN(2000); {
		case n%2 == 0:
			keep = append(keep, make([]byte, n))
		default:
			keep = append(keep, make([]*node, 1+n/8), &node{next: new(node)})
		}
	}
	for i := range keep {
		if rnd.IntN(share) != 0 {
			keep[i] = nil
		}
	}
	// Twice, because a sync.Pool keeps what it holds for one collection.
	runtime.GC()
	runtime.GC()
}

func modes(t *testing.T, test func(t *testing.T, mode capture.Mode)) {
	t.Run("InProcess", func(t *testing.T) { test(t, capture.InProcess) })
	t.Run("Fork", func(t *testing.T) {
		if !capture.CanFork {
			t.Skip("not on this system")
		}
		test(t, capture.Fork)
	})
}

// rounds is how often what depends on chance is repeated.
func rounds() uint64 {
	if testing.Short() {
		return 3
	}
	return 8
}

func dumpSelf(t testing.TB, mode capture.Mode) *graph.Heap {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "dump"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := capture.Write(f, mode); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	h, err := graph.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// excess is how many objects more than the runtime counts there are.
func excess(h *graph.Heap) (int, graph.Counts) {
	c := h.Search(graph.Guide{}).Count()
	return c.Reached + c.Unreached - int(h.Dump.HeapObjects), c
}

// A dump of this process has exactly the objects that the runtime counts.
func TestComplete(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	modes(t, func(t *testing.T, mode capture.Mode) {
		for i := range rounds() {
			fill(i, 2)
			n, c := excess(dumpSelf(t, mode))
			if n != 0 {
				t.Errorf("%+v: %+d from MemStats.HeapObjects", c, n)
			}
			if c.Unreached > c.Reached/10 {
				t.Errorf("after a collection: %+v", c)
			}
		}
		keep = nil
	})
}

// Objects that no root leads to count too. Where only a few are left in a page, they
// may all be at its end, where phantoms are.
func TestCompleteWithGarbage(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	modes(t, func(t *testing.T, mode capture.Mode) {
		for i := range rounds() {
			fill(i, 40)
			keep = nil
			if n, c := excess(dumpSelf(t, mode)); n != 0 {
				t.Errorf("%+v: %+d from MemStats.HeapObjects", c, n)
			}
		}
	})
}

// A word on a stack that happens to be an address behind the last object of a page
// does not make an object of what is there. With [capture.Fork] there has been such
// a word in a goroutine that the runtime starts when GOMAXPROCS is set.
func TestCompleteWithStaleWord(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	beside = &node{next: new(node)}
	const page, behind = 8192, 64 // in the marks, or in the bitmap
	end := uintptr(unsafe.Pointer(beside))&^(page-1) + page - behind
	done := make(chan struct{})
	var g sync.WaitGroup
	g.Go(func() { wait(done, end) })
	defer g.Wait()
	defer close(done)
	modes(t, func(t *testing.T, mode capture.Mode) {
		fill(1, 2)
		h := dumpSelf(t, mode)
		if n, c := excess(h); n != 0 {
			t.Errorf("%+v: %+d from MemStats.HeapObjects", c, n)
		}
		if h.Find(uint64(end)) == graph.None {
			t.Error("the dump has nothing at the end of the page: this test tests nothing")
		}
	})
	keep, beside = nil, nil
}

var beside *node // an object of the page

var afterwards atomic.Uintptr

// wait has a word in its frame.
//
//go:noinline
func wait(done chan struct{}, word uintptr) {
	<-done
	afterwards.Store(word)
}

// While the program runs there are at most as many objects as the runtime counts:
// it counts garbage until it is swept, and a dump does not have it.
func TestCompleteUnderLoad(t *testing.T) {
	var stop atomic.Bool
	var load sync.WaitGroup
	for i := range 4 {
		load.Go(func() {
			for !stop.Load() {
				allocate(i)
			}
		})
	}
	defer load.Wait()
	defer stop.Store(true)
	modes(t, func(t *testing.T, mode capture.Mode) {
		for range rounds() {
			runtime.GC() // or each dump has the file of the one before in it
			if n, c := excess(dumpSelf(t, mode)); n > 0 {
				t.Errorf("%+v: %+d from MemStats.HeapObjects", c, n)
			}
		}
	})
}

var latest [4][]*node

//go:noinline
func allocate(i int) {
	latest[i] = nil
	for range 1000 {
		latest[i] = append(latest[i], &node{next: new(node)})
	}
}
