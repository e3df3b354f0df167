package model

import (
	"maps"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/proof/internal/seam"
)

type slotted struct {
	weakref.Slots
	_ [4]*object
}

// keys is a KeyMap whose OnCollect, where it has one, attaches another value to
// another object, or panics.
type keys[K any] struct {
	machine
	m             weakref.KeyMap[K, int]
	model         map[*K]int
	list          []*K // in the order they were made
	last          int  // value
	deaths, calls int
}

func TestKeyMap(t *testing.T) {
	under(t, func(t *rapid.T, most int) { keyScript[object](t, most, false) })
}

// TestKeyMapWithSlots has no deaths: the model holds the keys, and with them their
// values.
func TestKeyMapWithSlots(t *testing.T) {
	under(t, func(t *rapid.T, most int) { keyScript[slotted](t, most, true) })
}

func keyScript[K any](t *rapid.T, most int, slots bool) {
	s := &keys[K]{model: make(map[*K]int)}
	if !slots {
		s.m.OnCollect = s.collected
	}
	s.add()
	seam.CheckHash(t, &s.m, most)
	actions := map[string]func(*rapid.T){
		"Add": func(*rapid.T) { s.add() },
		"Load": func(t *rapid.T) {
			k := s.key(t)
			v, ok := s.m.Load(k)
			want, has := s.model[k]
			check(t, "Load", v, want)
			check(t, "Load", ok, has)
		},
		"Store": func(t *rapid.T) {
			k := s.key(t)
			s.store(k)
		},
		"LoadOrStore": func(t *rapid.T) {
			k, v := s.key(t), s.value()
			got, loaded := s.m.LoadOrStore(k, v)
			if _, has := s.model[k]; !has {
				s.model[k] = v
				loaded = !loaded
			}
			check(t, "LoadOrStore", got, s.model[k])
			check(t, "LoadOrStore", loaded, true)
		},
		"CompareAndSwap": func(t *rapid.T) {
			k, old, v := s.key(t), s.model[s.key(t)], s.value()
			same := old != 0 && s.model[k] == old
			check(t, "CompareAndSwap", s.m.CompareAndSwap(k, old, v), same)
			if same {
				s.model[k] = v
			}
		},
		"Compute": func(t *rapid.T) {
			k := s.key(t)
			op := rapid.SampledFrom([]weakref.ComputeOp{weakref.CancelOp, weakref.UpdateOp, weakref.DeleteOp}).Draw(t, "op")
			s.m.Compute(k, func(old int, loaded bool) (int, weakref.ComputeOp) {
				v, ok := s.model[k]
				check(t, "Compute", old, v)
				check(t, "Compute", loaded, ok)
				switch op {
				case weakref.UpdateOp:
					s.model[k] = old + 1
				case weakref.DeleteOp:
					delete(s.model, k)
				}
				return old + 1, op
			})
		},
		"DeleteFunc": func(t *rapid.T) {
			k, n := s.key(t), len(s.model)
			del := func(at *K, _ int) bool { return at == k }
			maps.DeleteFunc(s.model, del)
			check(t, "DeleteFunc", s.m.DeleteFunc(del), n-len(s.model))
		},
		"LoadAndDelete": func(t *rapid.T) {
			k := s.key(t)
			v, _ := s.m.LoadAndDelete(k)
			check(t, "LoadAndDelete", v, s.model[k])
			delete(s.model, k)
		},
		"Resize": func(t *rapid.T) {
			if len(s.list) < 300 {
				for range 300 {
					s.add()
				}
				return
			}
			for _, k := range s.list[10:] {
				s.m.Delete(k)
				delete(s.model, k)
			}
			s.list = s.list[:10]
			s.m.Sweep()
		},
		"Sweep": func(*rapid.T) { s.m.Sweep() },
		"Clear": func(*rapid.T) {
			s.m.Sweep()
			s.m.Clear()
			clear(s.model)
		},
		"All": func(t *rapid.T) {
			if got := maps.Collect(s.m.All()); !maps.Equal(got, s.model) {
				t.Fatalf("All yields %v, want %v", got, s.model)
			}
		},
	}
	if !slots {
		actions["Forget"] = func(t *rapid.T) {
			k := s.key(t)
			die(k)
			if _, has := s.model[k]; has {
				s.deaths++
			}
			delete(s.model, k)
			s.list = slices.DeleteFunc(s.list, func(other *K) bool { return other == k })
		}
	}
	s.script(t, &s.m, actions)
	s.m.Sweep()
	s.eventually(t, "every death is reported", func() bool { return s.calls >= s.deaths })
	check(t, "calls of OnCollect", s.calls, s.deaths)
	check(t, "Len", s.m.Len(), len(s.model))
	runtime.KeepAlive(s)
}

// key draws one of the living objects, or makes one.
func (s *keys[K]) key(t *rapid.T) *K {
	if len(s.list) == 0 {
		s.list = append(s.list, new(K))
	}
	return s.list[rapid.IntRange(0, min(9, len(s.list)-1)).Draw(t, "key")]
}

func (s *keys[K]) value() int {
	s.last++
	return s.last
}

func (s *keys[K]) store(k *K) {
	v := s.value()
	s.m.Store(k, v)
	s.model[k] = v
}

func (s *keys[K]) add() {
	k := new(K)
	s.list = append(s.list, k)
	s.store(k)
}

func (s *keys[K]) collected(v int) {
	s.Lock()
	defer s.Unlock()
	s.calls++
	switch v % 3 {
	case 0:
		panic("a callback panics")
	case 1:
		s.add()
	default:
		for _, k := range s.list[:min(3, len(s.list))] {
			if got, _ := s.m.Load(k); got != s.model[k] {
				s.fail("Load = %v in a callback, want %v", got, s.model[k])
			}
		}
	}
}
