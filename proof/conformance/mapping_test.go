package conformance_test

import (
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/proof/internal/seam"
	"github.com/weakref-go/weakref/weaktest"
)

// MappingTestCase of CPython's test_weakref. What it checks of both dictionaries is one
// test body here, run for ValueMap and for KeyMap, the latter with and without Slots.

// mapping is the methods that the maps share.
type mapping[K, V comparable] interface {
	Load(K) (V, bool)
	Store(K, V)
	LoadOrStore(K, V) (V, bool)
	LoadAndDelete(K) (V, bool)
	CompareAndDelete(K, V) bool
	Delete(K)
	Clear()
	Len() int
	All() iter.Seq2[K, V]
	Keys() iter.Seq[K]
	Values() iter.Seq[V]
	Insert(iter.Seq2[K, V])
	String() string
}

// kind is a kind of weak map, and how to make entries for it.
type kind[K, V comparable] struct {
	name   string
	empty  func() mapping[K, V]
	entry  func(i int) (K, V)     // a new object on the weak side, i on the other
	id     func(K, V) int         // i
	forget func(k *K, v *V)       // lets go of the weak side
	other  func(k K, i int) V     // another value for k
	ref    func(K, V) func() bool // reports whether the weak side is alive
}

func (k kind[K, V]) run(t *testing.T, test func(*testing.T, kind[K, V])) {
	t.Run(k.name, func(t *testing.T) { test(t, k) })
}

// bothKeys runs a test for KeyMap without and with Slots.
func bothKeys(t *testing.T, plain func(*testing.T, kind[*object, int]), slots func(*testing.T, kind[*slotted, int])) {
	weakKeys.run(t, plain)
	slottedKeys.run(t, slots)
}

var weakValues = kind[int, *object]{
	name:   "ValueMap",
	empty:  func() mapping[int, *object] { return new(objectMap) },
	entry:  func(i int) (int, *object) { return i, newObject(i) },
	id:     func(k int, v *object) int { return v.id },
	forget: func(_ *int, v **object) { *v = nil },
	other:  func(k int, i int) *object { return newObject(k) },
	ref:    func(_ int, v *object) func() bool { return liveness(v) },
}

var weakKeys = kind[*object, int]{
	name:   "KeyMap",
	empty:  func() mapping[*object, int] { return new(weakref.KeyMap[object, int]) },
	entry:  func(i int) (*object, int) { return newObject(i), i },
	id:     func(k *object, _ int) int { return k.id },
	forget: func(k **object, _ *int) { *k = nil },
	other:  func(_ *object, i int) int { return -i },
	ref:    func(k *object, _ int) func() bool { return liveness(k) },
}

var slottedKeys = kind[*slotted, int]{
	name:   "KeyMap with Slots",
	empty:  func() mapping[*slotted, int] { return new(weakref.KeyMap[slotted, int]) },
	entry:  func(i int) (*slotted, int) { return newSlotted(i), i },
	id:     func(k *slotted, _ int) int { return k.id },
	forget: func(k **slotted, _ *int) { *k = nil },
	other:  func(_ *slotted, i int) int { return -i },
	ref:    func(k *slotted, _ int) func() bool { return liveness(k) },
}

func liveness[T any](p *T) func() bool {
	r := weakref.Make(p)
	return func() bool { return r.Value() != nil }
}

// filled is a map with entries whose weak sides are held, until forgotten.
type filled[K, V comparable] struct {
	kind[K, V]
	m mapping[K, V]
	k []K
	v []V
}

func (k kind[K, V]) fill(n int) *filled[K, V] {
	f := &filled[K, V]{kind: k, m: k.empty()}
	f.m.Insert(f.more(n))
	return f
}

// more makes n further entries and holds them.
func (f *filled[K, V]) more(n int) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for range n {
			k, v := f.entry(len(f.k))
			f.k, f.v = append(f.k, k), append(f.v, v)
			if !yield(k, v) {
				return
			}
		}
	}
}

func (f *filled[K, V]) forgetAt(is ...int) {
	for _, i := range is {
		f.forget(&f.k[i], &f.v[i])
	}
}

func (f *filled[K, V]) forgetAll() {
	for i := range f.k {
		f.forgetAt(i)
	}
}

// want checks that a map has just these entries of f, whichever way one asks.
func (f *filled[K, V]) want(t *testing.T, m mapping[K, V], is ...int) {
	t.Helper()
	all := make(map[K]V)
	for k, v := range m.All() {
		if _, twice := all[k]; twice {
			t.Errorf("All yields %v twice", k)
		}
		all[k] = v
	}
	keys, values := slices.Collect(m.Keys()), slices.Collect(m.Values())
	if len(all) != len(is) || len(keys) != len(is) || len(values) != len(is) || m.Len() < len(is) {
		t.Errorf("%d items, %d keys and %d values, Len %d, want %d", len(all), len(keys), len(values), m.Len(), len(is))
	}
	for _, i := range is {
		if v, ok := m.Load(f.k[i]); v != f.v[i] || !ok || all[f.k[i]] != v || !slices.Contains(keys, f.k[i]) || !slices.Contains(values, v) {
			t.Errorf("entry %d is lost, or wrong", i)
		}
	}
}

func upTo(n int) (is []int) {
	for i := range n {
		is = append(is, i)
	}
	return is
}

func TestCPython_weak_keyed_len_cycles(t *testing.T) { bothKeys(t, testLenCycles, testLenCycles) }

func TestCPython_weak_valued_len_cycles(t *testing.T) { weakValues.run(t, testLenCycles) }

func testLenCycles[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(20)
	next, stop := iter.Pull2(f.m.All())
	next()
	f.forgetAll()
	weaktest.Eventually(t, "the iterator keeps one at most", func() bool { return f.m.Len() <= 1 })
	stop()
	weaktest.Eventually(t, "none is left", func() bool { return f.m.Len() == 0 })
	runtime.KeepAlive(f)
}

func TestCPython_weak_keyed_len_race(t *testing.T) { bothKeys(t, testLenRace, testLenRace) }

func TestCPython_weak_valued_len_race(t *testing.T) { weakValues.run(t, testLenRace) }

func testLenRace[K, V comparable](t *testing.T, k kind[K, V]) {
	const n = 500
	f := k.fill(n)
	whileCollecting(func() {
		last := n
		for i := range n {
			f.forgetAt(i)
			l := f.m.Len()
			if l > last || l < n-i-1 {
				t.Fatalf("Len = %d after %d, with %d alive", l, last, n-i-1)
			}
			last = l
		}
	})
	weaktest.Eventually(t, "none is left", func() bool { return f.m.Len() == 0 })
	runtime.KeepAlive(f)
}

func TestCPython_weak_values(t *testing.T) {
	weakValues.run(t, testDeaths)

	m := new(objectMap)
	storeDropped(m, 7)
	weaktest.Eventually(t, "its value is dead", func() bool { return m.Len() == 0 })
	if v, ok := m.Load(7); v != nil || ok {
		t.Errorf("Load of a key whose value is dead: %v, %v", v, ok)
	}
}

func TestCPython_weak_keys(t *testing.T) {
	bothKeys(t, testDeaths, testDeaths)

	f := weakKeys.fill(3)
	if _, ok := f.m.Load(newObject(0)); ok {
		t.Error("the map has an object that was never stored")
	}
	runtime.KeepAlive(f)
}

func testDeaths[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(10)
	c := k.empty()
	c.Insert(f.m.All())
	f.want(t, f.m, upTo(10)...)
	f.want(t, c, upTo(10)...)
	f.forgetAt(9)
	weaktest.Eventually(t, "one has gone", func() bool { return f.m.Len() == 9 && c.Len() == 9 })
	f.want(t, f.m, upTo(9)...)
	f.want(t, c, upTo(9)...)
	f.forgetAll()
	weaktest.Eventually(t, "all have gone", func() bool { return f.m.Len() == 0 && c.Len() == 0 })
	f.want(t, f.m)
}

func TestCPython_weak_keyed_iters(t *testing.T) { bothKeys(t, testIters, testIters) }

func TestCPython_weak_valued_iters(t *testing.T) { weakValues.run(t, testIters) }

func testIters[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(50)
	f.want(t, f.m, upTo(50)...)
	n := 0
	for range f.m.All() {
		if n++; n == 5 {
			break // an iteration that is not finished
		}
	}
	var refs []func() bool // keyrefs and valuerefs
	for key, value := range f.m.All() {
		refs = append(refs, f.ref(key, value))
	}
	f.forgetAll()
	weaktest.Eventually(t, "the references of all are dead", func() bool {
		return !slices.ContainsFunc(refs, func(alive func() bool) bool { return alive() })
	})
	if len(refs) != 50 {
		t.Errorf("%d references", len(refs))
	}
	runtime.KeepAlive(f)
}

func TestCPython_weak_keys_destroy_while_iterating(t *testing.T) {
	bothKeys(t, testDestroyWhileIterating, testDestroyWhileIterating)
	bothKeys(t, testMutateWhileIterating, testMutateWhileIterating)
}

func TestCPython_weak_values_destroy_while_iterating(t *testing.T) {
	weakValues.run(t, testDestroyWhileIterating)
	weakValues.run(t, testMutateWhileIterating)
}

func testDestroyWhileIterating[K, V comparable](t *testing.T, k kind[K, V]) {
	const n = 40
	f := k.fill(n)
	seen := make(map[int]int)
	for key, value := range f.m.All() {
		i := k.id(key, value)
		seen[i]++
		if next := (i + n/2) % n; i%2 == 0 && next%2 == 0 { // the odd ones stay
			f.forgetAt(next)
			if len(seen)%8 == 1 {
				weaktest.Collect(t)
			}
		}
	}
	for i := range n {
		if seen[i] > 1 || i%2 == 1 && seen[i] != 1 {
			t.Errorf("entry %d, which lived: %v, was seen %d times", i, i%2 == 1, seen[i])
		}
	}
	for i := 0; i < n; i += 2 {
		f.forgetAt(i)
	}
	weaktest.Eventually(t, "the dead have gone", func() bool { return f.m.Len() == n/2 })
	runtime.KeepAlive(f)
}

// testMutateWhileIterating changes a map explicitly, and some of it dies, in the
// middle of an iteration. Len is exact as to explicit changes.
func testMutateWhileIterating[K, V comparable](t *testing.T, k kind[K, V]) {
	for name, change := range map[string]func(f *filled[K, V]) (lived int){
		"delete":  func(f *filled[K, V]) int { f.m.Delete(f.k[0]); return 9 },
		"pop":     func(f *filled[K, V]) int { f.m.LoadAndDelete(f.k[1]); return 9 },
		"popitem": func(f *filled[K, V]) int { popItem(f.m); return 9 },
		"set":     func(f *filled[K, V]) int { f.m.Store(f.k[2], f.v[2]); return 10 },
		"add":     func(f *filled[K, V]) int { f.m.Insert(f.more(1)); return 11 },
		"update":  func(f *filled[K, V]) int { f.m.Insert(f.more(5)); return 15 },
		"clear":   func(f *filled[K, V]) int { f.m.Clear(); return 0 },
	} {
		f := k.fill(20)
		next, stop := iter.Pull2(f.m.All())
		for { // until it does not hold one of those that are to die
			if key, value, _ := next(); k.id(key, value) < 10 {
				break
			}
		}
		for i := 10; i < 20; i++ {
			f.forgetAt(i)
		}
		weaktest.Eventually(t, "ten are left, while the iteration is under way", func() bool { return f.m.Len() == 10 })
		lived := change(f)
		if f.m.Len() != lived {
			t.Errorf("%s: Len = %d, want %d", name, f.m.Len(), lived)
		}
		weaktest.Collect(t)
		for _, _, ok := next(); ok; _, _, ok = next() {
		}
		stop()
		if f.m.Len() != lived {
			t.Errorf("%s: Len = %d after the iteration, want %d", name, f.m.Len(), lived)
		}
		runtime.KeepAlive(f)
	}
}

// popItem is Python's popitem: it removes some entry and returns it.
func popItem[K, V comparable](m mapping[K, V]) (K, V, bool) {
	for k, v := range m.All() {
		if m.CompareAndDelete(k, v) {
			return k, v, true
		}
	}
	var k K
	var v V
	return k, v, false
}

func TestCPython_make_weak_keyed_dict_from_dict(t *testing.T) {
	bothKeys(t, testMakeFromMap, testMakeFromMap)
}

func TestCPython_make_weak_valued_dict_from_dict(t *testing.T) { weakValues.run(t, testMakeFromMap) }

func testMakeFromMap[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(3)
	m := k.empty()
	m.Insert(maps.All(maps.Collect(f.m.All())))
	f.want(t, m, 0, 1, 2)
}

func TestCPython_make_weak_keyed_dict_from_weak_keyed_dict(t *testing.T) {
	bothKeys(t, testMakeFromWeak, testMakeFromWeak)
}

func TestCPython_make_weak_valued_dict_from_weak_valued_dict(t *testing.T) {
	weakValues.run(t, testMakeFromWeak)
}

func testMakeFromWeak[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(3)
	m := k.empty()
	m.Insert(f.m.All())
	f.m.Delete(f.k[0])
	f.want(t, m, 0, 1, 2)
	f.want(t, f.m, 1, 2)
}

func TestCPython_weak_keyed_dict_popitem(t *testing.T) { bothKeys(t, testPopItem, testPopItem) }

func TestCPython_weak_valued_dict_popitem(t *testing.T) { weakValues.run(t, testPopItem) }

func testPopItem[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(10)
	popped := make(map[K]V)
	for key, value, ok := popItem(f.m); ok; key, value, ok = popItem(f.m) {
		popped[key] = value
	}
	if len(popped) != 10 || f.m.Len() != 0 {
		t.Errorf("%d popped, %d left", len(popped), f.m.Len())
	}
	for i, key := range f.k {
		if popped[key] != f.v[i] {
			t.Errorf("popped %v for %d", popped[key], i)
		}
	}
}

func TestCPython_weak_valued_dict_setdefault(t *testing.T) { weakValues.run(t, testSetDefault) }

func TestCPython_weak_keyed_dict_setdefault(t *testing.T) {
	bothKeys(t, testSetDefault, testSetDefault)
}

func testSetDefault[K, V comparable](t *testing.T, k kind[K, V]) {
	m := k.empty()
	key, first := k.entry(1)
	second := k.other(key, 2)
	if v, loaded := m.LoadOrStore(key, first); v != first || loaded {
		t.Errorf("the first: %v, %v", v, loaded)
	}
	if v, loaded := m.LoadOrStore(key, second); v != first || !loaded {
		t.Errorf("the second: %v, %v", v, loaded)
	}
	if v, _ := m.Load(key); v != first || m.Len() != 1 {
		t.Errorf("stored: %v, Len %d", v, m.Len())
	}
}

func TestCPython_weak_valued_dict_update(t *testing.T) { weakValues.run(t, testUpdate) }

func TestCPython_weak_keyed_dict_update(t *testing.T) { bothKeys(t, testUpdate, testUpdate) }

func testUpdate[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(3)
	m := k.empty()
	m.Store(f.k[0], k.other(f.k[0], 7))
	m.Insert(f.m.All())
	f.want(t, m, 0, 1, 2)
	m.Insert(maps.All(map[K]V{f.k[0]: f.v[0]}))
	f.want(t, m, 0, 1, 2)
	m.Insert(k.empty().All())
	f.want(t, m, 0, 1, 2)
}

func TestCPython_weak_valued_union_operators(t *testing.T) { weakValues.run(t, testUnion) }

func TestCPython_weak_keyed_union_operators(t *testing.T) { bothKeys(t, testUnion, testUnion) }

func testUnion[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(6)
	part := func(from, to int) mapping[K, V] {
		m := k.empty()
		for i := from; i < to; i++ {
			m.Store(f.k[i], f.v[i])
		}
		return m
	}
	pairs := func(yield func(K, V) bool) {
		for i := 2; i < 6; i++ {
			if !yield(f.k[i], f.v[i]) {
				return
			}
		}
	}
	left := part(0, 3)
	left.Store(f.k[2], k.other(f.k[2], 7)) // the right side wins
	var unions []mapping[K, V]
	for _, right := range []iter.Seq2[K, V]{part(2, 6).All(), maps.All(maps.Collect(pairs)), pairs} {
		m := k.empty()
		m.Insert(left.All())
		m.Insert(right)
		f.want(t, m, 0, 1, 2, 3, 4, 5)
		unions = append(unions, m)
	}
	f.forgetAll()
	pairs = nil
	weaktest.Eventually(t, "the unions are weak", func() bool {
		return !slices.ContainsFunc(unions, func(m mapping[K, V]) bool { return m.Len() > 0 })
	})
}

func TestCPython_weak_keyed_delitem(t *testing.T) { bothKeys(t, testDelete, testDelete) }

func TestCPython_weak_valued_delitem(t *testing.T) { weakValues.run(t, testDelete) }

func testDelete[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(2)
	f.m.Delete(f.k[0])
	f.want(t, f.m, 1)
}

func TestCPython_weak_keyed_bad_delitem(t *testing.T) {
	var m weakref.KeyMap[object, int]
	p := newObject(1)
	if _, ok := m.LoadAndDelete(p); ok || m.CompareAndDelete(p, 0) {
		t.Error("deleted what is not there")
	}
	m.Store(p, 1)
	if _, ok := m.LoadAndDelete(newObject(1)); ok || m.Len() != 1 {
		t.Error("deleted another object")
	}
	mustRefuse(t, weakref.NilPointer, func() { m.Store(nil, 1) })
	var tinies weakref.KeyMap[int, int]
	mustRefuse(t, weakref.Tiny, func() { tinies.Store(new(int), 1) })
	tinies.Delete(new(int)) // does nothing, where Python raises TypeError
	if _, ok := tinies.Load(new(int)); ok {
		t.Error("found what cannot be a key")
	}
	mustRefuse(t, weakref.ZeroSize, func() { new(weakref.KeyMap[struct{}, int]).Store(new(struct{}), 1) })
	constant := "the bytes of a constant, which no collector manages"
	refused(t, (*[16]byte)(unsafe.Pointer(unsafe.StringData(constant))), weakref.NotManaged)
}

// cascade is a Hasher whose Equal lets other values die, and has them swept.
type cascade struct {
	folding
	equal func()
}

func (c cascade) Equal(a, b []string) bool {
	c.equal()
	return c.folding.Equal(a, b)
}

// KeyMap compares by identity and calls nobody. User code that says what is equal
// runs in an InternerFunc, where it must do no harm either.
func TestCPython_weak_keyed_cascading_deletes(t *testing.T) {
	const n = 30
	held := make([]*[]string, n)
	var in weakref.InternerFunc[[]string]
	in.Hasher = cascade{folding{new(atomic.Int32)}, func() {
		for i := range held {
			if i%2 == 0 {
				held[i] = nil
			}
		}
		runtime.GC()
		in.Sweep()
	}}
	word := func(i int) []string { return []string{fmt.Sprint("word ", i)} }
	for i := range held {
		held[i] = in.Intern(word(i))
	}
	for i := 1; i < n; i += 2 {
		p := held[i]
		if got := in.Intern(word(i)); got != p || (*got)[0] != word(i)[0] {
			t.Fatalf("%d has become %q", i, *got)
		}
		if err := seam.Validate(&in); err != nil {
			t.Fatal(err)
		}
	}
	weaktest.Eventually(t, "half is left", func() bool { return in.Len() == n/2 })
	runtime.KeepAlive(held)
}

func TestCPython_make_weak_valued_dict_repr(t *testing.T) {
	m := objectMap{Name: "sessions"}
	m.Store(1, newObject(1))
	if s := fmt.Sprint(&m); s != "weakref.ValueMap[int,github.com/weakref-go/weakref/proof/conformance_test.object](sessions, 1 entry)" {
		t.Error(s)
	}
	if s := new(weakref.ValueMap[int, screamer]).String(); !strings.HasSuffix(s, "(0 entries)") {
		t.Error(s)
	}
}

func TestCPython_make_weak_keyed_dict_repr(t *testing.T) {
	m := weakref.KeyMap[screamer, int]{Name: "meta"}
	p, q := new(screamer), new(screamer) // whose methods panic
	m.Store(p, 1)
	m.Store(q, 2)
	if s := fmt.Sprint(&m); !contains(s, "weakref.KeyMap[", "screamer,int](meta, 2 entries)") {
		t.Error(s)
	}
	runtime.KeepAlive(p)
	runtime.KeepAlive(q)
}

const threadedRounds = 20_000

func TestCPython_threaded_weak_valued_setdefault(t *testing.T) {
	var m objectMap
	concurrently(func(w int) {
		for i := range threadedRounds {
			k := i % 10
			if v, _ := m.LoadOrStore(k, newObject(k)); v == nil || v.id != k {
				t.Errorf("LoadOrStore of %d gives %v", k, v)
				return
			}
		}
	})
}

func TestCPython_threaded_weak_valued_pop(t *testing.T) {
	var m objectMap
	concurrently(func(w int) {
		for i := range threadedRounds {
			k := i % 10
			if w == 0 {
				m.Store(k, newObject(k))
			} else if v, ok := m.LoadAndDelete(k); ok != (v != nil) || ok && v.id != k {
				t.Errorf("LoadAndDelete of %d gives %v, %v", k, v, ok)
				return
			}
		}
	})
}

// bpo-28427: the death of a value that was replaced removed its successor.
func TestCPython_threaded_weak_valued_consistency(t *testing.T) {
	var m objectMap
	concurrently(func(w int) {
		var own objectMap
		for i := range threadedRounds {
			p := newObject(i)
			m.Store(w, p) // while the one before dies
			if v, ok := m.Load(w); v != p || !ok {
				t.Errorf("round %d: Load = %v, %v", i, v, ok)
				return
			}
			if own.Store(10, p); own.Len() != 1 {
				t.Errorf("round %d: Len = %d", i, own.Len())
				return
			}
			runtime.KeepAlive(p)
		}
	})
}

func TestCPython_weak_valued_consistency(t *testing.T) {
	for range 20 {
		var m objectMap
		old := newObject(1)
		m.Store(1, old)
		r := weakref.Make(old)
		old = nil
		dropStack()
		runtime.GC() // now it is dead, and perhaps nobody has noticed
		fresh := newObject(2)
		m.Store(1, fresh)
		weaktest.MustCollect(t, r)
		if v, _ := m.Load(1); v != fresh || m.Len() != 1 {
			t.Fatalf("Load = %v, Len %d", v, m.Len())
		}
		runtime.KeepAlive(fresh)
	}
}

func TestCPython_threaded_weak_key_dict_copy(t *testing.T) {
	bothKeys(t, testCopyWhileDying, testCopyWhileDying)
}

func TestCPython_threaded_weak_value_dict_copy(t *testing.T) { weakValues.run(t, testCopyWhileDying) }

func testCopyWhileDying[K, V comparable](t *testing.T, k kind[K, V]) {
	const n, stays = 7_000, 7
	f := k.fill(n)
	whileCollecting(func() {
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range n {
				if i%stays != 0 {
					f.forgetAt(i)
				}
			}
		})
		for range 3 {
			c := k.empty()
			c.Insert(f.m.All())
			if c.Len() < n/stays || c.Len() > n {
				t.Errorf("a copy has %d entries", c.Len())
			}
		}
		wg.Wait()
	})
	c := k.empty()
	c.Insert(f.m.All())
	for i := 0; i < n; i += stays {
		if v, ok := c.Load(f.k[i]); v != f.v[i] || !ok {
			t.Fatalf("the copy has not %d", i)
		}
	}
	weaktest.Eventually(t, "the dead leave copy and original", func() bool { return c.Len() == n/stays && f.m.Len() == n/stays })
	runtime.KeepAlive(f)
}

func TestCPython_remove_closure(t *testing.T) {
	p, q := newObject(1), newSlotted(2)
	mapsOf := func() (weakref.Ref[objectMap], weakref.Ref[weakref.KeyMap[object, int]], weakref.Ref[weakref.KeyMap[slotted, int]]) {
		v, k, s := new(objectMap), new(weakref.KeyMap[object, int]), new(weakref.KeyMap[slotted, int])
		v.OnCollect = func(int) { v.Len() }
		v.Store(1, p)
		k.Store(p, 1)
		s.Store(q, 1)
		return weakref.Make(v), weakref.Make(k), weakref.Make(s)
	}
	v, k, s := mapsOf()
	weaktest.MustCollect(t, v)
	weaktest.MustCollect(t, k)
	weaktest.MustCollect(t, s)
	runtime.KeepAlive(p)
	runtime.KeepAlive(q)
}
