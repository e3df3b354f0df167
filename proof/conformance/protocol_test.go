package conformance_test

import (
	"maps"
	"slices"
	"testing"
)

// BasicTestMappingProtocol of CPython's mapping_tests, which its test_weakref runs for
// both dictionaries.

func TestCPython_WeakValueDictionary_read(t *testing.T) { weakValues.run(t, protocolRead) }
func TestCPython_WeakKeyDictionary_read(t *testing.T)   { bothKeys(t, protocolRead, protocolRead) }

func protocolRead[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(3)
	absent, _ := k.entry(9)
	f.want(t, f.m, 0, 1, 2)
	if v, ok := f.m.Load(absent); v != *new(V) || ok {
		t.Errorf("Load of what is not there: %v, %v", v, ok)
	}
}

func TestCPython_WeakValueDictionary_write(t *testing.T) { weakValues.run(t, protocolWrite) }
func TestCPython_WeakKeyDictionary_write(t *testing.T)   { bothKeys(t, protocolWrite, protocolWrite) }

func protocolWrite[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(3)
	f.v[1] = k.other(f.k[1], 7)
	f.m.Store(f.k[1], f.v[1])
	f.want(t, f.m, 0, 1, 2)
	f.m.Delete(f.k[0])
	f.want(t, f.m, 1, 2)
	f.m.Clear()
	f.want(t, f.m)
	f.m.Store(f.k[0], f.v[0])
	f.want(t, f.m, 0)
}

func TestCPython_WeakValueDictionary_constructor(t *testing.T) {
	weakValues.run(t, protocolConstructor)
}
func TestCPython_WeakKeyDictionary_constructor(t *testing.T) {
	bothKeys(t, protocolConstructor, protocolConstructor)
}

func protocolConstructor[K, V comparable](t *testing.T, k kind[K, V]) {
	a, b := k.empty(), k.empty()
	if a == b {
		t.Error("two maps are one")
	}
	key, value := k.entry(1)
	a.Store(key, value)
	if a.Len() != 1 || b.Len() != 0 {
		t.Error("two maps share entries")
	}
}

// In Go a map is not true or false; Len tells whether it is empty.
func TestCPython_WeakValueDictionary_bool(t *testing.T) { weakValues.run(t, protocolLen) }
func TestCPython_WeakKeyDictionary_bool(t *testing.T)   { bothKeys(t, protocolLen, protocolLen) }

func TestCPython_WeakValueDictionary_len(t *testing.T) { weakValues.run(t, protocolLen) }
func TestCPython_WeakKeyDictionary_len(t *testing.T)   { bothKeys(t, protocolLen, protocolLen) }

func protocolLen[K, V comparable](t *testing.T, k kind[K, V]) {
	for _, n := range []int{0, 1, 3, 100} {
		f := k.fill(n)
		if f.m.Len() != n {
			t.Errorf("Len = %d, want %d", f.m.Len(), n)
		}
		f.want(t, f.m, upTo(n)...)
	}
}

func TestCPython_WeakValueDictionary_keys(t *testing.T) { weakValues.run(t, protocolKeys) }
func TestCPython_WeakKeyDictionary_keys(t *testing.T)   { bothKeys(t, protocolKeys, protocolKeys) }

func protocolKeys[K, V comparable](t *testing.T, k kind[K, V]) {
	for range k.empty().Keys() {
		t.Error("an empty map has keys")
	}
	f := k.fill(3)
	for key := range f.m.Keys() {
		if !slices.Contains(f.k, key) {
			t.Errorf("%v is no key", key)
		}
	}
	f.want(t, f.m, 0, 1, 2)
}

func TestCPython_WeakValueDictionary_values(t *testing.T) { weakValues.run(t, protocolValues) }
func TestCPython_WeakKeyDictionary_values(t *testing.T)   { bothKeys(t, protocolValues, protocolValues) }

func protocolValues[K, V comparable](t *testing.T, k kind[K, V]) {
	for range k.empty().Values() {
		t.Error("an empty map has values")
	}
	f := k.fill(3)
	for value := range f.m.Values() {
		if !slices.Contains(f.v, value) {
			t.Errorf("%v is no value", value)
		}
	}
	f.want(t, f.m, 0, 1, 2)
}

func TestCPython_WeakValueDictionary_items(t *testing.T) { weakValues.run(t, protocolItems) }
func TestCPython_WeakKeyDictionary_items(t *testing.T)   { bothKeys(t, protocolItems, protocolItems) }

func protocolItems[K, V comparable](t *testing.T, k kind[K, V]) {
	if len(maps.Collect(k.empty().All())) != 0 {
		t.Error("an empty map has items")
	}
	f := k.fill(3)
	for key, value := range f.m.All() {
		if i := slices.Index(f.k, key); i < 0 || f.v[i] != value {
			t.Errorf("%v, %v is no item", key, value)
		}
	}
	f.want(t, f.m, 0, 1, 2)
}

func TestCPython_WeakValueDictionary_getitem(t *testing.T) { weakValues.run(t, protocolGet) }
func TestCPython_WeakKeyDictionary_getitem(t *testing.T)   { bothKeys(t, protocolGet, protocolGet) }

func TestCPython_WeakValueDictionary_get(t *testing.T) { weakValues.run(t, protocolGet) }
func TestCPython_WeakKeyDictionary_get(t *testing.T)   { bothKeys(t, protocolGet, protocolGet) }

func protocolGet[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(2)
	absent, other := k.entry(9)
	if v, ok := k.empty().Load(f.k[0]); v != *new(V) || ok {
		t.Errorf("an empty map gives %v, %v", v, ok)
	}
	if v, ok := f.m.Load(f.k[1]); v != f.v[1] || !ok {
		t.Errorf("Load = %v, %v", v, ok)
	}
	if v, ok := f.m.Load(absent); v != *new(V) || ok {
		t.Errorf("Load of what is not there: %v, %v", v, ok)
	}
	f.m.Store(absent, other)
	if v, ok := f.m.Load(absent); v != other || !ok {
		t.Errorf("Load of what was stored: %v, %v", v, ok)
	}
	f.m.Delete(f.k[0])
	if _, ok := f.m.Load(f.k[0]); ok {
		t.Error("Load of what was deleted")
	}
	f.k, f.v = append(f.k, absent), append(f.v, other)
	f.want(t, f.m, 1, 2)
}

func TestCPython_WeakValueDictionary_update(t *testing.T) { weakValues.run(t, protocolUpdate) }
func TestCPython_WeakKeyDictionary_update(t *testing.T)   { bothKeys(t, protocolUpdate, protocolUpdate) }

func protocolUpdate[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(2)
	f.m.Insert(f.more(3)) // a sequence of pairs
	f.want(t, f.m, 0, 1, 2, 3, 4)
	f.m.Insert(func(func(K, V) bool) {})
	f.want(t, f.m, 0, 1, 2, 3, 4)
	f.v[0] = k.other(f.k[0], 7)
	f.m.Insert(maps.All(map[K]V{f.k[0]: f.v[0]}))
	f.want(t, f.m, 0, 1, 2, 3, 4)
	m := k.empty()
	m.Insert(f.m.All())
	f.want(t, m, 0, 1, 2, 3, 4)
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic of a sequence is lost")
			}
		}()
		m.Insert(func(yield func(K, V) bool) { panic("boom") })
	}()
	f.want(t, m, 0, 1, 2, 3, 4)
}

func TestCPython_WeakValueDictionary_setdefault(t *testing.T) { weakValues.run(t, testSetDefault) }
func TestCPython_WeakKeyDictionary_setdefault(t *testing.T) {
	bothKeys(t, testSetDefault, testSetDefault)
}

func TestCPython_WeakValueDictionary_popitem(t *testing.T) { weakValues.run(t, protocolPopItem) }
func TestCPython_WeakKeyDictionary_popitem(t *testing.T) {
	bothKeys(t, protocolPopItem, protocolPopItem)
}

func protocolPopItem[K, V comparable](t *testing.T, k kind[K, V]) {
	testPopItem(t, k)
	if _, _, ok := popItem(k.empty()); ok {
		t.Error("an item of an empty map")
	}
}

func TestCPython_WeakValueDictionary_pop(t *testing.T) { weakValues.run(t, protocolPop) }
func TestCPython_WeakKeyDictionary_pop(t *testing.T)   { bothKeys(t, protocolPop, protocolPop) }

func protocolPop[K, V comparable](t *testing.T, k kind[K, V]) {
	f := k.fill(2)
	if v, ok := f.m.LoadAndDelete(f.k[0]); v != f.v[0] || !ok {
		t.Errorf("LoadAndDelete = %v, %v", v, ok)
	}
	f.want(t, f.m, 1)
	if v, ok := f.m.LoadAndDelete(f.k[0]); v != *new(V) || ok {
		t.Errorf("a second LoadAndDelete = %v, %v", v, ok)
	}
	if v, ok := k.empty().LoadAndDelete(f.k[0]); v != *new(V) || ok {
		t.Errorf("LoadAndDelete in an empty map = %v, %v", v, ok)
	}
}
