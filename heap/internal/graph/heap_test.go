package graph_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/record"
	"github.com/weakref-go/weakref/heap/internal/test/dumptest"
)

// What no Go heap looks like is refused, with the number of the record.
func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		write func(w *dumptest.Writer)
		want  string
	}{
		{"not aligned", func(w *dumptest.Writer) { w.Object(0xc000000004, 0) }, "record 2 (object) at offset 0x2d: an object of 8 bytes at address 0xc000000004"},
		{"empty", func(w *dumptest.Writer) { w.Object(0xc000000000) }, "an object of 0 bytes"},
		{"outside", func(w *dumptest.Writer) { w.Object(0xd000000000, 0) }, "record 2 (object)"},
		{"two sizes in a page", func(w *dumptest.Writer) { w.Object(0xc000000000, 0); w.Object(0xc000000100, 0, 0) }, "record 3 (object)"},
		{"overlapping", func(w *dumptest.Writer) { w.Object(0xc000000000, 0, 0); w.Object(0xc000000008, 0, 0) }, "overlaps"},
		{"twice", func(w *dumptest.Writer) { w.Object(0xc000000000, 0); w.Object(0xc000000000, 0) }, "overlaps"},
		{"backwards", func(w *dumptest.Writer) { w.Object(0xc000000020, 0); w.Object(0xc000000000, 0) }, "overlaps"},
		{"a page in two places", func(w *dumptest.Writer) {
			w.Object(0xc000000000, 0)
			w.Object(0xc000004000, 0)
			w.Object(0xc000000020, 0)
		}, "not beside the others of its page"},
		{"inside a large one", func(w *dumptest.Writer) {
			w.Object(0xc000000000, make([]uint64, 4096)...)
			w.Object(0xc000002000, 0)
		}, "lies inside"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := dumptest.New()
			tt.write(w)
			_, err := graph.Read(w.End())
			var e *record.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// A small file of far-flung objects must not cost much memory.
func TestScatteredObjects(t *testing.T) {
	w := &dumptest.Writer{ArenaStart: 1 << 30, ArenaEnd: 1 << 47}
	w.Begin()
	for i := range uint64(100_000) {
		w.Object(1<<30+i<<30, 0)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := graph.Read(w.End())
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "too far apart") {
		t.Errorf("error %v", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 200<<20 {
		t.Errorf("%d MB allocated for a file of %d kB", used>>20, len(w.Bytes())>>10)
	}
}

// A torn object keeps its address and size; what is missing has no edges.
func TestTornObject(t *testing.T) {
	w := &dumptest.Writer{ArenaStart: 0xc000000000, ArenaEnd: 0xc800000000}
	w.Begin()
	const size = 1<<32 + 16
	w.Ints(1, 0xc000000000, size)
	w.Raw([]byte(w.Words(0xc400000000, 0xc400000000))...)
	w.Pointers(0, 8, 16, size-8)
	w.Object(0xc400000000, 0)
	w.Data(0x600000, 0xc000000000+size-1)
	h, err := graph.Read(w.End())
	if err != nil {
		t.Fatal(err)
	}
	if h.Len() != 2 || h.Size(0) != size || len(h.Contents(0)) != 16 || h.Find(0xc000000000+1<<32) != 0 {
		t.Errorf("%d objects, the first of %d bytes, %d in the file", h.Len(), h.Size(0), len(h.Contents(0)))
	}
	if s := h.Search(graph.Guide{}); !s.Reached(1) {
		t.Error("the object behind the torn one is not reached")
	}
}

// The kinds of roots, and that the better one explains.
func TestRootKinds(t *testing.T) {
	obj := func(i int) uint64 { return 0xc000000000 + uint64(i)*16 }
	const stackBase = 0xc000400000
	w := dumptest.New()
	for i := range 20 {
		w.Object(obj(i), dumptest.NotPointer, dumptest.NotPointer)
	}
	w.Object(0xc000100000, obj(9), dumptest.NotPointer) // has a finalizer
	w.Object(0xc000102000, obj(12), 0, 0)               // a g
	w.Goroutine(0xc000102000, 1, "select")
	w.Frame(stackBase, 0x401000, "runtime.gopark", obj(2), obj(0))
	w.Frame(stackBase+16, 0x402000, "main.callee", obj(1), stackBase+56, dumptest.NotPointer|obj(5))
	w.Frame(stackBase+40, 0x403000, "main.caller", dumptest.NotPointer|obj(3), dumptest.NotPointer, dumptest.NotPointer|obj(4), dumptest.NotPointer|obj(6))
	w.Defer(obj(8), 0x404000)
	w.Goroutine(0, 2, "preempted")
	w.Frame(0xc000500000, 0x405000, "runtime.asyncPreempt", obj(10))
	w.Frame(0xc000500008, 0x406000, "main.loop", dumptest.NotPointer|obj(11))
	w.Data(0x600000, obj(0), 0xc000102000)
	w.BSS(0x700000, obj(13))
	w.Finalizer(0xc000100000, obj(7), 0)
	w.QueuedFinalizer(obj(14), 0, 0)
	h, err := graph.Read(w.End())
	if err != nil {
		t.Fatal(err)
	}
	s := h.Search(graph.Guide{
		RuntimeVar: func(a uint64) bool { return a >= 0x700000 },
		StackVar: func(f *record.Frame, a uint64) (lo, hi uint64) {
			return stackBase + 48, stackBase + 64
		},
		Cleanups: []graph.CleanupRecord{{Object: obj(0), Func: obj(15), Arg: obj(16)}},
	})
	for i, want := range []graph.Kind{
		0:  graph.Global, // not Runtime, although a frame of the runtime holds it too
		1:  graph.Local,
		2:  graph.Runtime,
		3:  graph.StaleWord, // outside the variable that the callee points into
		4:  graph.StackObject,
		5:  graph.StaleWord,
		6:  graph.StaleWord,
		7:  graph.Finalizer,
		8:  graph.Deferred,
		9:  graph.Finalizer, // held by an object with a finalizer
		10: graph.Register,
		11: graph.Register,
		12: graph.Global, // through the g, but only because there is no other way
		13: graph.Runtime,
		14: graph.Finalizer, // queued: the object itself is held
		15: graph.Cleanup,
		16: graph.Cleanup,
		17: graph.NoRoot,
	} {
		if got := s.Kind(h.Find(obj(i))); got != want {
			t.Errorf("object %d has a root of kind %d, want %d", i, got, want)
		}
	}
	if s.Reached(h.Find(0xc000100000)) {
		t.Error("the finalizer holds its own object")
	}
}

// What a g leads to is explained by something else if there is anything else.
func TestGoroutineRecordsComeLast(t *testing.T) {
	w := dumptest.New()
	w.Object(0xc000000000, 0xc000004000, 0)           // a g, in a global variable
	w.Object(0xc000002000, 0xc000006000)              // a finalizer's closure
	w.Object(0xc000004000, dumptest.NotPointer, 0, 0) // only through the g
	w.Object(0xc000006000, 0xc000004000, 0, 0, 0)     // only through the finalizer
	w.Goroutine(0xc000000000, 1, "select")
	w.Data(0x600000, 0xc000000000)
	w.Finalizer(0xc000000000, 0xc000002000, 0)
	h, err := graph.Read(w.End())
	if err != nil {
		t.Fatal(err)
	}
	s := h.Search(graph.Guide{})
	if kind := s.Kind(2); kind != graph.Finalizer {
		t.Errorf("the object is explained by a root of kind %d, want that of the finalizer", kind)
	}
}

// slots writes objects of 48 bytes to a page, with a pointer or without.
func slots(w *dumptest.Writer, base uint64, pointers bool, slots ...int) {
	for _, slot := range slots {
		words := []uint64{0, 0, 0, 0, 0, 0}
		for i := range words {
			if !pointers || i > 0 {
				words[i] = dumptest.NotPointer
			}
		}
		w.Object(base+uint64(slot)*48, words...)
	}
}

func TestPhantoms(t *testing.T) {
	// 170 slots of 48 bytes fit a page: 168 beside the bitmap or the marks, 165
	// beside both.
	const bitmap, both = 2 + 0 + 0, 5 + 2 + 2
	for version, want := range map[string]int{
		"go1.21.3":              0,
		"go1.24.0":              bitmap,
		"go1.26.8":              both,
		"go1.27 X:nogreenteagc": bitmap,
		"go1.25 X:greenteagc":   both,
		"devel go1.28-abcdef":   both,
		"devel +0123456":        both,
	} {
		w := &dumptest.Writer{GoVersion: version}
		w.Begin()
		slots(w, 0xc000000000, true, 0, 164, 165, 166, 167, 168, 169)
		slots(w, 0xc000002000, false, 0, 167, 168, 169)
		slots(w, 0xc000004000, false, 165, 166, 167, 168, 169) // two or more are left of many
		h, err := graph.Read(w.End())
		if err != nil {
			t.Fatal(err)
		}
		if c := h.Search(graph.Guide{}).Count(); c.Phantoms != want || c.Reached != 0 {
			t.Errorf("%s: %+v, want %d phantoms", version, c, want)
		}
	}
}

// A word of a stack may be the address of a bitmap or the end of the last object.
// This makes no object of it; a pointer of the program does.
func TestStackLeadsToPhantom(t *testing.T) {
	const base, phantom = 0xc000000000, 0xc000000000 + 165*48
	for _, tt := range []struct {
		name  string
		root  func(w *dumptest.Writer)
		found int
	}{
		{"stale word", func(w *dumptest.Writer) {
			w.Frame(0xc000200000, 0x401000, "main.main", phantom|dumptest.NotPointer)
		}, 0},
		{"saved register", func(w *dumptest.Writer) {
			w.Frame(0xc000200000, 0x401000, "runtime.asyncPreempt", phantom)
		}, 0},
		{"interrupted frame", func(w *dumptest.Writer) {
			w.Frame(0xc000200000, 0x401000, "runtime.asyncPreempt", 0)
			w.Frame(0xc000200008, 0x402000, "main.main", phantom|dumptest.NotPointer)
		}, 0},
		{"frame of the runtime", func(w *dumptest.Writer) {
			w.Frame(0xc000200000, 0x401000, "runtime.mallocgc", phantom)
		}, 0},
		{"beside a stack variable", func(w *dumptest.Writer) {
			w.Frame(0xc000200000, 0x401000, "main.callee", 0xc000200008)
			w.Frame(0xc000200008, 0x402000, "main.main", dumptest.NotPointer, phantom|dumptest.NotPointer)
		}, 0},
		{"local variable", func(w *dumptest.Writer) {
			w.Frame(0xc000200000, 0x401000, "main.main", phantom)
		}, 1},
		{"package variable", func(w *dumptest.Writer) { w.Data(0x640000, phantom) }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := dumptest.New()
			slots(w, base, true, 0, 164, 165, 166, 167, 168, 169)
			w.Goroutine(0xc000100000, 1, "running")
			tt.root(w)
			h, err := graph.Read(w.End())
			if err != nil {
				t.Fatal(err)
			}
			want := graph.Counts{Reached: tt.found, Unreached: 2, Phantoms: 5 - tt.found, Bytes: 48 * uint64(tt.found)}
			if c := h.Search(graph.Guide{}).Count(); c != want {
				t.Errorf("%+v, want %+v", c, want)
			}
		})
	}
}

func FuzzGraph(f *testing.F) {
	f.Add(dumptest.Everything())
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		if m := newModel(f, rnd, []int{8, 4}[seed%2]); len(m.dump) < 1<<12 {
			f.Add(m.dump)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := graph.Read(b)
		if err != nil {
			var e *record.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		s := h.Search(graph.Guide{})
		s.Count()
		d := s.Dominators(nil)
		u := s.Unrooted()
		for o := range graph.ID(min(h.Len(), 50)) {
			if h.Find(h.Addr(o)) == graph.None {
				t.Fatalf("object %d is not found by its address", o)
			}
			h.Contents(o)
			h.Referrers(o)
			switch path := s.Path(o); {
			case path != nil:
				s.Cuts(path)
			default:
				u.Paths(o)
			}
			if r := s.Retained(o); s.Firm(o) && r.Bytes != d.Retained[o] {
				t.Fatalf("object %d retains %d or %d bytes", o, r.Bytes, d.Retained[o])
			}
		}
	})
}
