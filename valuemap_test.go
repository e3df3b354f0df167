package weakref_test

import (
	"bytes"
	"errors"
	"log/slog"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/boxtest"
	"github.com/weakref-go/weakref/weaktest"
)

type objectMap = weakref.ValueMap[int, object]

// fill stores n objects under the keys from 0 and returns them.
func fill(m *objectMap, n int) []*object {
	objects := make([]*object, n)
	for i := range objects {
		objects[i] = newObject(i)
		m.Store(i, objects[i])
	}
	return objects
}

// storeDropped stores objects that nobody else holds.
//
//go:noinline
func storeDropped(m *objectMap, keys ...int) {
	for _, k := range keys {
		m.Store(k, newObject(k))
	}
}

func valid(t *testing.T, m interface{ Validate() error }) {
	t.Helper()
	if err := m.Validate(); err != nil {
		t.Error(err)
	}
}

func TestValueMapZeroValue(t *testing.T) {
	var m objectMap
	if _, ok := m.Load(1); ok {
		t.Error("Load finds something")
	}
	if _, ok := m.LoadAndDelete(1); ok {
		t.Error("LoadAndDelete finds something")
	}
	m.Delete(1)
	m.Clear()
	if m.CompareAndDelete(1, newObject(1)) || m.CompareAndSwap(1, newObject(1), newObject(2)) {
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

func TestValueMapBasics(t *testing.T) {
	var m objectMap
	p, q := newObject(1), newObject(2)

	m.Store(1, p)
	if v, ok := m.Load(1); v != p || !ok {
		t.Errorf("Load = %p, %v", v, ok)
	}
	if _, ok := m.Load(2); ok {
		t.Error("Load finds another key")
	}
	m.Store(1, q)
	if v, _ := m.Load(1); v != q {
		t.Error("Store does not replace")
	}
	if v, loaded := m.LoadOrStore(1, p); v != q || !loaded {
		t.Errorf("LoadOrStore = %p, %v", v, loaded)
	}
	if v, loaded := m.LoadOrStore(2, p); v != p || loaded {
		t.Errorf("LoadOrStore = %p, %v", v, loaded)
	}
	if v, loaded := m.Swap(1, p); v != q || !loaded {
		t.Errorf("Swap = %p, %v", v, loaded)
	}
	if v, loaded := m.Swap(3, p); v != nil || loaded {
		t.Errorf("Swap = %p, %v", v, loaded)
	}
	if m.CompareAndSwap(1, q, q) || !m.CompareAndSwap(1, p, q) || m.CompareAndSwap(4, p, q) || m.CompareAndSwap(1, nil, p) {
		t.Error("CompareAndSwap is wrong")
	}
	if m.Len() != 3 {
		t.Errorf("Len = %d", m.Len())
	}
	if m.CompareAndDelete(1, p) || !m.CompareAndDelete(1, q) || m.CompareAndDelete(1, q) || m.CompareAndDelete(2, nil) {
		t.Error("CompareAndDelete is wrong")
	}
	if v, loaded := m.LoadAndDelete(2); v != p || !loaded {
		t.Errorf("LoadAndDelete = %p, %v", v, loaded)
	}
	if v, loaded := m.LoadAndDelete(2); v != nil || loaded {
		t.Errorf("LoadAndDelete = %p, %v", v, loaded)
	}
	m.Delete(3)
	m.Delete(3)
	if m.Len() != 0 {
		t.Errorf("Len = %d", m.Len())
	}
	m.Store(1, p)
	m.Clear()
	if _, ok := m.Load(1); ok || m.Len() != 0 {
		t.Error("Clear leaves something")
	}
	m.Store(1, p)
	if v, _ := m.Load(1); v != p {
		t.Error("a cleared map does not work")
	}
	valid(t, &m)
	runtime.KeepAlive(p)
}

func TestValueMapRefuses(t *testing.T) {
	var m objectMap
	for name, f := range map[string]func(){
		"Store":          func() { m.Store(1, nil) },
		"LoadOrStore":    func() { m.LoadOrStore(1, nil) },
		"Swap":           func() { m.Swap(1, nil) },
		"CompareAndSwap": func() { m.CompareAndSwap(1, newObject(1), nil) },
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, weakref.NilPointer, f) })
	}
	var tinies weakref.ValueMap[int, int]
	mustRefuse(t, weakref.Tiny, func() { tinies.Store(1, new(int)) })
	mustRefuse(t, weakref.Tiny, func() { tinies.LoadOrCreate(1, func() (*int, error) { return new(int), nil }) })
	var empties weakref.ValueMap[int, empty]
	mustRefuse(t, weakref.ZeroSize, func() { empties.Store(1, new(empty)) })
	if m.Len() != 0 {
		t.Error("something was stored")
	}
	var unhashable weakref.ValueMap[any, object]
	func() {
		defer func() { recover() }()
		unhashable.Store([]int{1}, newObject(1))
		t.Error("a slice was taken as a key")
	}()
	p := newObject(1)
	unhashable.Store("works afterwards", p)
	if v, _ := unhashable.Load("works afterwards"); v != p {
		t.Error("a bad key has broken the map")
	}
}

func TestValueMapKeyTypes(t *testing.T) {
	testKeys(t, 1, 2)
	testKeys(t, int8(1), int8(-1))
	testKeys(t, uint16(1), uint16(2))
	testKeys(t, int32(1), int32(2))
	testKeys(t, "a", "b")
	testKeys(t, 1.5, 2.5)
	testKeys(t, [2]string{"a", "b"}, [2]string{"a", "c"})
	testKeys[any](t, 1, "1")
	testKeys(t, struct{}{}, struct{}{})
	testKeys(t, newObject(1), newObject(2))
	testKeys(t, make(chan int), make(chan int))
}

func testKeys[K comparable](t *testing.T, a, b K) {
	t.Helper()
	var m weakref.ValueMap[K, object]
	p, q := newObject(1), newObject(2)
	m.Store(a, p)
	m.Store(b, q)
	if v, _ := m.Load(b); v != q {
		t.Errorf("%T: the second key is lost", a)
	}
	if v, _ := m.Load(a); (v != p) != (a == b) {
		t.Errorf("%T: the first key is wrong", a)
	}
	valid(t, &m)
	runtime.KeepAlive(p)
}

// TestValueMapNaN checks that keys that equal nothing, not even themselves, do as
// they do in a Go map.
func TestValueMapNaN(t *testing.T) {
	var m weakref.ValueMap[float64, object]
	p := newObject(1)
	const n = 5000 // enough to split
	for range n {
		m.Store(math.NaN(), p)
	}
	if _, ok := m.Load(math.NaN()); ok || m.Len() != n {
		t.Errorf("Len = %d", m.Len())
	}
	seen := 0
	for range m.All() {
		seen++
	}
	if seen != n {
		t.Errorf("All yields %d entries of %d", seen, n)
	}
	if v, err := m.LoadOrCreate(math.NaN(), func() (*object, error) { return p, nil }); v != p || err != nil {
		t.Errorf("LoadOrCreate = %p, %v", v, err)
	}
	m.Clear()
	if m.Len() != 0 {
		t.Error("Clear leaves something")
	}
}

func TestValueMapEntriesDie(t *testing.T) {
	var m objectMap
	kept := fill(&m, 100)
	storeDropped(&m, 100, 101, 102)
	weaktest.Eventually(t, "only the kept entries are left", func() bool { return m.Len() == 100 })
	for i, p := range kept {
		if v, _ := m.Load(i); v != p {
			t.Errorf("%d is lost", i)
		}
	}
	if _, ok := m.Load(100); ok {
		t.Error("a dead entry is found")
	}
	if m.Stats().Collected != 3 {
		t.Errorf("Collected = %d", m.Stats().Collected)
	}
	valid(t, &m)
	runtime.KeepAlive(kept)
}

// TestValueMapEntriesLeaveByThemselves is G4: nobody calls the map, or a helper
// that does, and yet the dead leave within two collections. (Not so with boxed handles:
// upkeep that looks at one while the collector marks saves its target for that cycle.)
func TestValueMapEntriesLeaveByThemselves(t *testing.T) {
	if boxtest.InUse() {
		t.Skip("handles are boxed")
	}
	for range 10 {
		var m objectMap
		storeDropped(&m, 1, 2, 3)
		dropStack()
		runtime.GC()
		runtime.GC()
		for deadline := time.Now().Add(10 * time.Second); m.Len() > 0; time.Sleep(50 * time.Microsecond) {
			if time.Now().After(deadline) {
				weaktest.Eventually(t, "the map is empty", func() bool { return m.Len() == 0 })
				t.Fatal("dead entries remain until the next collection")
			}
		}
	}
}

// dropStack overwrites what earlier calls have left on the stack.
//
//go:noinline
func dropStack() int {
	var pad [256]int
	return len(pad) + pad[17]
}

// TestValueMapShrinks is the other half of G4.
func TestValueMapShrinks(t *testing.T) {
	var m objectMap
	const n = 100_000
	objects := fill(&m, n)
	grown := m.Stats().Capacity
	if grown < n {
		t.Fatalf("room for %d of %d", grown, n)
	}
	kept := slices.Clone(objects[:10])
	objects = nil
	weaktest.Eventually(t, "the map has shrunk", func() bool { return m.Len() == 10 && m.Stats().Capacity < 100 })
	for i, p := range kept {
		if v, _ := m.Load(i); v != p {
			t.Errorf("%d is lost", i)
		}
	}
	valid(t, &m)
	kept = nil
	weaktest.Eventually(t, "the map is empty", func() bool { return m.Len() == 0 && m.Stats().Capacity == 0 })
	p := newObject(1)
	m.Store(1, p)
	if v, _ := m.Load(1); v != p {
		t.Error("an emptied map does not work")
	}
}

// TestValueMapIsCollectable is G5: the map goes although its values live, and
// with OnCollect set.
func TestValueMapIsCollectable(t *testing.T) {
	var kept []*object
	var calls atomic.Int32
	mapOfLiving := func() weakref.Ref[objectMap] {
		m := &objectMap{OnCollect: func(int) { calls.Add(1) }}
		kept = append(kept, fill(m, 1000)...)
		return weakref.Make(m)
	}
	for range 5 {
		weaktest.MustCollect(t, mapOfLiving())
	}
	selfish := func() weakref.Ref[objectMap] {
		m := new(objectMap)
		m.OnCollect = func(int) { m.Len() } // refers to its map
		kept = append(kept, fill(m, 10)...)
		storeDropped(m, 20, 21)
		return weakref.Make(m)
	}
	for range 5 {
		weaktest.MustCollect(t, selfish())
	}
	runtime.KeepAlive(kept)
}

func TestValueMapKeysAreReleased(t *testing.T) {
	var m weakref.ValueMap[*object, object]
	value := newObject(0)
	store := func(v *object) weakref.Ref[object] {
		k := newObject(1)
		m.Store(k, v)
		return weakref.Make(k)
	}
	deleted := store(value)
	for k := range m.Keys() {
		m.Delete(k)
	}
	weaktest.MustCollect(t, deleted)
	dead := func() weakref.Ref[object] { return store(newObject(2)) }()
	weaktest.MustCollect(t, dead)

	// Also where most of the map stays.
	var keys []*object
	for range 1000 {
		k := newObject(3)
		keys = append(keys, k)
		m.Store(k, value)
	}
	dead = func() weakref.Ref[object] { return store(newObject(4)) }()
	weaktest.MustCollect(t, dead)
	runtime.KeepAlive(keys)
	runtime.KeepAlive(value)
}

func TestValueMapOnCollect(t *testing.T) {
	var mu sync.Mutex
	got := make(map[int]int)
	m := objectMap{Name: "test", OnCollect: func(k int) {
		mu.Lock()
		defer mu.Unlock()
		got[k]++
	}}
	kept := fill(&m, 10)
	storeDropped(&m, 100, 101, 102, 103)
	m.Delete(103)         // not collected, deleted
	m.Store(102, kept[0]) // nor this one
	weaktest.Eventually(t, "both calls are made", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(got) == 2
	})
	weaktest.Collect(t)
	mu.Lock()
	defer mu.Unlock()
	if want := map[int]int{100: 1, 101: 1}; !maps.Equal(got, want) {
		t.Errorf("calls %v, want %v", got, want)
	}
	runtime.KeepAlive(kept)
	runtime.KeepAlive(&m) // a map that nobody holds dies with all its callbacks
}

// TestValueMapContact: a Load that finds a value dead removes the entry.
func TestValueMapContact(t *testing.T) {
	var m objectMap
	kept := fill(&m, 10)
	if !weakref.Kill(kept[3]) {
		t.Skip("deaths cannot be chosen on this runtime")
	}
	if _, ok := m.Load(3); ok || m.Len() != 9 {
		t.Errorf("Len = %d after a dead entry was come upon", m.Len())
	}
	runtime.KeepAlive(kept)
}

// TestValueMapBlockedOnCollect: a map whose callback never returns can be collected,
// and so can its keys and values.
func TestValueMapBlockedOnCollect(t *testing.T) {
	begun, release := make(chan int, 10), make(chan struct{})
	defer close(release)
	onCollect := func(k int) {
		begun <- k
		<-release
	}
	r := func() weakref.Ref[objectMap] {
		m := &objectMap{OnCollect: onCollect}
		storeDropped(m, 1)
		weaktest.Eventually(t, "the callback is called", func() bool { return len(begun) > 0 })
		return weakref.Make(m)
	}()
	weaktest.MustCollect(t, r)
}

// TestValueMapOnCollectMayDoAnything is G7: callbacks that use the map, panic,
// block and collect.
func TestValueMapOnCollectMayDoAnything(t *testing.T) {
	var m objectMap
	var calls atomic.Int32
	release := make(chan struct{})
	m.OnCollect = func(k int) {
		defer calls.Add(1)
		switch k % 4 {
		case 0:
			m.Store(-k, &packageLevel)
			m.Delete(-k)
			m.Sweep()
			m.Clear()
		case 1:
			panic("boom")
		case 2:
			<-release
		case 3:
			runtime.GC()
		}
	}
	storeDropped(&m, 4, 5, 6, 7)
	weaktest.Eventually(t, "all but the one that blocks have returned", func() bool { return calls.Load() == 3 })
	storeDropped(&m, 9, 11)
	weaktest.Eventually(t, "those that do not block are called", func() bool { return calls.Load() == 5 })
	close(release)
	weaktest.Eventually(t, "the one that blocked is through", func() bool { return calls.Load() == 6 })
	if p := m.Stats().Panics; p != 2 {
		t.Errorf("Panics = %d", p)
	}
}

func TestValueMapIterators(t *testing.T) {
	for _, n := range []int{1, 7, 8, 100, 5000} {
		var m objectMap
		objects := fill(&m, n)
		got := maps.Collect(m.All())
		if len(got) != n {
			t.Fatalf("All yields %d entries of %d", len(got), n)
		}
		for k, v := range got {
			if objects[k] != v {
				t.Fatalf("All yields %p for key %d", v, k)
			}
		}
		if keys := slices.Sorted(m.Keys()); len(keys) != n || keys[n-1] != n-1 {
			t.Fatalf("Keys yields %d keys of %d", len(keys), n)
		}
		values := make(map[*object]bool)
		for v := range m.Values() {
			values[v] = true
		}
		if len(values) != n {
			t.Fatalf("Values yields %d values of %d", len(values), n)
		}
		seen := 0
		for range m.All() {
			if seen++; seen == (n+1)/2 {
				break
			}
		}
		if seen != (n+1)/2 {
			t.Fatalf("break after %d of %d", seen, n)
		}
	}
}

// TestValueMapIteratorSeesChanges checks that an iterator yields what an entry is
// when the loop comes to it, also after the map has grown under it.
func TestValueMapIteratorSeesChanges(t *testing.T) {
	for _, grow := range []int{0, 10_000} {
		var m objectMap
		old := fill(&m, 1000)
		replacement := newObject(-1)
		var more []*object
		seen := make(map[int]bool)
		var deleted, replaced []int
		for k, v := range m.All() {
			if k >= 1000 {
				continue
			}
			if seen[k] {
				t.Fatalf("%d is seen twice", k)
			}
			seen[k] = true
			if slices.Contains(deleted, k) {
				t.Fatalf("%d is seen after it was deleted", k)
			}
			if want := old[k]; slices.Contains(replaced, k) != (v == replacement) || v != want && v != replacement {
				t.Fatalf("%d is seen with a value it does not have", k)
			}
			if len(seen) == 1 {
				// Grow before, so that the loop goes on over slots that are out of date.
				for i := range grow {
					more = append(more, newObject(i))
					m.Store(1000+i, more[i])
				}
				for i := range 1000 {
					if seen[i] {
						continue
					}
					switch i % 3 {
					case 0:
						m.Delete(i)
						deleted = append(deleted, i)
					case 1:
						m.Store(i, replacement)
						replaced = append(replaced, i)
					}
				}
				for i := range grow {
					m.Store(20_000+i, more[i])
				}
			}
		}
		if len(seen)+len(deleted) != 1000 {
			t.Errorf("%d seen, %d deleted", len(seen), len(deleted))
		}
		runtime.KeepAlive(old)
		runtime.KeepAlive(more)
		runtime.KeepAlive(replacement)
	}
}

// TestValueMapIteratorPinsOne is G3.
func TestValueMapIteratorPinsOne(t *testing.T) {
	var m objectMap
	objects := fill(&m, 100)
	refs := make([]weakref.Ref[object], len(objects))
	for i, p := range objects {
		refs[i] = weakref.Make(p)
	}
	clear(objects)
	objects = nil
	first := true
	for _, v := range m.All() {
		if !first {
			continue
		}
		first = false
		weaktest.Eventually(t, "all but the one in the loop are dead", func() bool {
			alive := 0
			for _, r := range refs {
				if r.Value() != nil {
					alive++
				}
			}
			return alive == 1
		})
		runtime.KeepAlive(v)
	}
	weaktest.Eventually(t, "the last one is dead", func() bool { return m.Len() == 0 })
}

func TestValueMapSweep(t *testing.T) {
	var m objectMap
	kept := fill(&m, 10)
	storeDropped(&m, 10, 11, 12)
	for deadline := time.Now().Add(10 * time.Second); m.Len() > 10; {
		if time.Now().After(deadline) {
			weaktest.Eventually(t, "only the kept entries are left", func() bool { return m.Len() == 10 })
			t.Fatal("Sweep leaves dead entries")
		}
		dropStack()
		runtime.GC()
		m.Sweep() // after the map's own, or before
	}
	if m.Len() != 10 || m.Stats().Collected != 3 {
		t.Errorf("Len %d, Collected %d", m.Len(), m.Stats().Collected)
	}
	runtime.KeepAlive(kept)
}

func TestValueMapStats(t *testing.T) {
	m := objectMap{Name: "sessions"}
	kept := fill(&m, 10)
	st := m.Stats()
	if st.Name != "sessions" || st.Len != 10 || st.Capacity < 10 || st.Panics != 0 || st.Pending != 0 {
		t.Errorf("%+v", st)
	}
	runtime.KeepAlive(kept)
}

func TestLoadOrCreate(t *testing.T) {
	var m objectMap
	p := newObject(1)
	v, err := m.LoadOrCreate(1, func() (*object, error) { return p, nil })
	if v != p || err != nil {
		t.Errorf("%p, %v", v, err)
	}
	v, err = m.LoadOrCreate(1, func() (*object, error) { t.Error("created again"); return nil, nil })
	if v != p || err != nil {
		t.Errorf("%p, %v", v, err)
	}
	boom := errors.New("boom")
	if v, err = m.LoadOrCreate(2, func() (*object, error) { return p, boom }); v != nil || err != boom {
		t.Errorf("%p, %v", v, err)
	}
	if v, err = m.LoadOrCreate(2, func() (*object, error) { return nil, nil }); v != nil || err == nil || !contains(err.Error(), "nil", "2") {
		t.Errorf("%p, %v", v, err)
	}
	if _, ok := m.Load(2); ok || m.Len() != 1 {
		t.Error("a failure has left an entry")
	}
	runtime.KeepAlive(p)
}

func TestLoadOrCreateRunsOnce(t *testing.T) {
	var m objectMap
	for k := range 100 {
		var calls atomic.Int32
		var wg sync.WaitGroup
		got := make([]*object, 8)
		for i := range got {
			wg.Go(func() {
				got[i], _ = m.LoadOrCreate(k, func() (*object, error) {
					calls.Add(1)
					runtime.Gosched()
					return newObject(k), nil
				})
			})
		}
		wg.Wait()
		if calls.Load() != 1 {
			t.Fatalf("%d calls", calls.Load())
		}
		for _, p := range got {
			if p != got[0] || p == nil {
				t.Fatalf("got %p and %p", p, got[0])
			}
		}
	}
}

// lockstep calls f for each round on two goroutines, 0 and 1, at the same moment as
// nearly as can be.
func lockstep(rounds int, f func(i, round int)) {
	var at [2]atomic.Int32
	var wg sync.WaitGroup
	for i := range at {
		wg.Go(func() {
			for round := range rounds {
				at[i].Store(int32(round))
				for spins := 0; at[1-i].Load() < int32(round); spins++ {
					if spins > 1000 {
						runtime.Gosched()
					}
				}
				f(i, round)
			}
			at[i].Store(int32(rounds))
		})
	}
	wg.Wait()
}

// TestStoreRace has two goroutines store under the same new key at the same moment,
// again and again: one of them must win, and both must know.
func TestStoreRace(t *testing.T) {
	var m objectMap
	var side weakref.KeyMap[object, *object]
	var set weakref.Set[object]
	const rounds = 30_000
	keys := make([]*object, rounds)
	for i := range keys {
		keys[i] = newObject(i)
	}
	type outcome struct {
		v, side *object
		added   bool
	}
	var got [2][rounds]outcome
	own := [2]*object{newObject(-1), newObject(-2)}
	lockstep(rounds, func(i, round int) {
		key := keys[round]
		v, _ := m.LoadOrStore(round, own[i])
		value, _ := side.LoadOrStore(key, own[i])
		got[i][round] = outcome{v, value, set.Add(key)}
	})
	for round := range rounds {
		a, b := got[0][round], got[1][round]
		if a.v != b.v || a.side != b.side || a.added == b.added {
			t.Fatalf("round %d: %+v and %+v", round, a, b)
		}
	}
	runtime.KeepAlive(own)
	runtime.KeepAlive(keys)
}

func TestLoadOrCreateAfterDeath(t *testing.T) {
	var m objectMap
	dropped := func() weakref.Ref[object] {
		p := newObject(1)
		m.Store(1, p)
		return weakref.Make(p)
	}
	weaktest.MustCollect(t, dropped())
	p, err := m.LoadOrCreate(1, func() (*object, error) { return newObject(2), nil })
	if err != nil || p.id != 2 {
		t.Errorf("%v, %v", p, err)
	}
}

func TestLoadOrCreateRecursion(t *testing.T) {
	var m objectMap
	_, err := m.LoadOrCreate(1, func() (*object, error) {
		return m.LoadOrCreate(1, func() (*object, error) { return newObject(1), nil })
	})
	if !errors.Is(err, weakref.ErrDeadlock) || !contains(err.Error(), "weakref", "1") {
		t.Errorf("recursion on the same key: %v", err)
	}
	p, err := m.LoadOrCreate(1, func() (*object, error) {
		next, err := m.LoadOrCreate(2, func() (*object, error) { return newObject(2), nil })
		return &object{id: 1, next: next}, err
	})
	if err != nil || p.id != 1 || p.next.id != 2 {
		t.Errorf("recursion on another key: %v, %v", p, err)
	}
}

func TestLoadOrCreatePanic(t *testing.T) {
	var m objectMap
	begun, proceed := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	boom := errors.New("boom")
	wg.Go(func() {
		defer func() {
			if v := recover(); v != boom {
				t.Errorf("the creator panicked with %v", v)
			}
		}()
		m.LoadOrCreate(1, func() (*object, error) {
			close(begun)
			<-proceed
			panic(boom)
		})
	})
	<-begun
	wg.Go(func() {
		// Whether it waits, or comes too late and creates, it does not hang.
		_, err := m.LoadOrCreate(1, func() (*object, error) { return nil, boom })
		var p *weakref.PanicError
		if errors.As(err, &p) && (p.Value != boom || !contains(err.Error(), "boom", "TestLoadOrCreatePanic")) || !errors.Is(err, boom) {
			t.Errorf("the other got %v", err)
		}
	})
	close(proceed)
	wg.Wait()
	if m.Len() != 0 {
		t.Error("a panic has left an entry")
	}
}

// TestLoadOrCreateAgainstStore: whoever is first, all end with one value (G2).
func TestLoadOrCreateAgainstStore(t *testing.T) {
	for range 200 {
		var m objectMap
		var created, stored *object
		var wg sync.WaitGroup
		wg.Go(func() {
			created, _ = m.LoadOrCreate(1, func() (*object, error) { runtime.Gosched(); return newObject(1), nil })
		})
		wg.Go(func() { stored, _ = m.LoadOrStore(1, newObject(2)) })
		wg.Wait()
		if created != stored {
			t.Fatalf("two values: %v and %v", created, stored)
		}
	}
}

func TestValueMapInsert(t *testing.T) {
	for _, n := range []int{0, 1, 1023, 1024, 1025, 5000} {
		var m objectMap
		objects := make(map[int]*object)
		for i := range n {
			objects[i] = newObject(i)
		}
		m.Insert(maps.All(objects))
		if got := maps.Collect(m.All()); !maps.Equal(got, objects) {
			t.Errorf("%d entries of %d", len(got), n)
		}
		var copied objectMap
		copied.Insert(m.All())
		if copied.Len() != n {
			t.Errorf("%d entries of %d in the copy", copied.Len(), n)
		}
		valid(t, &m)
		runtime.KeepAlive(objects)
	}
}

func TestValueMapInsertKeepsOrder(t *testing.T) {
	var m objectMap
	first, last := newObject(1), newObject(2)
	m.Insert(func(yield func(int, *object) bool) {
		_ = yield(1, last) && yield(1, first) && yield(1, last)
	})
	if v, _ := m.Load(1); v != last {
		t.Error("the last of several values for a key does not win")
	}
	runtime.KeepAlive(first)
}

func TestInsertPanics(t *testing.T) {
	var m objectMap
	p := newObject(1)
	mustRefuse(t, weakref.NilPointer, func() {
		m.Insert(func(yield func(int, *object) bool) { _ = yield(1, p) && yield(2, nil) })
	})
	if v, _ := m.Load(1); v != p || m.Len() != 1 {
		t.Error("what came before is not stored")
	}
	runtime.KeepAlive(p)
}

func TestStatsPrintWell(t *testing.T) {
	for want, s := range map[string]weakref.Stats{
		"0 entries of 0, 0 collected, 0 sweeps": {},
		"sessions: 1 entry of 7, 12 collected, 1 sweep": {
			Name: "sessions", Len: 1, Capacity: 7, Collected: 12, Sweeps: 1,
		},
		"2 entries of 7, 0 collected, 0 sweeps, 1 callback pending, 3 panics": {
			Len: 2, Capacity: 7, Pending: 1, Panics: 3,
		},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("m", "map", weakref.Stats{Name: "x", Len: 2, Panics: 3})
	want := "map.name=x map.len=2 map.capacity=0 map.collected=0 map.sweeps=0 map.pending=0 map.panics=3"
	if got := b.String(); !strings.Contains(got, want) {
		t.Errorf("%s does not contain %s", got, want)
	}
}

// replacements store a value that nobody holds over one that somebody does.
var replacements = map[string]func(m *objectMap, old *object){
	"Store": func(m *objectMap, _ *object) { m.Store(1, newObject(2)) },
	"Swap":  func(m *objectMap, _ *object) { m.Swap(1, newObject(2)) },
	"CompareAndSwap": func(m *objectMap, old *object) {
		m.CompareAndSwap(1, old, newObject(2))
	},
	"Compute": func(m *objectMap, _ *object) {
		m.Compute(1, func(*object, bool) (*object, weakref.ComputeOp) { return newObject(2), weakref.UpdateOp })
	},
	"Insert": func(m *objectMap, _ *object) { m.Insert(maps.All(map[int]*object{1: newObject(2)})) },
}

// TestReplacementIsWeak makes sure that a value is no less weak for being stored over
// another: one collection is enough, and Sweep does not miss the entry. See decision 0071.
func TestReplacementIsWeak(t *testing.T) {
	if !weakref.Kill(newObject(0)) {
		t.Skip("with boxed handles the upkeep may save a value for a collection")
	}
	for name, replace := range replacements {
		t.Run(name, func(t *testing.T) {
			var m objectMap
			old := newObject(1)
			m.Store(1, old)
			replace(&m, old)
			runtime.GC()
			m.Sweep()
			if _, ok := m.Load(1); ok || m.Len() != 0 {
				t.Errorf("found %v after a collection, %d entries", ok, m.Len())
			}
			runtime.KeepAlive(old)
		})
	}
}
