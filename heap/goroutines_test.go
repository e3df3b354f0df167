package heap_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/gcclock"
)

// park waits for ever, in a place of its own.
//
//go:noinline
func park(c chan int) { <-c }

// Goroutines are counted by where they stand, and a newer dump says of how many more
// there are.
func TestGoroutines(t *testing.T) {
	c := make(chan int)
	defer close(c)
	for range 3 {
		go park(c)
	}
	settle(t, "heap_test.park", 3)
	var e heap.Explainer
	older, err := e.Dump()
	if err != nil {
		t.Fatal(err)
	}
	defer older.Close()
	for range 4 {
		go park(c)
	}
	settle(t, "heap_test.park", 7)
	newer, err := e.Dump()
	if err != nil {
		t.Fatal(err)
	}
	defer newer.Close()
	var parked heap.Goroutines
	n := 0
	for _, g := range newer.Goroutines() {
		if g.Func == "heap_test.park" {
			parked = g
			n += g.Count
		}
	}
	if n != 7 || parked.State != "chan receive" || parked.File != "goroutines_test.go" || parked.Line == 0 ||
		!strings.HasPrefix(parked.CreatedBy, "heap_test.TestGoroutines (goroutines_test.go:") || parked.Stack == 0 || parked.Runtime {
		t.Errorf("%+v", parked)
	}
	more := 0
	for _, g := range heap.DiffGoroutines(older, newer) {
		if g.Runtime {
			t.Errorf("the runtime's own: %v", g)
		}
		if g.Func == "heap_test.park" {
			more += g.Count
		}
	}
	if more != 4 {
		t.Errorf("%d more", more)
	}
}

// settle waits until n goroutines are blocked in a function.
func settle(t *testing.T, fn string, n int) {
	t.Helper()
	buf := make([]byte, 1<<20)
	for range 10_000 {
		blocked := 0
		for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if header, rest, _ := strings.Cut(g, "\n"); !strings.Contains(header, "[runn") && strings.Contains(rest, fn+"(") {
				blocked++
			}
		}
		if blocked == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%d goroutines are not blocked in %s", n, fn)
}

//go:noinline
func await(wg *sync.WaitGroup) { wg.Wait() }

// A goroutine stands in the program's own code, wherever in the library it waits.
func TestGoroutineInLibrary(t *testing.T) {
	var wg sync.WaitGroup
	wg.Add(1)
	defer wg.Done()
	go await(&wg)
	settle(t, "heap_test.await", 1)
	d, err := new(heap.Explainer).Dump()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, g := range d.Goroutines() {
		if g.Func == "heap_test.await" {
			if g.In != "sync.(*WaitGroup).Wait" {
				t.Errorf("%+v", g)
			}
			return
		}
	}
	t.Errorf("it is not there: %v", d.Goroutines())
}

// here is where the call of a test is pending.
type here struct{}

func (here) Describe() string { return "a test" }
func (here) Pending() int     { return 0 }

// The goroutines with which this module looks after containers are not the program's,
// unless they are in its code.
func TestUpkeepIsNotTheProgram(t *testing.T) {
	c := make(chan int)
	defer close(c)
	var m weakref.ValueMap[int, heap.Explainer] // so that there is something to look after
	defer runtime.KeepAlive(&m)
	m.Store(1, new(heap.Explainer))
	resume := gcclock.Pause()
	defer resume()
	callback.Go(here{}, func() { <-c })
	for range 2 {
		runtime.GC() // and upkeep begins, and waits for resume
	}
	settle(t, "gcclock.(*ticker).run", 1)
	settle(t, "heap_test.TestUpkeepIsNotTheProgram.func1", 1)
	d, err := new(heap.Explainer).Dump()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	upkeep, called := 0, 0
	for _, g := range d.Goroutines() {
		switch {
		case strings.HasPrefix(g.Func, "gcclock."):
			upkeep += g.Count
			if !g.Runtime {
				t.Errorf("%+v counts for the program", g)
			}
		case strings.HasPrefix(g.Func, "heap_test.TestUpkeepIsNotTheProgram."):
			called += g.Count
			if g.Runtime {
				t.Errorf("%+v does not count for the program", g)
			}
		}
	}
	if upkeep != 1 || called != 1 {
		t.Errorf("%d goroutines of upkeep, %d in a call of the program", upkeep, called)
	}
	for _, h := range d.Holdings() {
		if strings.HasPrefix(h.Path, "goroutine gcclock.") && !h.Runtime {
			t.Errorf("%+v counts for the program", h)
		}
	}
}
