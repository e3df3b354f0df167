package conformance_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/boxtest"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/proof/internal/seam"
	"github.com/weakref-go/weakref/weaktest"
)

// The tests in this file are named after defects found in published weak maps for
// Go. Each fails if its defect is put into this one. Other tests that a comment names
// are in package weakref, beside the code.

// The cleanup of an old value deletes the entry of a newer one.
func TestDefectOldDeathRemovesNewValue(t *testing.T) {
	seam.NeedsKill(t)
	for _, noticed := range []bool{false, true} {
		var calls atomic.Int32
		m := objectMap{OnCollect: func(int) { calls.Add(1) }}
		a, b := newObject(1), newObject(2)
		m.Store(1, a)
		handle.Kill(a)
		if noticed {
			m.Load(1)
		}
		m.Store(1, b)
		for range 3 {
			weaktest.Collect(t)
			m.Sweep()
		}
		if v, _ := m.Load(1); v != b {
			t.Fatal("the death of the old value has removed the new one")
		}
		weaktest.Eventually(t, "the old value's death is reported", func() bool { return calls.Load() == 1 })
		runtime.KeepAlive(b)
	}
}

// The same with a value that is replaced while it lives and dies afterwards.
func TestDefectReplacedValueDies(t *testing.T) {
	var m objectMap
	a, b := newObject(1), newObject(2)
	m.Store(1, a)
	m.Store(1, b)
	r := weakref.Make(a)
	a = nil
	weaktest.MustCollect(t, r)
	if v, _ := m.Load(1); v != b {
		t.Error("the death of a replaced value has removed its successor")
	}
	runtime.KeepAlive(b)
}

// A new cleanup is registered at every overwrite, or one for every entry.
func TestDefectCleanupPerStore(t *testing.T) {
	queued := func() uint64 {
		s := []metrics.Sample{{Name: "/gc/cleanups/queued:cleanups"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	weaktest.Collect(t)
	before := queued()
	var m objectMap
	const n = 10_000
	func() {
		objects := fill(&m, n)
		for i := range n {
			m.Store(0, objects[i])
		}
	}()
	weaktest.Eventually(t, "the map is empty", func() bool { return m.Len() == 0 })
	if d := queued() - before; d > n/10 {
		t.Errorf("%d cleanups for %d stores", d, 2*n)
	}
}

// A map is pinned by its own cleanups: see TestValueMapIsCollectable. Here it is
// pinned by the value it holds, if what it registers for that refers to the map.
func TestDefectValuePinsMap(t *testing.T) {
	p := newObject(1)
	mapOf := func() weakref.Ref[objectMap] {
		m := new(objectMap)
		m.Store(1, p)
		m.LoadOrStore(2, p)
		m.LoadOrCreate(3, func() (*object, error) { return p, nil })
		m.Swap(4, p)
		return weakref.Make(m)
	}
	weaktest.MustCollect(t, mapOf())
	runtime.KeepAlive(p)
}

// Racing creators end with two values.
func TestDefectTwoValuesForOneKey(t *testing.T) {
	for range 300 {
		var m objectMap
		got := make([]*object, 4)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				if i%2 == 0 {
					got[i], _ = m.LoadOrStore(1, newObject(i))
				} else {
					got[i], _ = m.LoadOrCreate(1, func() (*object, error) { return newObject(i), nil })
				}
			})
		}
		wg.Wait()
		for _, p := range got {
			if p != got[0] {
				t.Fatalf("one has %v, another %v", p, got[0])
			}
		}
	}
}

// The weak pointer, or the cleanup, is made for a local copy, for the weak pointer
// itself, or for a value passed by value, so that the entry dies in use.
func TestDefectEntryDiesInUse(t *testing.T) {
	var m objectMap
	p := newObject(1)
	m.Store(1, p)
	q, _ := m.LoadOrStore(2, newObject(2))
	r, _ := m.LoadOrCreate(3, func() (*object, error) { return newObject(3), nil })
	var s *object
	func() {
		m.Swap(4, newObject(4))
		s, _ = m.Load(4)
	}()
	for range 5 {
		weaktest.Collect(t)
	}
	for k, want := range map[int]*object{1: p, 2: q, 3: r, 4: s} {
		if v, ok := m.Load(k); want == nil || v != want || !ok {
			t.Errorf("the entry of key %d, whose value is in use, is %p, want %p", k, v, want)
		}
	}
}

// isTimer reports whether an expression is a variable or field called timer.
func isTimer(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "timer"
	case *ast.SelectorExpr:
		return x.Sel.Name == "timer"
	}
	return false
}

// Cleanup.Stop is called where the object may be dead, which corrupts the heap
// (golang/go#81435). It cannot be tested for by running, so the sources are read:
// only Check, which holds the object, calls Stop.
func TestDefectCleanupStop(t *testing.T) {
	read := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		internal := filepath.Join(root, "internal")
		if d.IsDir() && path != root && path != internal && !strings.HasPrefix(path, internal+string(filepath.Separator)) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || path == filepath.Join(root, "support.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		read++
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Stop" && !isTimer(s.X) {
				t.Errorf("%s calls a method Stop; if it is that of a runtime.Cleanup, it must not", path)
			}
			return true
		})
		return nil
	})
	if err != nil || read == 0 {
		t.Fatalf("%d files read: %v", read, err)
	}
}

// The winner of LoadOrStore registers nothing, so that its entry never leaves. Each way
// to store has a map of its own here, lest another one has registered what it forgets.
func TestDefectLoadOrStoreForgotten(t *testing.T) {
	for name, store := range map[string]func(m *objectMap){
		"Store":       func(m *objectMap) { m.Store(1, newObject(1)) },
		"LoadOrStore": func(m *objectMap) { m.LoadOrStore(1, newObject(1)) },
		"Swap":        func(m *objectMap) { m.Swap(1, newObject(1)) },
		"Insert":      func(m *objectMap) { m.Insert(maps.All(map[int]*object{1: newObject(1)})) },
		"LoadOrCreate": func(m *objectMap) {
			m.LoadOrCreate(1, func() (*object, error) { return newObject(1), nil })
		},
		"CompareAndSwap": func(m *objectMap) {
			p := newObject(1)
			m.LoadOrStore(1, p)
			m.CompareAndSwap(1, p, newObject(2))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var m objectMap
			store(&m)
			weaktest.Eventually(t, "the entry is gone", func() bool { return m.Len() == 0 })
		})
	}
}

// A value that is dead, or nil, is returned as alive, because it died between
// check and use.
func TestDefectDeadValueReturned(t *testing.T) {
	var m objectMap
	concurrently(func(int) {
		for i := range 20_000 {
			k := i % 10
			switch i % 5 {
			case 0:
				m.Store(k, newObject(k))
			case 1:
				if v, ok := m.Load(k); ok != (v != nil) || ok && v.id != k {
					t.Errorf("Load = %v, %v", v, ok)
					return
				}
			case 2:
				if v, loaded := m.LoadOrStore(k, newObject(k)); v == nil || v.id != k {
					t.Errorf("LoadOrStore = %v, %v", v, loaded)
					return
				}
			case 3:
				if v, ok := m.LoadAndDelete(k); ok != (v != nil) || ok && v.id != k {
					t.Errorf("LoadAndDelete = %v, %v", v, ok)
					return
				}
			case 4:
				for k, v := range m.All() {
					if v == nil || v.id != k {
						t.Errorf("All yields %v for %d", v, k)
						return
					}
				}
			}
		}
	})
}

// A value is replaced, and then dies, while Load looks at it. The key has had a
// value at every moment, so Load must return one.
func TestDefectLoadMissesReplacedValue(t *testing.T) {
	seam.NeedsKill(t)
	var m objectMap
	current := newObject(0)
	m.Store(1, current)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for !stop.Load() {
				if _, ok := m.Load(1); !ok {
					t.Error("Load found nothing, although there was a value at every moment")
					return
				}
			}
		})
	}
	for i := range 200_000 {
		next := newObject(i)
		m.Store(1, next)
		handle.Kill(current)
		current = next
		if i%100 == 0 {
			// Rebuild the segment now and then, so that Load has an old one.
			for k := range 20 {
				m.Store(100+k, next)
			}
			for k := range 20 {
				m.Delete(100 + k)
			}
			m.Sweep()
		}
	}
	stop.Store(true)
	wg.Wait()
	runtime.KeepAlive(current)
}

// Iteration brings the dead back, or pins everything: TestValueMapIteratorPinsOne.
// Listing keys must keep nothing alive at all.
func TestDefectKeysKeepValuesAlive(t *testing.T) {
	if boxtest.InUse() {
		t.Skip("a boxed handle can only be asked by Value")
	}
	var m objectMap
	// Value calls during a marking phase would save the values every time. So that
	// each phase is met, it gets something to mark.
	ballast := make([]*object, 1<<19)
	for i := range ballast {
		ballast[i] = newObject(i)
	}
	storeDropped(&m, 1, 2, 3, 4, 5)
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
			runtime.Gosched() // or it is always stopped in here, and its stack scanned conservatively
			for range m.Keys() {
			}
			m.Len()
			m.Sweep()
			m.Stats()
		}
	})
	weaktest.Eventually(t, "the values are dead", func() bool { return m.Len() == 0 })
	stop.Store(true)
	wg.Wait()
	runtime.KeepAlive(ballast)
}

// Len counts the dead for ever: TestValueMapEntriesLeaveByThemselves. It must not
// count anything twice either, while entries come and go.
func TestDefectLenIsWrongMeanwhile(t *testing.T) {
	var m objectMap
	const n = 5_000
	objects := fill(&m, n)
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		last := n
		for !stop.Load() {
			runtime.Gosched() // likewise
			l := m.Len()
			if l < 0 || l > last {
				t.Errorf("Len = %d after %d, though nothing was added", l, last)
				return
			}
			last = l
		}
	})
	for i := range n {
		objects[i] = nil
		if i%500 == 0 {
			weaktest.Collect(t)
		}
		if i%7 == 0 {
			m.Delete(i)
		}
	}
	objects = nil
	weaktest.Eventually(t, "the map is empty", func() bool { return m.Len() == 0 })
	stop.Store(true)
	wg.Wait()
}
