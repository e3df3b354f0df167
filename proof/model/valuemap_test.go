package model

import (
	"errors"
	"maps"
	"runtime"
	"testing"

	"pgregory.net/rapid"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/proof/internal/seam"
)

// values is a ValueMap whose OnCollect stores another value under another key, or
// panics.
type values struct {
	machine
	m       weakref.ValueMap[int, object]
	model   map[int]*object
	deaths  int
	calls   int
	fillers []*object
}

var errCreate = errors.New("not created")

func TestValueMap(t *testing.T) {
	under(t, func(t *rapid.T, most int) {
		s := &values{model: make(map[int]*object)}
		s.m.OnCollect = s.collected
		s.store(-1, s.object())
		seam.CheckHash(t, &s.m, most)
		s.script(t, &s.m, map[string]func(*rapid.T){
			"Load": func(t *rapid.T) {
				k := key(t)
				v, _ := s.m.Load(k)
				check(t, "Load", v, s.model[k])
			},
			"Store":        func(t *rapid.T) { s.store(key(t), s.object()) },
			"LoadOrCreate": s.loadOrCreate,
			"Swap": func(t *rapid.T) {
				k, p := key(t), s.object()
				v, _ := s.m.Swap(k, p)
				check(t, "Swap", v, s.model[k])
				s.model[k] = p
			},
			"Compute": func(t *rapid.T) {
				k, p := key(t), s.object()
				op := rapid.SampledFrom([]weakref.ComputeOp{weakref.CancelOp, weakref.UpdateOp, weakref.DeleteOp}).Draw(t, "op")
				v, ok := s.m.Compute(k, func(old *object, loaded bool) (*object, weakref.ComputeOp) {
					check(t, "Compute", old, s.model[k])
					check(t, "Compute", loaded, old != nil)
					return p, op
				})
				switch op {
				case weakref.UpdateOp:
					s.model[k] = p
				case weakref.DeleteOp:
					delete(s.model, k)
				}
				check(t, "Compute", v, s.model[k])
				check(t, "Compute", ok, v != nil)
			},
			"DeleteFunc": func(t *rapid.T) {
				k := key(t)
				n := len(s.model)
				del := func(at int, _ *object) bool { return at%7 == k%7 }
				maps.DeleteFunc(s.model, del)
				check(t, "DeleteFunc", s.m.DeleteFunc(del), n-len(s.model))
			},
			"CompareAndSwap": func(t *rapid.T) {
				k, old, p := key(t), s.model[key(t)], s.object()
				same := old != nil && old == s.model[k]
				check(t, "CompareAndSwap", s.m.CompareAndSwap(k, old, p), same)
				if same {
					s.model[k] = p
				}
			},
			"CompareAndDelete": func(t *rapid.T) {
				k, old := key(t), s.model[key(t)]
				same := old != nil && old == s.model[k]
				check(t, "CompareAndDelete", s.m.CompareAndDelete(k, old), same)
				if same {
					delete(s.model, k)
				}
			},
			"Delete": func(t *rapid.T) {
				k := key(t)
				s.m.Delete(k)
				delete(s.model, k)
			},
			"Forget": func(t *rapid.T) {
				if p := s.model[key(t)]; p != nil {
					die(p)
					maps.DeleteFunc(s.model, func(_ int, v *object) bool {
						if v == p {
							s.deaths++
						}
						return v == p
					})
				}
			},
			"Share": func(t *rapid.T) { // one value under two keys
				if p := s.model[key(t)]; p != nil {
					s.store(key(t), p)
				}
			},
			"Resize": s.resize,
			"Sweep":  func(*rapid.T) { s.m.Sweep() },
			"Clear": func(*rapid.T) {
				s.m.Sweep() // deaths that are noticed here would not be reported
				s.m.Clear()
				clear(s.model)
			},
			"All": func(t *rapid.T) {
				if got := maps.Collect(s.m.All()); !maps.Equal(got, s.model) {
					t.Fatalf("All yields %v, want %v", got, s.model)
				}
			},
		})
		s.m.Sweep()
		s.eventually(t, "every death is reported", func() bool { return s.calls >= s.deaths })
		check(t, "calls of OnCollect", s.calls, s.deaths)
		check(t, "Len", s.m.Len(), len(s.model))
		runtime.KeepAlive(s)
	})
}

func (s *values) store(k int, p *object) {
	s.m.Store(k, p)
	s.model[k] = p
}

func (s *values) collected(k int) {
	s.Lock()
	defer s.Unlock()
	s.calls++
	switch k % 3 {
	case 0:
		panic("a callback panics")
	case 1:
		if v, _ := s.m.Load(k); v != s.model[k] {
			s.fail("Load = %v in a callback, want %v", v, s.model[k])
		}
		s.store(k+3, s.object())
	}
}

func (s *values) loadOrCreate(t *rapid.T) {
	k, p := key(t), s.object()
	how := rapid.SampledFrom([]string{"value", "error", "panic"}).Draw(t, "create")
	want := s.model[k]
	create := func() (*object, error) {
		switch how {
		case "error":
			return nil, errCreate
		case "panic":
			panic(errCreate)
		}
		return p, nil
	}
	var v *object
	var err error
	var panicked any
	func() {
		defer func() { panicked = recover() }()
		v, err = s.m.LoadOrCreate(k, create)
	}()
	switch {
	case want != nil:
		check(t, "LoadOrCreate", v, want)
	case how == "value":
		check(t, "LoadOrCreate", v, p)
		s.model[k] = p
	case how == "error":
		check(t, "LoadOrCreate", err, errCreate)
	default:
		check(t, "LoadOrCreate", panicked, any(errCreate))
	}
}

// resize adds entries of other keys, or deletes them.
func (s *values) resize(*rapid.T) {
	const n = 400
	if s.fillers == nil {
		for i := range n {
			s.fillers = append(s.fillers, s.object())
			s.m.Store(1000+i, s.fillers[i])
			s.model[1000+i] = s.fillers[i]
		}
		return
	}
	for i := range n {
		s.m.Delete(1000 + i)
		delete(s.model, 1000+i)
	}
	s.fillers = nil
	s.m.Sweep()
}
