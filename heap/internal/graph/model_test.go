package graph_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/test/dumptest"
)

// model is a random heap and what is true of it, found the slow way.
type model struct {
	addr  []uint64
	size  []uint64
	ptrs  [][]uint64 // values of the words that are listed as pointers
	roots []uint64   // pointers in global variables
	fins  []int      // objects with finalizers
	stale []uint64   // words of a frame that are not listed
	dump  []byte
	h     *graph.Heap

	sorted []int // objects by address
}

const heapBase = 0xc000000000

// newModel makes a random heap, as a machine with pointers of ptrSize bytes
// would dump it.
func newModel(t testing.TB, rnd *rand.Rand, ptrSize int) *model {
	m := new(model)
	base := uint64(heapBase)
	if ptrSize == 4 {
		base = 0x8000000
	}
	word := uint64(ptrSize)
	type span struct{ first, end int }
	var spans []span
	for range 1 + rnd.IntN(12) {
		size := []uint64{8, 16, 24, 48, 112, 1152, 4096, 9472, 24576}[rnd.IntN(9)]
		pages := (size + 8191) / 8192
		if size == 9472 {
			pages = 7
		}
		sp := span{first: len(m.addr)}
		for slot := uint64(0); (slot+1)*size <= pages*8192; slot++ {
			if rnd.IntN(4) > 0 && len(m.addr) < 400 && (size > 24 || rnd.IntN(8) == 0) {
				m.addr = append(m.addr, base+slot*size)
				m.size = append(m.size, size)
			}
		}
		sp.end = len(m.addr)
		spans = append(spans, sp)
		base += pages * 8192
		if rnd.IntN(3) == 0 {
			base += uint64(rnd.IntN(1<<8)) * 8192
		}
	}
	somewhere := func() uint64 {
		switch i := rnd.IntN(len(m.addr) + 3); {
		case i == len(m.addr):
			return 0
		case i == len(m.addr)+1:
			return 0x401000
		case i == len(m.addr)+2:
			return heapBase + uint64(rnd.IntN(1<<20))
		default:
			return m.addr[i] + uint64(rnd.IntN(int(m.size[i])))
		}
	}
	if len(m.addr) == 0 {
		m.addr, m.size, spans = []uint64{base}, []uint64{16}, []span{{0, 1}}
	}
	// In this version every slot is an object.
	w := &dumptest.Writer{PtrSize: ptrSize, BigEndian: rnd.IntN(2) == 0, GoVersion: "go1.21"}
	w.Begin()
	// The spans are in no order of address.
	rnd.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	m.ptrs = make([][]uint64, len(m.addr))
	var order []int
	for _, sp := range spans {
		for i := sp.first; i < sp.end; i++ {
			order = append(order, i)
			words := make([]uint64, m.size[i]/word)
			for k := range words {
				words[k] = uint64(rnd.Uint32()) | dumptest.NotPointer
			}
			for range rnd.IntN(3) {
				k := rnd.IntN(len(words))
				if words[k]&dumptest.NotPointer != 0 {
					words[k] = somewhere()
				}
			}
			for _, v := range words {
				if v&dumptest.NotPointer == 0 {
					m.ptrs[i] = append(m.ptrs[i], v)
				}
			}
			w.Object(m.addr[i], words...)
		}
	}
	m.reorder(order)
	for range rnd.IntN(4) {
		m.roots = append(m.roots, somewhere())
	}
	for range rnd.IntN(2) {
		m.stale = append(m.stale, somewhere())
	}
	w.Goroutine(0x100000, 1, "select")
	words := make([]uint64, len(m.stale))
	for i, v := range m.stale {
		words[i] = v | dumptest.NotPointer
	}
	w.Frame(0x7000000, 0x401000, "main.main", words...)
	w.Data(0x600000, m.roots...)
	if rnd.IntN(3) == 0 {
		i := rnd.IntN(len(m.addr))
		m.fins = append(m.fins, i)
		w.Finalizer(m.addr[i], 0, 0)
	}
	m.dump = w.End()
	h, err := graph.Read(m.dump)
	if err != nil {
		t.Fatal(err)
	}
	m.h = h
	return m
}

// reorder numbers the objects in the order of the dump.
func (m *model) reorder(order []int) {
	old := *m
	m.addr, m.size, m.ptrs = nil, nil, nil
	for _, i := range order {
		m.addr = append(m.addr, old.addr[i])
		m.size = append(m.size, old.size[i])
		m.ptrs = append(m.ptrs, old.ptrs[i])
	}
}

func (m *model) find(a uint64) int {
	if m.sorted == nil {
		for i := range m.addr {
			m.sorted = append(m.sorted, i)
		}
		slices.SortFunc(m.sorted, func(i, j int) int { return cmp.Compare(m.addr[i], m.addr[j]) })
	}
	k, _ := slices.BinarySearchFunc(m.sorted, a+1, func(i int, a uint64) int { return cmp.Compare(m.addr[i], a) })
	if k == 0 {
		return -1
	}
	if i := m.sorted[k-1]; a < m.addr[i]+m.size[i] {
		return i
	}
	return -1
}

// dropPassing takes out finalizers of objects that are held otherwise, which do
// not count as holders.
func (m *model) dropPassing() {
	fins := m.fins
	m.fins = nil
	held := m.reach(-1, false)
	for _, f := range fins {
		if !held[f] {
			m.fins = append(m.fins, f)
		}
	}
}

// reach is what is reached from all roots without passing the object avoid.
func (m *model) reach(avoid int, stale bool) map[int]bool {
	got := map[int]bool{}
	var visit func(i int)
	visit = func(i int) {
		if i < 0 || i == avoid || got[i] {
			return
		}
		got[i] = true
		for _, p := range m.ptrs[i] {
			visit(m.find(p))
		}
	}
	for _, p := range m.roots {
		visit(m.find(p))
	}
	for _, f := range m.fins {
		for _, p := range m.ptrs[f] {
			visit(m.find(p))
		}
	}
	if stale {
		for _, p := range m.stale {
			visit(m.find(p))
		}
	}
	return got
}

func models(t *testing.T, f func(t *testing.T, m *model)) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			f(t, newModel(t, rnd, []int{8, 4}[rnd.IntN(2)]))
		})
	}
}

func TestFind(t *testing.T) {
	models(t, func(t *testing.T, m *model) {
		if m.h.Len() != len(m.addr) {
			t.Fatalf("%d objects, want %d", m.h.Len(), len(m.addr))
		}
		for i, a := range m.addr {
			id := graph.ID(i)
			if m.h.Addr(id) != a || m.h.Size(id) != m.size[i] || uint64(len(m.h.Contents(id))) != m.size[i] {
				t.Fatalf("object %d is at %#x, %d bytes", i, m.h.Addr(id), m.h.Size(id))
			}
			for _, off := range []uint64{0, 1, m.size[i] / 2, m.size[i] - 1} {
				if got := m.h.Find(a + off); got != id {
					t.Fatalf("Find(%#x) = %d, want %d", a+off, got, i)
				}
			}
			for _, b := range []uint64{a - 1, a + m.size[i], a + 8192} {
				if got, want := m.h.Find(b), m.find(b); got != graph.ID(want) {
					t.Fatalf("Find(%#x) = %d, want %d", b, int32(got), want)
				}
			}
		}
	})
}

func TestEdges(t *testing.T) {
	models(t, func(t *testing.T, m *model) {
		for i := range m.addr {
			var want, got, edges []graph.ID
			for _, p := range m.ptrs[i] {
				if o := m.find(p); o >= 0 {
					want = append(want, graph.ID(o))
				}
			}
			m.h.Pointers(graph.ID(i), func(_, ptr uint64, to graph.ID) bool {
				if m.find(ptr) != int(to) {
					t.Fatalf("%#x leads to %d", ptr, to)
				}
				got = append(got, to)
				return true
			})
			for _, to := range m.h.Edges(graph.ID(i)) {
				if to != graph.None {
					edges = append(edges, to)
				}
			}
			if !slices.Equal(got, want) || !slices.Equal(edges, want) {
				t.Fatalf("object %d points to %v and %v, want %v", i, got, edges, want)
			}
		}
	})
}

func TestSearch(t *testing.T) {
	models(t, func(t *testing.T, m *model) {
		s := m.h.Search(graph.Guide{})
		all, firm := m.reach(-1, true), m.reach(-1, false)
		for i := range m.addr {
			id := graph.ID(i)
			if s.Reached(id) != all[i] || s.Firm(id) != firm[i] {
				t.Fatalf("object %d: reached %v firm %v, want %v %v", i, s.Reached(id), s.Firm(id), all[i], firm[i])
			}
			path := s.Path(id)
			if (path != nil) != all[i] {
				t.Fatalf("object %d: path %v", i, path)
			}
			m.checkPath(t, path, i)
		}
		c := s.Count()
		if c.Reached != len(all) || c.Reached-c.Stale != len(firm) || c.Reached+c.Unreached+c.Phantoms != len(m.addr) {
			t.Errorf("counts %+v of %d objects, %d reached, %d firm", c, len(m.addr), len(all), len(firm))
		}
	})
}

// checkPath checks that a path hangs together and ends at object i.
func (m *model) checkPath(t *testing.T, path []graph.Step, i int) {
	t.Helper()
	for k, step := range path {
		switch {
		case k == 0:
			if step.Root == nil || step.Root.To != step.To {
				t.Fatalf("the path begins with %+v", step)
			}
		case step.From != path[k-1].To:
			t.Fatalf("the path goes on at %d after %d", step.From, path[k-1].To)
		case !slices.Contains(m.ptrs[step.From], step.Ptr) || m.find(step.Ptr) != int(step.To):
			t.Fatalf("%+v is no reference", step)
		}
	}
	if len(path) > 0 && path[len(path)-1].To != graph.ID(i) {
		t.Fatalf("the path to %d ends at %d", i, path[len(path)-1].To)
	}
}

func TestRetainedAndDominators(t *testing.T) {
	models(t, func(t *testing.T, m *model) {
		s := m.h.Search(graph.Guide{})
		m.dropPassing()
		d := s.Dominators(nil)
		all := m.reach(-1, false)
		for i := range m.addr {
			if !all[i] {
				continue
			}
			without := m.reach(i, false)
			var want graph.Retained
			for o := range all {
				if !without[o] {
					want.Objects++
					want.Bytes += m.size[o]
					// An object dominates what dies with it.
					if o != i && !m.dominates(d, i, o) {
						t.Errorf("%d does not dominate %d", i, o)
					}
				}
			}
			if got := s.Retained(graph.ID(i)); got != want {
				t.Errorf("object %d retains %+v, want %+v", i, got, want)
			}
			if d.Retained[i] != want.Bytes {
				t.Errorf("object %d retains %d bytes in the dominator tree, want %d", i, d.Retained[i], want.Bytes)
			}
		}
	})
}

func (m *model) dominates(d *graph.Dominators, i, o int) bool {
	for at := d.Dominator(graph.ID(o)); at != graph.None; at = d.Dominator(at) {
		if at == graph.ID(i) {
			return true
		}
	}
	return false
}

// Cutting a reference of a path frees the object exactly if Cuts says so.
func TestCuts(t *testing.T) {
	models(t, func(t *testing.T, m *model) {
		s := m.h.Search(graph.Guide{})
		m.dropPassing()
		for i := range m.addr {
			if !s.Firm(graph.ID(i)) {
				continue
			}
			path := s.Path(graph.ID(i))
			only := s.Cuts(path)
			for k, step := range path {
				if k == 0 && len(m.fins) > 0 {
					continue // which root it is does not tell which word to cut
				}
				restore := m.cut(step)
				if freed := !m.reach(-1, false)[i]; freed != only[k] {
					t.Errorf("object %d: cutting reference %d of %d frees it: %v, but Cuts says %v", i, k, len(path), freed, only[k])
				}
				restore()
			}
		}
	})
}

// cut removes one reference.
func (m *model) cut(step graph.Step) (restore func()) {
	list := &m.roots
	if step.From != graph.None {
		list = &m.ptrs[step.From]
	}
	old := *list
	k := slices.Index(old, step.Ptr)
	*list = slices.Delete(slices.Clone(old), k, k+1)
	return func() { *list = old }
}

func TestReferrers(t *testing.T) {
	models(t, func(t *testing.T, m *model) {
		for i := range m.addr {
			var want []graph.ID
			for from, ptrs := range m.ptrs {
				if slices.ContainsFunc(ptrs, func(p uint64) bool { return m.find(p) == i }) {
					want = append(want, graph.ID(from))
				}
			}
			if got := m.h.Referrers(graph.ID(i)); !slices.Equal(got, want) {
				t.Fatalf("referrers of %d: %v, want %v", i, got, want)
			}
		}
	})
}

// The tops lead to everything that is unrooted, and no top leads to another.
func TestUnrooted(t *testing.T) {
	models(t, func(t *testing.T, m *model) {
		s := m.h.Search(graph.Guide{})
		u := s.Unrooted()
		firm := m.reach(-1, false)
		covered := map[int]bool{}
		for _, top := range u.Tops {
			if firm[int(top)] {
				t.Fatalf("top %d is rooted", top)
			}
			if covered[int(top)] {
				t.Errorf("top %d is reached from another", top)
			}
			for o := range m.reachFrom(int(top)) {
				covered[o] = true
			}
		}
		parts := 0
		for _, part := range u.Parts {
			parts += part.Objects
		}
		for i := range m.addr {
			if s.Firm(graph.ID(i)) || !covered[i] {
				continue
			}
			parts--
			paths := u.Paths(graph.ID(i))
			if len(paths) == 0 {
				t.Errorf("no path to unrooted object %d", i)
			}
			for _, p := range paths {
				m.checkPath(t, p, i)
			}
		}
		if parts != 0 {
			t.Errorf("the parts of the tops have %d objects more than there are", parts)
		}
		// Phantoms are left out, so count what is not covered.
		if got, want := len(m.addr)-len(firm)-s.Count().Phantoms, 0; len(covered) < got || got < want {
			t.Errorf("%d unrooted objects covered, want at least %d", len(covered), got)
		}
	})
}

func (m *model) reachFrom(i int) map[int]bool {
	n := *m
	n.roots, n.fins, n.stale = []uint64{m.addr[i]}, nil, nil
	return n.reach(-1, false)
}
