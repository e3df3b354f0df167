package weakref_test

import (
	"encoding/json"
	"maps"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/weakref-go/weakref"
)

func TestValueMapCompute(t *testing.T) {
	var m objectMap
	a, b := newObject(1), newObject(2)
	step := func(name string, wantOld *object, v *object, op weakref.ComputeOp, want *object) {
		t.Helper()
		calls := 0
		actual, ok := m.Compute(1, func(old *object, loaded bool) (*object, weakref.ComputeOp) {
			calls++
			if old != wantOld || loaded != (wantOld != nil) {
				t.Errorf("%s: the function gets %v, %v", name, old, loaded)
			}
			return v, op
		})
		if got, _ := m.Load(1); actual != want || ok != (want != nil) || got != want || calls != 1 {
			t.Errorf("%s: Compute = %v, %v in %d calls, and Load = %v", name, actual, ok, calls, got)
		}
	}
	step("nothing where nothing is", nil, a, weakref.CancelOp, nil)
	step("delete where nothing is", nil, a, weakref.DeleteOp, nil)
	step("insert", nil, a, weakref.UpdateOp, a)
	step("leave", a, b, weakref.CancelOp, a)
	step("replace", a, b, weakref.UpdateOp, b)
	step("the same", b, b, weakref.UpdateOp, b)
	step("delete", b, nil, weakref.DeleteOp, nil)
	if m.Len() != 0 {
		t.Errorf("%d entries", m.Len())
	}
	step("insert again", nil, a, weakref.UpdateOp, a)
	if weakref.Kill(a) {
		step("a dead value is none", nil, b, weakref.UpdateOp, b)
	}
	mustRefuse(t, weakref.NilPointer, func() {
		m.Compute(2, func(*object, bool) (*object, weakref.ComputeOp) { return nil, weakref.UpdateOp })
	})
	valid(t, &m)
	runtime.KeepAlive([]any{a, b})
}

func TestKeyMapCompute(t *testing.T) {
	keyTests(t, testKeyMapCompute[object], testKeyMapCompute[slotted])
}

func testKeyMapCompute[K any](t *testing.T, newKey func(int) *K) {
	var m weakref.KeyMap[K, []int] // values that cannot be compared
	k := newKey(1)
	step := func(name string, wantOld, v []int, op weakref.ComputeOp, want []int) {
		t.Helper()
		actual, ok := m.Compute(k, func(old []int, loaded bool) ([]int, weakref.ComputeOp) {
			if !slices.Equal(old, wantOld) || loaded != (wantOld != nil) {
				t.Errorf("%s: the function gets %v, %v", name, old, loaded)
			}
			return v, op
		})
		got, _ := m.Load(k)
		if !slices.Equal(actual, want) || ok != (want != nil) || !slices.Equal(got, want) {
			t.Errorf("%s: Compute = %v, %v, and Load = %v", name, actual, ok, got)
		}
	}
	a, b := []int{1}, []int{2}
	step("nothing where nothing is", nil, a, weakref.CancelOp, nil)
	step("delete where nothing is", nil, a, weakref.DeleteOp, nil)
	step("insert", nil, a, weakref.UpdateOp, a)
	step("leave", a, b, weakref.CancelOp, a)
	step("replace", a, b, weakref.UpdateOp, b)
	step("delete", b, nil, weakref.DeleteOp, nil)
	if m.Len() != 0 {
		t.Errorf("%d entries", m.Len())
	}
	mustRefuse(t, weakref.NilPointer, func() {
		m.Compute(nil, func([]int, bool) ([]int, weakref.ComputeOp) { return a, weakref.UpdateOp })
	})
	valid(t, &m)
}

// TestComputeAgain: if the entry changes while the function runs, it runs again.
func TestComputeAgain(t *testing.T) {
	objects := []*object{newObject(0), newObject(1), newObject(2)}
	changes := map[string]func(m *objectMap){
		"store":  func(m *objectMap) { m.Store(1, objects[1]) },
		"delete": func(m *objectMap) { m.Delete(1) },
		"clear":  func(m *objectMap) { m.Clear() },
	}
	for name, change := range changes {
		for _, op := range []weakref.ComputeOp{weakref.UpdateOp, weakref.DeleteOp} {
			var m objectMap
			m.Store(1, objects[0])
			var saw []*object
			m.Compute(1, func(old *object, _ bool) (*object, weakref.ComputeOp) {
				if saw = append(saw, old); len(saw) == 1 {
					change(&m)
				}
				return objects[2], op
			})
			want := []*object{objects[0], nil}
			if name == "store" {
				want[1] = objects[1]
			}
			if !slices.Equal(saw, want) {
				t.Errorf("%s, %v: the function saw %v, want %v", name, op, saw, want)
			}
			if v, ok := m.Load(1); ok != (op == weakref.UpdateOp) || ok && v != objects[2] {
				t.Errorf("%s, %v: Load = %v, %v", name, op, v, ok)
			}
		}
	}
	runtime.KeepAlive(objects)
}

func TestKeyMapComputeAgain(t *testing.T) {
	keyTests(t, testKeyMapComputeAgain[object], testKeyMapComputeAgain[slotted])
}

func testKeyMapComputeAgain[K any](t *testing.T, newKey func(int) *K) {
	var m weakref.KeyMap[K, int]
	k := newKey(1)
	for _, op := range []weakref.ComputeOp{weakref.UpdateOp, weakref.DeleteOp} {
		m.Store(k, 1)
		var saw []int
		m.Compute(k, func(old int, loaded bool) (int, weakref.ComputeOp) {
			if saw = append(saw, old); len(saw) == 1 {
				m.Store(k, 1) // an equal one is another one
			}
			return 2, op
		})
		if !slices.Equal(saw, []int{1, 1}) {
			t.Errorf("%v: the function saw %v", op, saw)
		}
		if v, ok := m.Load(k); ok != (op == weakref.UpdateOp) || ok && v != 2 {
			t.Errorf("%v: Load = %d, %v", op, v, ok)
		}
	}
}

// TestComputeCounts has several goroutines count in one entry.
func TestComputeCounts(t *testing.T) {
	keyTests(t, testComputeCounts[object], testComputeCounts[slotted])
}

func testComputeCounts[K any](t *testing.T, newKey func(int) *K) {
	const workers, each = 4, 500
	var keys weakref.KeyMap[K, int]
	var values objectMap
	k := newKey(1)
	numbers := make([]*object, workers*each+1)
	for i := range numbers {
		numbers[i] = newObject(i)
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				keys.Compute(k, func(n int, _ bool) (int, weakref.ComputeOp) { return n + 1, weakref.UpdateOp })
				values.Compute(1, func(old *object, loaded bool) (*object, weakref.ComputeOp) {
					if !loaded {
						return numbers[1], weakref.UpdateOp
					}
					return numbers[old.id+1], weakref.UpdateOp
				})
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	if n, _ := keys.Load(k); n != workers*each {
		t.Errorf("the KeyMap counted %d of %d", n, workers*each)
	}
	if v, _ := values.Load(1); v != numbers[workers*each] {
		t.Errorf("the ValueMap counted %v of %d", v, workers*each)
	}
	runtime.KeepAlive(numbers)
}

// TestComputeFunctionFails: a function that panics or ends its goroutine changes nothing
// and leaves nothing locked.
func TestComputeFunctionFails(t *testing.T) {
	keyTests(t, testComputeFunctionFails[object], testComputeFunctionFails[slotted])
}

func testComputeFunctionFails[K any](t *testing.T, newKey func(int) *K) {
	var keys weakref.KeyMap[K, int]
	var values objectMap
	k, v := newKey(1), newObject(1)
	keys.Store(k, 1)
	values.Store(1, v)
	for name, fail := range map[string]func(){"panic": func() { panic(1) }, "Goexit": runtime.Goexit} {
		for what, call := range map[string]func(){
			"KeyMap.Compute":      func() { keys.Compute(k, func(int, bool) (int, weakref.ComputeOp) { fail(); return 2, 1 }) },
			"KeyMap.DeleteFunc":   func() { keys.DeleteFunc(func(*K, int) bool { fail(); return true }) },
			"ValueMap.Compute":    func() { values.Compute(1, func(*object, bool) (*object, weakref.ComputeOp) { fail(); return nil, 2 }) },
			"ValueMap.DeleteFunc": func() { values.DeleteFunc(func(int, *object) bool { fail(); return true }) },
		} {
			var wg sync.WaitGroup
			wg.Go(func() { panicOf(call) })
			wg.Wait()
			n, _ := keys.Load(k)
			if p, _ := values.Load(1); p != v || n != 1 {
				t.Fatalf("%s in %s: the values are %v and %d", name, what, p, n)
			}
		}
	}
	keys.Store(k, 2)
	values.Delete(1)
	runtime.KeepAlive(v)
}

func TestComputeOp(t *testing.T) {
	var m objectMap
	if panicOf(func() { m.Compute(1, func(*object, bool) (*object, weakref.ComputeOp) { return nil, 77 }) }) == nil {
		t.Error("an unknown operation is accepted")
	}
	text, err := json.Marshal([]weakref.ComputeOp{weakref.CancelOp, weakref.UpdateOp, weakref.DeleteOp, 77})
	if want := `["cancel","update","delete","ComputeOp(77)"]`; string(text) != want || err != nil {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
}

func TestDeleteFunc(t *testing.T) {
	keyTests(t, testDeleteFunc[object], testDeleteFunc[slotted])
}

func testDeleteFunc[K any](t *testing.T, newKey func(int) *K) {
	const n = 300
	var keys weakref.KeyMap[K, int]
	var values objectMap
	var set weakref.Set[K]
	ids := make(map[*K]int)
	objects := fill(&values, n)
	for i := range n {
		k := newKey(i)
		ids[k] = i
		keys.Store(k, i)
		set.Add(k)
	}
	for name, got := range map[string]int{
		"KeyMap":   keys.DeleteFunc(func(k *K, v int) bool { return ids[k] == v && v%3 == 0 }),
		"ValueMap": values.DeleteFunc(func(i int, v *object) bool { return v == objects[i] && i%3 == 0 }),
		"Set":      set.DeleteFunc(func(k *K) bool { return ids[k]%3 == 0 }),
	} {
		if got != n/3 {
			t.Errorf("%s: %d were deleted, want %d", name, got, n/3)
		}
	}
	if keys.Len() != n-n/3 || values.Len() != n-n/3 || set.Len() != n-n/3 {
		t.Errorf("%d, %d and %d are left", keys.Len(), values.Len(), set.Len())
	}
	for k, i := range ids {
		_, inKeys := keys.Load(k)
		_, inValues := values.Load(i)
		if stays := i%3 != 0; inKeys != stays || inValues != stays || set.Has(k) != stays {
			t.Fatalf("%d is there: %v, %v, %v", i, inKeys, inValues, set.Has(k))
		}
	}
	runtime.KeepAlive(objects)
}

// TestDeleteFuncKeepsNewer: what is stored while the function looks at the old value
// stays.
func TestDeleteFuncKeepsNewer(t *testing.T) {
	keyTests(t, testDeleteFuncKeepsNewer[object], testDeleteFuncKeepsNewer[slotted])
}

func testDeleteFuncKeepsNewer[K any](t *testing.T, newKey func(int) *K) {
	var keys weakref.KeyMap[K, string]
	var values objectMap
	k, old, new := newKey(1), newObject(1), newObject(2)
	keys.Store(k, "old")
	values.Store(1, old)
	n := keys.DeleteFunc(func(*K, string) bool { keys.Store(k, "old"); return true }) // equal, and newer
	n += values.DeleteFunc(func(int, *object) bool { values.Store(1, new); return true })
	if v, _ := values.Load(1); n != 0 || v != new {
		t.Errorf("%d were deleted, and %v is left", n, v)
	}
	if got := maps.Collect(keys.All()); got[k] != "old" {
		t.Errorf("left is %v", got)
	}
	runtime.KeepAlive([]any{old, new})
}
