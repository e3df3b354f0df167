package weakref_test

import (
	"maps"
	"runtime"
	"testing"

	"github.com/weakref-go/weakref"
)

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
