package weakref_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/weaktest"
)

// slotted is a key type with Slots, not in the first place.
type slotted struct {
	id int
	_  struct{ a, b int }
	weakref.Slots
	_ any
}

func newSlotted(id int) *slotted { return &slotted{id: id} }

// keyTests runs a test of KeyMap for keys with and without Slots.
func keyTests(t *testing.T, plain func(*testing.T, func(int) *object), slots func(*testing.T, func(int) *slotted)) {
	t.Run("plain", func(t *testing.T) { plain(t, newObject) })
	t.Run("slots", func(t *testing.T) { slots(t, newSlotted) })
}

func TestKeyMapZeroValue(t *testing.T) {
	keyTests(t, testKeyMapZeroValue[object], testKeyMapZeroValue[slotted])
}

func testKeyMapZeroValue[K any](t *testing.T, newKey func(int) *K) {
	var m weakref.KeyMap[K, string]
	k := newKey(1)
	if _, ok := m.Load(k); ok {
		t.Error("Load finds something")
	}
	if _, ok := m.Load(nil); ok {
		t.Error("Load finds something for nil")
	}
	if _, ok := m.LoadAndDelete(k); ok {
		t.Error("LoadAndDelete finds something")
	}
	m.Delete(k)
	m.Delete(nil)
	m.Clear()
	if m.CompareAndDelete(k, "a") || m.CompareAndSwap(k, "a", "b") {
		t.Error("something compares equal")
	}
	for range m.All() {
		t.Error("All yields something")
	}
	for range m.Keys() {
		t.Error("Keys yields something")
	}
	for range m.Values() {
		t.Error("Values yields something")
	}
	if m.Len() != 0 || m.Sweep() != 0 || m.Stats() != (weakref.Stats{}) {
		t.Errorf("Len %d, Stats %+v", m.Len(), m.Stats())
	}
}

func TestKeyMapBasics(t *testing.T) {
	keyTests(t, testKeyMapBasics[object], testKeyMapBasics[slotted])
}

func testKeyMapBasics[K any](t *testing.T, newKey func(int) *K) {
	var m, other weakref.KeyMap[K, string]
	k, l := newKey(1), newKey(1) // equal, and yet two objects
	m.Store(k, "a")
	other.Store(k, "other")
	if v, ok := m.Load(k); v != "a" || !ok {
		t.Errorf("Load = %q, %v", v, ok)
	}
	if _, ok := m.Load(l); ok {
		t.Error("Load finds another object")
	}
	m.Store(k, "b")
	if v, _ := m.Load(k); v != "b" {
		t.Error("Store does not replace")
	}
	if v, loaded := m.LoadOrStore(k, "c"); v != "b" || !loaded {
		t.Errorf("LoadOrStore = %q, %v", v, loaded)
	}
	if v, loaded := m.LoadOrStore(l, "c"); v != "c" || loaded {
		t.Errorf("LoadOrStore = %q, %v", v, loaded)
	}
	if v, loaded := m.Swap(k, "d"); v != "b" || !loaded {
		t.Errorf("Swap = %q, %v", v, loaded)
	}
	if v, loaded := m.Swap(newKey(2), "e"); v != "" || loaded {
		t.Errorf("Swap = %q, %v", v, loaded)
	}
	if m.CompareAndSwap(k, "x", "y") || !m.CompareAndSwap(k, "d", "e") || m.CompareAndSwap(newKey(3), "", "x") {
		t.Error("CompareAndSwap is wrong")
	}
	if m.CompareAndDelete(k, "d") || !m.CompareAndDelete(k, "e") || m.CompareAndDelete(k, "e") {
		t.Error("CompareAndDelete is wrong")
	}
	if v, loaded := m.LoadAndDelete(l); v != "c" || !loaded {
		t.Errorf("LoadAndDelete = %q, %v", v, loaded)
	}
	if v, loaded := m.LoadAndDelete(l); v != "" || loaded {
		t.Errorf("LoadAndDelete = %q, %v", v, loaded)
	}
	m.Store(k, "f")
	if all := maps.Collect(m.All()); all[k] != "f" {
		t.Errorf("All yields %v", all)
	}
	m.Delete(k)
	m.Store(k, "g")
	m.Clear()
	if _, ok := m.Load(k); ok || m.Len() != 0 {
		t.Error("Clear leaves something")
	}
	m.Store(k, "h")
	if v, _ := m.Load(k); v != "h" {
		t.Error("a cleared map does not work")
	}
	if v, _ := other.Load(k); v != "other" {
		t.Error("another map has been changed")
	}
	valid(t, &m)
}

func TestKeyMapRefuses(t *testing.T) {
	var m weakref.KeyMap[object, int]
	for name, f := range map[string]func(){
		"Store":          func() { m.Store(nil, 1) },
		"LoadOrStore":    func() { m.LoadOrStore(nil, 1) },
		"Swap":           func() { m.Swap(nil, 1) },
		"CompareAndSwap": func() { m.CompareAndSwap(nil, 1, 2) },
		"LoadOrCreate":   func() { m.LoadOrCreate(nil, func() (int, error) { return 1, nil }) },
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, weakref.NilPointer, f) })
	}
	var tinies weakref.KeyMap[int, int]
	mustRefuse(t, weakref.Tiny, func() { tinies.Store(new(int), 1) })

	var uncomparable weakref.KeyMap[object, []int]
	k := newObject(1)
	uncomparable.Store(k, []int{1})
	func() {
		defer func() { recover() }()
		uncomparable.CompareAndSwap(k, nil, nil)
		t.Error("slices were compared")
	}()
	uncomparable.Store(k, []int{2}) // nothing is left locked
	if v, _ := uncomparable.Load(k); v[0] != 2 {
		t.Error("a bad comparison has broken the map")
	}

	bad := weakref.KeyMap[slotted, int]{Name: "bad", OnCollect: func(int) {}}
	func() {
		defer func() {
			if v, _ := recover().(string); !contains(v, "bad", "OnCollect", "Slots") {
				t.Errorf("OnCollect with Slots: %v", v)
			}
		}()
		bad.Store(newSlotted(1), 1)
	}()
}

func TestKeyMapEntriesDie(t *testing.T) {
	keyTests(t, testKeyMapEntriesDie[object], testKeyMapEntriesDie[slotted])
}

func testKeyMapEntriesDie[K any](t *testing.T, newKey func(int) *K) {
	var m weakref.KeyMap[K, *object]
	kept := make([]*K, 100)
	values := make([]*object, len(kept))
	for i := range kept {
		kept[i], values[i] = newKey(i), newObject(i)
		m.Store(kept[i], values[i])
	}
	dead := func() (refs []weakref.Ref[object]) {
		for range 50 {
			v := newObject(-1)
			m.Store(newKey(-1), v)
			refs = append(refs, weakref.Make(v))
		}
		return refs
	}()
	weaktest.Eventually(t, "the dead and their values are gone", func() bool {
		return m.Len() == len(kept) && !slices.ContainsFunc(dead, func(r weakref.Ref[object]) bool { return r.Value() != nil })
	})
	for i, k := range kept {
		if v, _ := m.Load(k); v != values[i] {
			t.Errorf("%d is lost", i)
		}
	}
	n := 0
	for k, v := range m.All() {
		if i := slices.Index(kept, k); i < 0 || values[i] != v {
			t.Errorf("All yields %p, %p", k, v)
		}
		n++
	}
	if n != len(kept) {
		t.Errorf("All yields %d entries", n)
	}
	valid(t, &m)
	kept, values = nil, nil
	weaktest.Eventually(t, "all are gone", func() bool { return m.Len() == 0 && m.Stats().Capacity == 0 })
}

// TestKeyMapLookupLeavesNoTrace checks that asking for an object makes no weak
// record of it: that would take an allocation each.
func TestKeyMapLookupLeavesNoTrace(t *testing.T) {
	var m weakref.KeyMap[object, int]
	var s weakref.Set[object]
	m.Store(newObject(1), 1)
	s.Add(newObject(1))
	objects := make([]object, 10_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range objects {
		m.Load(&objects[i])
		m.Delete(&objects[i])
		m.LoadAndDelete(&objects[i])
		m.CompareAndSwap(&objects[i], 1, 2)
		m.CompareAndDelete(&objects[i], 1)
		s.Has(&objects[i])
		s.Delete(&objects[i])
	}
	runtime.ReadMemStats(&after)
	if n := after.Mallocs - before.Mallocs; n > uint64(len(objects))/10 { // others may allocate, too
		t.Errorf("%d allocations for look-ups of %d objects", n, len(objects))
	}
}

func TestKeyMapLoadDoesNotAllocate(t *testing.T) {
	keyTests(t, testKeyMapLoadDoesNotAllocate[object], testKeyMapLoadDoesNotAllocate[slotted])
}

func testKeyMapLoadDoesNotAllocate[K any](t *testing.T, newKey func(int) *K) {
	var m weakref.KeyMap[K, [4]int] // a value that would not fit into an interface
	there, absent := newKey(1), newKey(2)
	m.Store(there, [4]int{1})
	for name, k := range map[string]*K{"hit": there, "miss": absent} {
		if allocs := testing.AllocsPerRun(100, func() { m.Load(k) }); allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}

// TestKeyMapReleasesValues: the value of an entry that has left is released, although
// its slot stays as long as the table has no reason to be rebuilt.
func TestKeyMapReleasesValues(t *testing.T) {
	var m weakref.KeyMap[object, *object]
	keys := make([]*object, 100)
	for i := range keys {
		keys[i] = newObject(i)
		m.Store(keys[i], nil)
	}
	dead, deleted := func() (dead, deleted weakref.Ref[object]) {
		v, w := newObject(1), newObject(2)
		m.Store(newObject(-1), v)
		m.Store(keys[7], w)
		m.Delete(keys[7])
		return weakref.Make(v), weakref.Make(w)
	}()
	weaktest.MustCollect(t, dead)
	weaktest.MustCollect(t, deleted)
	runtime.KeepAlive(keys)
	runtime.KeepAlive(&m)
}

// TestKeyMapDeathFoundByGrowing: entries that are found dead when the table grows are
// reported as well.
func TestKeyMapDeathFoundByGrowing(t *testing.T) {
	if !weakref.Kill(newObject(0)) {
		t.Skip("deaths cannot be chosen on this runtime")
	}
	var calls atomic.Int32
	m := weakref.KeyMap[object, int]{OnCollect: func(int) { calls.Add(1) }}
	const dead = 50
	var keys []*object
	func() {
		defer gcclock.Pause()() // nobody else removes the dead
		for i := range 10_000 {
			keys = append(keys, newObject(i))
			m.Store(keys[i], i)
			if i < dead {
				weakref.Kill(keys[i])
			}
		}
	}()
	weaktest.Eventually(t, "all deaths are reported", func() bool { return calls.Load() == dead })
	if n := m.Stats().Collected; n != dead {
		t.Errorf("%d entries were collected, want %d", n, dead)
	}
	runtime.KeepAlive(keys)
	runtime.KeepAlive(&m)
}

// TestKeyMapAddressUsedAgain: an object is not taken for a dead one that was at its
// address, although the entry of that is still in the table.
func TestKeyMapAddressUsedAgain(t *testing.T) {
	type key [8]*int // of a size that nothing else here has
	var m weakref.KeyMap[key, int]
	var set weakref.Set[key]
	again := 0
	for round := 0; again < 10 && round < 1000; round++ {
		func() {
			defer gcclock.Pause()() // nobody else removes the dead
			was := make(map[uintptr]bool)
			for i := range 1000 {
				k := new(key)
				was[uintptr(unsafe.Pointer(k))] = true
				m.Store(k, i)
				set.Add(k)
				if _, ok := m.Load(k); !ok || !set.Has(k) {
					t.Fatal("a new key is not there")
				}
			}
			runtime.GC()
			for range 1000 {
				k := new(key)
				if !was[uintptr(unsafe.Pointer(k))] {
					continue
				}
				again++
				if v, ok := m.Load(k); ok {
					t.Fatalf("a new object has the value %d of the one that was at its address", v)
				}
				if set.Has(k) {
					t.Fatal("a new object is in the set because another was at its address")
				}
			}
		}()
	}
	if again == 0 {
		t.Skip("no address was used again")
	}
}

// TestKeyMapFinalizedKey: an object that its finalizer brings back is another
// object to a weak reference, and no longer in the map.
func TestKeyMapFinalizedKey(t *testing.T) {
	var m weakref.KeyMap[object, int]
	back := make(chan *object, 1)
	func() {
		k := newObject(1)
		m.Store(k, 1)
		runtime.SetFinalizer(k, func(k *object) { back <- k })
	}()
	var k *object
	weaktest.Eventually(t, "the finalizer has run", func() bool {
		select {
		case k = <-back:
			return true
		default:
			return false
		}
	})
	if _, ok := m.Load(k); ok {
		t.Error("the object is still in the map")
	}
	m.Store(k, 2)
	for range 3 {
		weaktest.Collect(t)
		if v, ok := m.Load(k); v != 2 || !ok {
			t.Fatalf("Load = %d, %v", v, ok)
		}
	}
	runtime.KeepAlive(k)
}

func TestKeyMapOnCollect(t *testing.T) {
	var mu sync.Mutex
	var got []string
	m := weakref.KeyMap[object, string]{OnCollect: func(v string) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, v)
	}}
	kept := newObject(1)
	func() {
		a, b, c := newObject(2), newObject(3), newObject(4)
		m.Store(kept, "kept")
		m.Store(a, "a")
		m.Store(b, "replaced")
		m.Store(b, "b")
		m.Store(c, "deleted")
		m.Delete(c)
	}()
	weaktest.Eventually(t, "both calls are made", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(got) == 2
	})
	weaktest.Collect(t)
	mu.Lock()
	defer mu.Unlock()
	if slices.Sort(got); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("calls %q", got)
	}
	runtime.KeepAlive(kept)
	runtime.KeepAlive(&m)
}

func TestKeyMapIsCollectable(t *testing.T) {
	keyTests(t, testKeyMapIsCollectable[object], testKeyMapIsCollectable[slotted])
}

// testKeyMapIsCollectable: the map goes although its keys live, and so do its
// values, wherever they hang.
func testKeyMapIsCollectable[K any](t *testing.T, newKey func(int) *K) {
	var keys []*K
	mapOf := func() (m weakref.Ref[weakref.KeyMap[K, *object]], v weakref.Ref[object]) {
		p, o := new(weakref.KeyMap[K, *object]), newObject(1)
		for i := range 100 {
			k := newKey(i)
			p.Store(k, o)
			keys = append(keys, k)
		}
		return weakref.Make(p), weakref.Make(o)
	}
	for range 3 {
		m, v := mapOf()
		weaktest.MustCollect(t, m)
		weaktest.MustCollect(t, v)
	}
	runtime.KeepAlive(keys)
}

// TestKeyMapValueRefersToMap: with Slots, a value may refer to its map, too, if nobody
// else holds its key. TestSlotsValueLeadsToMap is what happens otherwise.
func TestKeyMapValueRefersToMap(t *testing.T) {
	k := newSlotted(1)
	mapOf := func() weakref.Ref[weakref.KeyMap[slotted, any]] {
		m := new(weakref.KeyMap[slotted, any])
		m.Store(k, newObject(1))
		m.Store(newSlotted(2), m)
		return weakref.Make(m)
	}
	weaktest.MustCollect(t, mapOf())
	runtime.KeepAlive(k)
}

// TestSlotsRing is G9: objects whose side data refer to each other in a ring.
func TestSlotsRing(t *testing.T) {
	const n = 1000
	var m weakref.KeyMap[slotted, *slotted]
	ring := func() []weakref.Ref[slotted] {
		objects := make([]*slotted, n)
		refs := make([]weakref.Ref[slotted], n)
		for i := range objects {
			objects[i] = newSlotted(i)
			refs[i] = weakref.Make(objects[i])
		}
		for i, o := range objects {
			m.Store(o, objects[(i+1)%n])
		}
		for i, o := range objects {
			if v, _ := m.Load(o); v != objects[(i+1)%n] {
				t.Fatalf("%d has lost its neighbour", i)
			}
		}
		return refs
	}()
	dropStack()
	// A boxed handle that upkeep looks at while the collector marks keeps its target for
	// that cycle.
	resume := gcclock.Pause()
	runtime.GC() // one collection is enough
	resume()
	alive := 0
	for _, r := range ring {
		if r.Value() != nil {
			alive++
		}
	}
	weaktest.Eventually(t, "the map is empty", func() bool { return m.Len() == 0 })
	if alive > 0 {
		t.Errorf("%d of %d are alive after one collection", alive, n)
	}
	runtime.KeepAlive(&m)
}

// TestKeyMapRingWithoutSlots is the leak that the documentation speaks of, and
// Cycles finds.
func TestKeyMapRingWithoutSlots(t *testing.T) {
	var m weakref.KeyMap[object, *object]
	refs := func() (refs []weakref.Ref[object]) {
		a, b := newObject(1), newObject(2)
		m.Store(a, b)
		m.Store(b, a)
		return append(refs, weakref.Make(a), weakref.Make(b))
	}()
	for range 3 {
		weaktest.MustLive(t, refs[0])
	}
	for k := range m.Keys() {
		m.Delete(k)
	}
	weaktest.MustCollect(t, refs[0])
	weaktest.MustCollect(t, refs[1])
}

// TestKeyMapRingDiesWithItsMap: only the map keeps such a ring.
func TestKeyMapRingDiesWithItsMap(t *testing.T) {
	m, o := func() (weakref.Ref[weakref.KeyMap[object, *object]], weakref.Ref[object]) {
		m := new(weakref.KeyMap[object, *object])
		a, b := newObject(1), newObject(2)
		m.Store(a, b)
		m.Store(b, a)
		return weakref.Make(m), weakref.Make(a)
	}()
	weaktest.MustCollect(t, m)
	weaktest.MustCollect(t, o)
}

func TestSlotsOfCopy(t *testing.T) {
	var m weakref.KeyMap[slotted, string]
	a := newSlotted(1)
	m.Store(a, "a")
	b := new(slotted)
	copyBytes(b, a)
	if _, ok := m.Load(b); ok {
		t.Error("a copy has the value of its original")
	}
	m.Store(b, "b")
	va, _ := m.Load(a)
	vb, _ := m.Load(b)
	if va != "a" || vb != "b" || m.Len() != 2 {
		t.Errorf("%q, %q, %d entries", va, vb, m.Len())
	}
	copyBytes(a, new(slotted)) // the whole object is overwritten
	if _, ok := m.Load(a); ok {
		t.Error("an overwritten object has its value")
	}
	m.Store(a, "again")
	if v, _ := m.Load(a); v != "again" {
		t.Errorf("%q", v)
	}
	m.Delete(a)
	m.Delete(b)
	if m.Len() != 0 {
		t.Errorf("%d entries", m.Len())
	}
	valid(t, &m)
}

// copyBytes copies an object as an assignment would, which go vet does not allow.
func copyBytes[T any](dst, src *T) {
	reflect.ValueOf(dst).Elem().Set(reflect.ValueOf(src).Elem())
}

type (
	deep     struct{ slotted }
	pointing struct {
		*slotted
		_ [4]*int
	}
	shadowed struct {
		Slots int
		_     struct{ weakref.Slots }
		_     [4]*int
	}
)

func TestSlotsAreFound(t *testing.T) {
	for name, c := range map[string]struct{ got, want bool }{
		"embedded":              {weakref.HasSlots[slotted](), true},
		"in an embedded one":    {weakref.HasSlots[deep](), true},
		"itself":                {weakref.HasSlots[weakref.Slots](), true},
		"Keyed":                 {weakref.HasSlots[weakref.Keyed[int]](), true},
		"behind a pointer":      {weakref.HasSlots[pointing](), false},
		"a field, not embbeded": {weakref.HasSlots[shadowed](), false},
		"none":                  {weakref.HasSlots[object](), false},
		"no struct":             {weakref.HasSlots[string](), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v", name, c.got)
		}
	}
	var m weakref.KeyMap[deep, *deep]
	ref := func() weakref.Ref[deep] {
		d := new(deep)
		m.Store(d, d)
		if v, _ := m.Load(d); v != d {
			t.Error("not found")
		}
		return weakref.Make(d)
	}()
	weaktest.MustCollect(t, ref)
	runtime.KeepAlive(&m)

	var p weakref.KeyMap[pointing, int]
	shared := newSlotted(1)
	a, b := &pointing{slotted: shared}, &pointing{slotted: shared}
	p.Store(a, 1)
	if _, ok := p.Load(b); ok {
		t.Error("two objects share a value")
	}
}

func TestNewKey(t *testing.T) {
	k := weakref.NewKey([]int{1, 2})
	var m weakref.KeyMap[weakref.Keyed[[]int], *weakref.Keyed[[]int]]
	m.Store(k, k)
	if v, ok := m.Load(k); v != k || !ok || v.V[1] != 2 {
		t.Error("a Keyed is no key")
	}
	r := weakref.Make(k)
	k = nil
	weaktest.MustCollect(t, r)
	runtime.KeepAlive(&m)
}

// TestKeyMapLoadOrCreateAgainstStore: who asks for an object that has a value gets
// it, although another value is just being created.
func TestKeyMapLoadOrCreateAgainstStore(t *testing.T) {
	keyTests(t, testKeyMapLoadOrCreateAgainstStore[object], testKeyMapLoadOrCreateAgainstStore[slotted])
}

func testKeyMapLoadOrCreateAgainstStore[K any](t *testing.T, newKey func(int) *K) {
	var m weakref.KeyMap[K, int]
	k := newKey(1)
	v, err := m.LoadOrCreate(k, func() (int, error) {
		m.Store(k, 5)
		got := make(chan int)
		go func() {
			v, _ := m.LoadOrCreate(k, func() (int, error) { return 6, nil })
			got <- v
		}()
		if v := <-got; v != 5 {
			t.Errorf("LoadOrCreate = %d beside one that creates, want the value that was stored", v)
		}
		return 7, nil
	})
	if v != 5 || err != nil {
		t.Errorf("LoadOrCreate = %d, %v, want the value that was stored", v, err)
	}
}

func TestKeyMapLoadOrCreate(t *testing.T) {
	keyTests(t, testKeyMapLoadOrCreate[object], testKeyMapLoadOrCreate[slotted])
}

func testKeyMapLoadOrCreate[K any](t *testing.T, newKey func(int) *K) {
	var m weakref.KeyMap[K, int]
	k := newKey(1)
	var calls atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			v, err := m.LoadOrCreate(k, func() (int, error) {
				runtime.Gosched()
				return int(calls.Add(1)), nil
			})
			if v != 1 || err != nil {
				t.Errorf("%d, %v", v, err)
			}
		})
	}
	wg.Wait()
	boom := errors.New("boom")
	l := newKey(2)
	if v, err := m.LoadOrCreate(l, func() (int, error) { return 7, boom }); v != 0 || err != boom {
		t.Errorf("%d, %v", v, err)
	}
	_, err := m.LoadOrCreate(l, func() (int, error) {
		return m.LoadOrCreate(l, func() (int, error) { return 1, nil })
	})
	if !errors.Is(err, weakref.ErrDeadlock) {
		t.Errorf("recursion: %v", err)
	}
	if _, ok := m.Load(l); ok || m.Len() != 1 {
		t.Error("a failure has left an entry")
	}
}

// TestKeyMapModel runs random scripts against a plain map, with deaths among the
// operations.
func TestKeyMapModel(t *testing.T) {
	t.Run("killed", func(t *testing.T) {
		if !weakref.Kill(newObject(1)) {
			t.Skip("deaths cannot be chosen on this runtime")
		}
		for seed := range uint64(60) {
			keyModel(t, rand.New(rand.NewPCG(seed, 5)), newObject, func(p *object) { weakref.Kill(p) }, 500)
		}
	})
	forget := func(t *testing.T) func(*object) {
		return func(p *object) { r := weakref.Make(p); p = nil; weaktest.MustCollect(t, r) }
	}
	t.Run("collected", func(t *testing.T) {
		for seed := range uint64(2) {
			keyModel(t, rand.New(rand.NewPCG(seed, 6)), newObject, forget(t), 200)
		}
	})
	t.Run("slots", func(t *testing.T) {
		for seed := range uint64(2) {
			keyModel(t, rand.New(rand.NewPCG(seed, 7)), newSlotted, func(p *slotted) {
				r := weakref.Make(p)
				p = nil
				weaktest.MustCollect(t, r)
			}, 200)
		}
	})
}

func keyModel[K any](t *testing.T, rnd *rand.Rand, newKey func(int) *K, forget func(*K), steps int) {
	t.Helper()
	// Two maps, so that the keys have values in both.
	var ms [2]weakref.KeyMap[K, int]
	models := [2]map[int]int{{}, {}}
	held := map[int]*K{}
	next := 0
	pick := func() (int, *K) {
		if len(held) == 0 || rnd.IntN(5) == 0 {
			next++
			held[next] = newKey(next)
			return next, held[next]
		}
		ids := slices.Sorted(maps.Keys(held))
		id := ids[rnd.IntN(len(ids))]
		return id, held[id]
	}
	for step := range steps {
		i := rnd.IntN(2)
		m, model := &ms[i], models[i]
		id, k := pick()
		was, ok := model[id]
		switch op := rnd.IntN(100); {
		case op < 20:
			if v, loaded := m.Load(k); v != was || loaded != ok {
				t.Fatalf("step %d: Load = %d, %v, want %d, %v", step, v, loaded, was, ok)
			}
		case op < 40:
			m.Store(k, step)
			model[id] = step
		case op < 50:
			v, loaded := m.LoadOrStore(k, step)
			if loaded != ok || ok && v != was || !ok && v != step {
				t.Fatalf("step %d: LoadOrStore = %d, %v", step, v, loaded)
			}
			model[id] = v
		case op < 56:
			if v, loaded := m.Swap(k, step); v != was || loaded != ok {
				t.Fatalf("step %d: Swap = %d, %v", step, v, loaded)
			}
			model[id] = step
		case op < 62:
			old := was - rnd.IntN(2)
			if got := m.CompareAndSwap(k, old, step); got != (ok && old == was) {
				t.Fatalf("step %d: CompareAndSwap = %v", step, got)
			} else if got {
				model[id] = step
			}
		case op < 68:
			old := was - rnd.IntN(2)
			if got := m.CompareAndDelete(k, old); got != (ok && old == was) {
				t.Fatalf("step %d: CompareAndDelete = %v", step, got)
			} else if got {
				delete(model, id)
			}
		case op < 76:
			if v, loaded := m.LoadAndDelete(k); v != was || loaded != ok {
				t.Fatalf("step %d: LoadAndDelete = %d, %v", step, v, loaded)
			}
			delete(model, id)
		case op < 86:
			delete(held, id)
			delete(models[0], id)
			delete(models[1], id)
			p := k
			k = nil
			forget(p)
		case op < 90:
			m.Sweep()
		case op < 98:
			got := map[*K]int{}
			for k, v := range m.All() {
				if _, twice := got[k]; twice {
					t.Fatalf("step %d: All yields a key twice", step)
				}
				got[k] = v
			}
			if len(got) != len(model) {
				t.Fatalf("step %d: All yields %d entries of %d", step, len(got), len(model))
			}
			for id, v := range model {
				if got[held[id]] != v {
					t.Fatalf("step %d: All yields %d for key %d, want %d", step, got[held[id]], id, v)
				}
			}
		default:
			m.Clear()
			clear(model)
		}
		if m.Len() < len(model) {
			t.Fatalf("step %d: Len = %d with %d alive", step, m.Len(), len(model))
		}
		if err := m.Validate(); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
	}
	runtime.KeepAlive(held)
}

// TestKeyMapConcurrent has goroutines share keys and maps, each checking what only
// it writes.
func TestKeyMapConcurrent(t *testing.T) {
	keyTests(t, testKeyMapConcurrent[object], testKeyMapConcurrent[slotted])
}

func testKeyMapConcurrent[K any](t *testing.T, newKey func(int) *K) {
	const workers, keys = 4, 300
	var ms [workers]weakref.KeyMap[K, int] // each worker's own, on the same keys
	shared := make([]*K, keys)
	for i := range shared {
		shared[i] = newKey(i)
	}
	whileCollecting(func() {
		var ws sync.WaitGroup
		for w := range workers {
			ws.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(w), 1))
				model := map[int]int{}
				m := &ms[w]
				for step := range 5000 {
					i := rnd.IntN(keys)
					switch rnd.IntN(4) {
					case 0:
						m.Store(shared[i], step)
						model[i] = step
					case 1:
						m.Delete(shared[i])
						delete(model, i)
					case 2:
						m.Store(newKey(-1), step) // dies
					default:
						v, ok := m.Load(shared[i])
						if want, there := model[i]; v != want || ok != there {
							t.Errorf("Load = %d, %v, want %d, %v", v, ok, want, there)
							return
						}
					}
				}
			})
		}
		ws.Wait()
	})
	for w := range ms {
		valid(t, &ms[w])
	}
	runtime.KeepAlive(shared)
}

func TestKeyMapName(t *testing.T) {
	m := weakref.KeyMap[object, int]{Name: "metadata"}
	m.Store(newObject(1), 1)
	if st := m.Stats(); st.Name != "metadata" || st.Len != 1 || !strings.Contains(st.Name, "meta") {
		t.Errorf("%+v", st)
	}
}

func TestKeyMapInsert(t *testing.T) {
	var m weakref.KeyMap[object, int]
	keys := map[*object]int{}
	for i := range 100 {
		keys[newObject(i)] = i
	}
	m.Insert(maps.All(keys))
	if got := maps.Collect(m.All()); !maps.Equal(got, keys) {
		t.Errorf("%d entries of %d", len(got), len(keys))
	}
	runtime.KeepAlive(keys)
}

// TestKeyMapResurrectedKey guards against values that an object kept through its death:
// Load found them, and no call could delete them.
func TestKeyMapResurrectedKey(t *testing.T) {
	keyTests(t, testKeyMapResurrectedKey[object], testKeyMapResurrectedKey[slotted])
}

func testKeyMapResurrectedKey[K any](t *testing.T, newKey func(int) *K) {
	var m, other weakref.KeyMap[K, string]
	var back atomic.Pointer[K]
	func() {
		k := newKey(1)
		m.Store(k, "old")
		other.Store(k, "old, too")
		runtime.SetFinalizer(k, back.Store)
	}()
	weaktest.Eventually(t, "the object is back", func() bool { return back.Load() != nil })
	k := back.Load()
	none := func(when string) {
		t.Helper()
		if v, ok := m.Load(k); ok {
			t.Errorf("%s: Load = %q", when, v)
		}
		if v, ok := m.LoadAndDelete(k); ok {
			t.Errorf("%s: LoadAndDelete = %q", when, v)
		}
	}
	none("after its death")
	if v, loaded := m.LoadOrStore(k, "fresh"); v != "fresh" || loaded {
		t.Errorf("LoadOrStore = %q, %v", v, loaded)
	}
	if v, loaded := m.Swap(k, "new"); v != "fresh" || !loaded {
		t.Errorf("Swap = %q, %v", v, loaded)
	}
	m.Sweep()
	if v, _ := m.Load(k); v != "new" || m.Len() != 1 {
		t.Errorf("Load = %q among %d", v, m.Len())
	}
	if v, ok := other.Load(k); ok {
		t.Errorf("the other map has %q", v)
	}
	m.Delete(k)
	none("after Delete")
	if v, err := m.LoadOrCreate(k, func() (string, error) { return "created", nil }); v != "created" || err != nil {
		t.Errorf("LoadOrCreate = %q, %v", v, err)
	}
	m.Clear()
	none("after Clear")
	valid(t, &m)
	runtime.KeepAlive(k)
}

// TestSlotsDead: with the death of a key its values are gone, whoever has the pointer.
func TestSlotsDead(t *testing.T) {
	var m weakref.KeyMap[slotted, int]
	k := newSlotted(1)
	m.Store(k, 1)
	if !weakref.Kill(k) {
		t.Skip("deaths cannot be chosen on this runtime")
	}
	if _, ok := m.Load(k); ok {
		t.Error("a dead key has its value")
	}
	if _, loaded := m.LoadAndDelete(k); loaded {
		t.Error("a dead key had its value")
	}
	m.Sweep()
	if m.Len() != 0 {
		t.Errorf("%d entries", m.Len())
	}
	runtime.KeepAlive(k)
}

// TestSlotsCopiedBack: a copy that is put where its original was does not have the
// original's values.
func TestSlotsCopiedBack(t *testing.T) {
	var m weakref.KeyMap[slotted, int]
	copied := new(slotted)
	at := func() uintptr {
		k := newSlotted(1)
		m.Store(k, 42)
		copyBytes(copied, k)
		return uintptr(unsafe.Pointer(k))
	}()
	weaktest.Eventually(t, "the original is dead", func() bool { return m.Len() == 0 })
	var keep []*slotted
	for range 200_000 {
		k := new(slotted)
		keep = append(keep, k)
		if uintptr(unsafe.Pointer(k)) != at {
			continue
		}
		copyBytes(k, copied)
		if v, ok := m.Load(k); ok {
			t.Errorf("an object for which nothing has been stored has %d", v)
		}
		m.Store(k, 1)
		if v, ok := m.LoadAndDelete(k); v != 1 || !ok {
			t.Errorf("LoadAndDelete = %d, %v", v, ok)
		}
		if _, ok := m.Load(k); ok {
			t.Error("Delete does not delete")
		}
		return
	}
	t.Log("no object came to where the original was")
	runtime.KeepAlive(keep)
}

// TestSlotsAssignedBack: what is deleted does not come back with an assignment.
func TestSlotsAssignedBack(t *testing.T) {
	var m, other weakref.KeyMap[slotted, int]
	a, copied := newSlotted(1), new(slotted)
	m.Store(a, 1)
	other.Store(a, 2)
	copyBytes(copied, a)
	m.Delete(a)
	copyBytes(a, copied)
	if v, ok := m.Load(a); ok {
		t.Errorf("a deleted value is back: %d", v)
	}
	m.Store(a, 3)
	copyBytes(a, copied) // takes the new value away, too
	if v, ok := m.Load(a); ok {
		t.Errorf("a value is back: %d", v)
	}
	m.Delete(a)
	other.Delete(a)
	if m.Len() != 0 || other.Len() != 0 {
		t.Errorf("%d and %d entries", m.Len(), other.Len())
	}
	if _, ok := other.Load(a); ok {
		t.Error("Delete does not delete")
	}
	valid(t, &m)
}

// TestSlotsOverwritten: an entry whose object has been overwritten can be deleted, and a
// copy's calls do nothing to the original.
func TestSlotsOverwritten(t *testing.T) {
	var m, other weakref.KeyMap[slotted, int]
	a, b := newSlotted(1), newSlotted(2)
	m.Store(a, 1)
	other.Store(a, 2)
	m.Store(b, 3)
	copyBytes(b, a)
	if _, ok := m.Load(b); ok {
		t.Error("an overwritten object has a value")
	}
	m.Delete(b)
	if m.Len() != 1 {
		t.Errorf("%d entries", m.Len())
	}
	other.Store(b, 4)
	other.Clear()
	if v, ok := m.Load(a); v != 1 || !ok {
		t.Errorf("the original has %d, %v", v, ok)
	}
	if _, ok := other.Load(a); ok || other.Len() != 0 {
		t.Error("Clear leaves something")
	}
	valid(t, &m)
	runtime.KeepAlive(b)
}

// registry has a KeyMap whose values lead back to it.
type registry struct {
	states weakref.KeyMap[slotted, *registryState]
	_      [64]byte
}

type registryState struct {
	strong *registry
	weak   weakref.Ref[registry]
}

// TestSlotsValueLeadsToMap is the limit that the documentation of Slots speaks of, and
// the remedy.
func TestSlotsValueLeadsToMap(t *testing.T) {
	key := newSlotted(1)
	of := func(value func(*registry) *registryState) weakref.Ref[registry] {
		r := new(registry)
		r.states.Store(key, value(r))
		return weakref.Make(r)
	}
	weakly := of(func(r *registry) *registryState { return &registryState{weak: weakref.Make(r)} })
	weaktest.MustCollect(t, weakly)
	strongly := of(func(r *registry) *registryState { return &registryState{strong: r} })
	for range 3 {
		weaktest.Collect(t)
	}
	if strongly.Value() == nil {
		t.Error("a map is collected although a value keeps it; the documentation says otherwise")
	}
	runtime.KeepAlive(key)
	key = nil
	weaktest.MustCollect(t, strongly)
}
