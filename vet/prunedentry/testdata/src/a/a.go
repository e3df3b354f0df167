package a

import (
	"runtime"
	"sync"
	"weak"
)

type V struct{ name string }

type typedMap struct{}

func (*typedMap) LoadOrStore(k string, w weak.Pointer[V]) (weak.Pointer[V], bool) { return w, false }
func (*typedMap) CompareAndSwap(k string, old, w weak.Pointer[V]) bool            { return true }
func (*typedMap) Store(k string, w weak.Pointer[V])                               {}
func (*typedMap) Delete(k string)                                                 {}

var m typedMap

func remove(k string) { m.Delete(k) }

// A weak map in published code, rewritten in minimal form.
func loadOrStore(k string, v *V) *V {
	w := weak.Make(v)
	for {
		old, loaded := m.LoadOrStore(k, w)
		if !loaded {
			runtime.AddCleanup(v, remove, k)
			return v
		}
		if p := old.Value(); p != nil {
			return p
		}
		if m.CompareAndSwap(k, old, w) { // want `this entry gets no cleanup, although another path of the function registers one, so it is never removed; register it here too`
			return v
		}
	}
}

func bothPaths(k string, v *V) *V {
	w := weak.Make(v)
	for {
		old, loaded := m.LoadOrStore(k, w)
		if !loaded {
			runtime.AddCleanup(v, remove, k)
			return v
		}
		if p := old.Value(); p != nil {
			return p
		}
		if m.CompareAndSwap(k, old, w) {
			runtime.AddCleanup(v, remove, k)
			return v
		}
	}
}

func before(k string, v *V) *V {
	w := weak.Make(v)
	runtime.AddCleanup(v, remove, k)
	for {
		old, loaded := m.LoadOrStore(k, w)
		if !loaded || m.CompareAndSwap(k, old, w) {
			return v
		}
	}
}

func negated(k string, v *V) *V {
	w := weak.Make(v)
	old, loaded := m.LoadOrStore(k, w)
	if loaded {
		if swapped := m.CompareAndSwap(k, old, w); !swapped {
			return old.Value()
		}
	}
	runtime.AddCleanup(v, remove, k)
	return v
}

var plain = map[string]weak.Pointer[V]{}

func plainMap(k string, v *V, fresh bool) {
	if fresh {
		plain[k] = weak.Make(v)
		runtime.AddCleanup(v, remove, k)
		return
	}
	plain[k] = weak.Make(v) // want `this entry gets no cleanup`
}

func plainMapBoth(k string, v *V, fresh bool) {
	if fresh {
		plain[k] = weak.Make(v)
	} else {
		plain[k] = weak.Make(v)
	}
	runtime.AddCleanup(v, remove, k)
}

var synced sync.Map

func syncMap(k string, v *V, replace bool) {
	w := weak.Make(v)
	if replace {
		synced.Store(k, w) // want `this entry gets no cleanup`
		return
	}
	if _, loaded := synced.LoadOrStore(k, w); loaded {
		return
	}
	runtime.AddCleanup(v, remove, k)
}

// The cleanup has nothing to do with the entries.
func unrelated(k string, v *V, fresh bool) {
	if !fresh {
		runtime.AddCleanup(v, func(int) {}, 0)
		return
	}
	plain[k] = weak.Make(v)
	plain[k+k] = weak.Make(v)
}

func once(k string, v *V, clean bool) {
	plain[k] = weak.Make(v)
	if clean {
		runtime.AddCleanup(v, remove, k)
	}
}

func ignored(k string, v *V, fresh bool) {
	if fresh {
		plain[k] = weak.Make(v)
		runtime.AddCleanup(v, remove, k)
		return
	}
	//weakvet:ignore prunedentry a test of the directive
	plain[k] = weak.Make(v)
}
