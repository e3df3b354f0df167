package weakref_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

// TestValueMapModel runs random scripts of all operations against a plain map.
// One of the operations is Forget: the last strong pointer to an object is
// dropped. Whatever key it was stored under has no value from then on.
func TestValueMapModel(t *testing.T) {
	for _, c := range []struct {
		name     string
		constant bool // all keys have one hash
		collect  bool // Forget drops and collects, else it kills
		scripts  int
	}{
		{"good hash", false, false, 100},
		{"constant hash", true, false, 100},
		{"collected", false, true, 3},
		{"collected, constant hash", true, true, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !c.collect && !weakref.Kill(newObject(0)) {
				t.Skip("deaths cannot be chosen on this runtime")
			}
			for seed := range uint64(c.scripts) {
				s := newScript(t, rand.New(rand.NewPCG(seed, 3)), c.collect)
				if c.constant {
					s.m.UseConstantHash()
					if s.m.Hash(1) != s.m.Hash(2) {
						t.Fatal("the constant hash is not constant")
					}
				}
				s.run(400)
				if t.Failed() {
					t.Fatalf("seed %d, after %d steps, the last being\n%s", seed, len(s.log), strings.Join(s.log[max(0, len(s.log)-50):], "\n"))
				}
			}
		})
	}
}

// script is one run of TestValueMapModel.
type script struct {
	t       *testing.T
	rnd     *rand.Rand
	collect bool
	log     []string

	m     objectMap
	keys  int             // the number of keys in use
	model map[int]int     // key to object, by number
	held  map[int]*object // what has not been forgotten
	next  int             // the number of the next object

	mu       sync.Mutex
	reported map[int]int // calls of OnCollect by key
	must     map[int]int // calls that must come
	may      map[int]int // calls that may come besides
}

func newScript(t *testing.T, rnd *rand.Rand, collect bool) *script {
	s := &script{
		t: t, rnd: rnd, collect: collect,
		keys:     3 << rnd.IntN(8),
		model:    make(map[int]int),
		held:     make(map[int]*object),
		reported: make(map[int]int),
		must:     make(map[int]int),
		may:      make(map[int]int),
	}
	s.m.OnCollect = func(k int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reported[k]++
	}
	return s
}

func (s *script) logf(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

func (s *script) errorf(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("step %d: %s", len(s.log), fmt.Sprintf(format, args...))
}

// make returns a new object that is held.
func (s *script) make() *object {
	s.next++
	p := newObject(s.next)
	s.held[p.id] = p
	return p
}

// object returns a new object, or one that is held already.
func (s *script) object() *object {
	if len(s.held) > 0 && s.rnd.IntN(3) == 0 {
		ids := slices.Sorted(maps.Keys(s.held))
		return s.held[ids[s.rnd.IntN(len(ids))]]
	}
	return s.make()
}

// current returns the object of a key, or nil.
func (s *script) current(k int) *object { return s.held[s.model[k]] }

// check compares a result with the object that was expected, nil for none.
func (s *script) check(op string, got *object, ok bool, want *object) {
	s.t.Helper()
	if got != want || ok != (want != nil) {
		s.errorf("%s = %v, %v, want %v", op, got, ok, want)
	}
}

func (s *script) run(steps int) {
	for range steps {
		s.step()
		if err := s.m.Validate(); err != nil {
			s.errorf("%v", err)
		}
		if s.m.Len() < len(s.model) {
			s.errorf("Len = %d with %d alive", s.m.Len(), len(s.model))
		}
		if s.t.Failed() {
			return
		}
	}
	s.finish()
}

func (s *script) step() {
	k := s.rnd.IntN(s.keys)
	was := s.current(k)
	switch op := s.rnd.IntN(100); {
	case op < 20:
		s.logf("Load %d", k)
		v, ok := s.m.Load(k)
		s.check("Load", v, ok, was)
	case op < 35:
		p := s.object()
		s.logf("Store %d, object %d", k, p.id)
		s.m.Store(k, p)
		s.model[k] = p.id
	case op < 42:
		p := s.object()
		s.logf("LoadOrStore %d, object %d", k, p.id)
		v, loaded := s.m.LoadOrStore(k, p)
		if was == nil {
			s.model[k] = p.id
			s.check("LoadOrStore", v, !loaded, p)
		} else {
			s.check("LoadOrStore", v, loaded, was)
		}
	case op < 49:
		p := s.object()
		s.logf("LoadOrCreate %d, object %d", k, p.id)
		v, err := s.m.LoadOrCreate(k, func() (*object, error) {
			if was != nil {
				s.errorf("created although there is a value")
			}
			return p, nil
		})
		if was == nil {
			s.model[k] = p.id
			was = p
		}
		s.check("LoadOrCreate", v, err == nil, was)
	case op < 55:
		p := s.object()
		s.logf("Swap %d, object %d", k, p.id)
		v, loaded := s.m.Swap(k, p)
		s.check("Swap", v, loaded, was)
		s.model[k] = p.id
	case op < 61:
		old, p := s.object(), s.object()
		if s.rnd.IntN(2) == 0 && was != nil {
			old = was
		}
		s.logf("CompareAndSwap %d, objects %d, %d", k, old.id, p.id)
		if got, want := s.m.CompareAndSwap(k, old, p), was == old; got != want {
			s.errorf("CompareAndSwap = %v", got)
		} else if want {
			s.model[k] = p.id
		}
	case op < 66:
		old := s.object()
		if s.rnd.IntN(2) == 0 && was != nil {
			old = was
		}
		s.logf("CompareAndDelete %d, object %d", k, old.id)
		if got, want := s.m.CompareAndDelete(k, old), was == old; got != want {
			s.errorf("CompareAndDelete = %v", got)
		} else if want {
			delete(s.model, k)
		}
	case op < 71:
		s.logf("LoadAndDelete %d", k)
		v, loaded := s.m.LoadAndDelete(k)
		s.check("LoadAndDelete", v, loaded, was)
		delete(s.model, k)
	case op < 75:
		s.logf("Delete %d", k)
		s.m.Delete(k)
		delete(s.model, k)
	case op < 90:
		s.forget()
	case op < 94:
		s.logf("Sweep")
		s.m.Sweep()
	case op < 99:
		s.iterate()
	default:
		s.logf("Clear")
		s.m.Clear()
		clear(s.model)
		for k, n := range s.must {
			s.may[k] += n
		}
		clear(s.must)
	}
}

// forget drops the last strong pointer to an object.
func (s *script) forget() {
	if len(s.held) == 0 {
		return
	}
	ids := slices.Sorted(maps.Keys(s.held))
	id := ids[s.rnd.IntN(len(ids))]
	s.logf("Forget object %d", id)
	p := s.held[id]
	delete(s.held, id)
	for k, of := range s.model {
		if of == id {
			delete(s.model, k)
			s.must[k]++
		}
	}
	if s.collect {
		r := weakref.Make(p)
		p = nil
		weaktest.MustCollect(s.t, r)
	} else {
		weakref.Kill(p)
	}
}

func (s *script) iterate() {
	s.logf("iterate")
	got := make(map[int]int)
	for k, v := range s.m.All() {
		if _, twice := got[k]; twice {
			s.errorf("All yields %d twice", k)
		}
		got[k] = v.id
	}
	if !maps.Equal(got, s.model) {
		s.errorf("All yields %v, want %v", got, s.model)
	}
	keys := slices.Sorted(s.m.Keys())
	if want := slices.Sorted(maps.Keys(s.model)); !slices.Equal(keys, want) {
		s.errorf("Keys yields %v, want %v", keys, want)
	}
	n := 0
	for range s.m.Values() {
		n++
	}
	if n != len(s.model) {
		s.errorf("Values yields %d values of %d", n, len(s.model))
	}
}

// finish checks that every death has been reported once.
func (s *script) finish() {
	s.m.Sweep()
	if s.m.Len() != len(s.model) {
		s.errorf("Len = %d after Sweep with %d alive", s.m.Len(), len(s.model))
	}
	total := 0
	for _, n := range s.must {
		total += n
	}
	weaktest.Eventually(s.t, "every death is reported", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		n := 0
		for k := range s.reported {
			n += min(s.reported[k], s.must[k])
		}
		return n == total
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, n := range s.reported {
		if n > s.must[k]+s.may[k] {
			s.errorf("%d calls of OnCollect for %d, want %d to %d", n, k, s.must[k], s.must[k]+s.may[k])
		}
	}
	runtime.KeepAlive(&s.m)
}
