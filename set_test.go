package weakref_test

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

// setOf returns a set of objects.
func setOf(objects ...*object) *weakref.Set[object] {
	s := new(weakref.Set[object])
	s.Insert(slices.Values(objects))
	return s
}

// Python's operations that change a set in place, as they are written here.

func update(s, o *weakref.Set[object]) { s.Insert(o.All()) }

func intersectionUpdate(s, o *weakref.Set[object]) {
	s.DeleteFunc(func(p *object) bool { return !o.Has(p) })
}

func differenceUpdate(s, o *weakref.Set[object]) { s.DeleteFunc(o.Has) }

func symmetricDifferenceUpdate(s, o *weakref.Set[object]) {
	for p := range o.All() {
		if !s.Delete(p) {
			s.Add(p)
		}
	}
}

// ids returns the numbers of the objects in a set.
func ids(s *weakref.Set[object]) []int {
	var ids []int
	for p := range s.All() {
		ids = append(ids, p.id)
	}
	slices.Sort(ids)
	return ids
}

func TestSetBasics(t *testing.T) {
	var s weakref.Set[object]
	a, b := newObject(1), newObject(1)
	if s.Has(a) || s.Has(nil) || s.Delete(a) || s.Delete(nil) || s.Len() != 0 || s.Sweep() != 0 {
		t.Error("the zero Set is not empty")
	}
	if _, ok := s.Pop(); ok {
		t.Error("Pop of nothing")
	}
	s.Clear()
	if !s.Add(a) || s.Add(a) || !s.Has(a) || s.Has(b) || s.Len() != 1 {
		t.Error("Add is wrong")
	}
	if !s.Add(b) || s.Len() != 2 {
		t.Error("an equal object is taken for the same")
	}
	if !s.Delete(a) || s.Delete(a) || s.Has(a) || !s.Has(b) {
		t.Error("Remove is wrong")
	}
	if p, ok := s.Pop(); p != b || !ok || s.Len() != 0 {
		t.Error("Pop is wrong")
	}
	s.Add(a)
	s.Clear()
	if s.Has(a) || s.Len() != 0 {
		t.Error("Clear leaves something")
	}
	s.Add(a)
	if !s.Has(a) {
		t.Error("a cleared set does not work")
	}
	mustRefuse(t, weakref.NilPointer, func() { s.Add(nil) })
	mustRefuse(t, weakref.Tiny, func() { new(weakref.Set[int]).Add(new(int)) })
	s.Name = "listeners"
	if st := s.Stats(); st.Name != "listeners" || st.Len != 1 {
		t.Errorf("%+v", st)
	}
	valid(t, &s)
}

func TestSetAlgebra(t *testing.T) {
	all := make([]*object, 10)
	for i := range all {
		all[i] = newObject(i)
	}
	a, b := setOf(all[:6]...), setOf(all[4:]...) // they share 4 and 5
	check := func(name string, s *weakref.Set[object], want ...int) {
		t.Helper()
		if got := ids(s); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	check("Union", a.Union(b), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	check("Intersection", a.Intersection(b), 4, 5)
	check("Difference", a.Difference(b), 0, 1, 2, 3)
	check("SymmetricDifference", a.SymmetricDifference(b), 0, 1, 2, 3, 6, 7, 8, 9)
	check("Clone", a.Clone(), 0, 1, 2, 3, 4, 5)
	inPlace := func(name string, f func(s, o *weakref.Set[object]), want ...int) {
		t.Helper()
		s := a.Clone()
		f(s, b)
		check(name, s, want...)
		check("the other", b, 4, 5, 6, 7, 8, 9)
	}
	inPlace("update", update, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	inPlace("intersectionUpdate", intersectionUpdate, 4, 5)
	inPlace("differenceUpdate", differenceUpdate, 0, 1, 2, 3)
	inPlace("symmetricDifferenceUpdate", symmetricDifferenceUpdate, 0, 1, 2, 3, 6, 7, 8, 9)

	same := func(name string, f func(s, o *weakref.Set[object]), want ...int) {
		t.Helper()
		s := a.Clone()
		f(s, s)
		check(name+" with itself", s, want...)
	}
	same("update", update, 0, 1, 2, 3, 4, 5)
	same("intersectionUpdate", intersectionUpdate, 0, 1, 2, 3, 4, 5)
	same("differenceUpdate", differenceUpdate)
	same("symmetricDifferenceUpdate", symmetricDifferenceUpdate)

	none, some := new(weakref.Set[object]), setOf(all[1:3]...)
	for name, c := range map[string]struct{ got, want bool }{
		"some ⊆ a":          {some.SubsetOf(a), true},
		"a ⊆ some":          {a.SubsetOf(some), false},
		"a ⊆ a":             {a.SubsetOf(a), true},
		"∅ ⊆ a":             {none.SubsetOf(a), true},
		"a ⊇ some":          {some.SubsetOf(a), true},
		"some ⊇ a":          {a.SubsetOf(some), false},
		"a, b disjoint":     {a.Disjoint(b), false},
		"some, b disjoint":  {some.Disjoint(b), true},
		"∅, ∅ disjoint":     {none.Disjoint(none), true},
		"a = a":             {a.Equal(a), true},
		"a = its clone":     {a.Equal(a.Clone()), true},
		"a = b":             {a.Equal(b), false},
		"some = a":          {some.Equal(a), false},
		"∅ = another empty": {none.Equal(new(weakref.Set[object])), true},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v", name, c.got)
		}
	}
	runtime.KeepAlive(all)
}

func TestSetElementsDie(t *testing.T) {
	var s weakref.Set[object]
	kept := []*object{newObject(1), newObject(2)}
	s.Insert(slices.Values(kept))
	func() {
		for i := range 1000 {
			s.Add(newObject(10 + i))
		}
	}()
	weaktest.Eventually(t, "only the kept are left", func() bool { return s.Len() == 2 && s.Stats().Capacity < 50 })
	if got := ids(&s); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("left: %v", got)
	}
	runtime.KeepAlive(kept)
}

func TestSetIsCollectable(t *testing.T) {
	kept := newObject(1)
	set := func() weakref.Ref[weakref.Set[object]] {
		s := setOf(kept)
		return weakref.Make(s)
	}
	for range 3 {
		weaktest.MustCollect(t, set())
	}
	runtime.KeepAlive(kept)
}

// selfish is an element that holds its set.
type selfish struct {
	set  *weakref.Set[selfish]
	next *selfish
	_    [2]int
}

func TestSetElementsHoldTheSet(t *testing.T) {
	ref := func() weakref.Ref[weakref.Set[selfish]] {
		s := new(weakref.Set[selfish])
		a, b := &selfish{set: s}, &selfish{set: s}
		a.next, b.next = b, a
		s.Add(a)
		s.Add(b)
		return weakref.Make(s)
	}()
	weaktest.MustCollect(t, ref)
}

func TestSetModel(t *testing.T) {
	if !weakref.Kill(newObject(1)) {
		t.Skip("deaths cannot be chosen on this runtime")
	}
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		var s weakref.Set[object]
		model := map[int]bool{}
		held := map[int]*object{}
		for step := range 500 {
			id := rnd.IntN(40)
			p := held[id]
			if p == nil {
				p = newObject(id)
				held[id] = p
			}
			switch op := rnd.IntN(20); {
			case op < 6:
				if got := s.Add(p); got == model[id] {
					t.Fatalf("seed %d, step %d: Add = %v", seed, step, got)
				}
				model[id] = true
			case op < 9:
				if got := s.Delete(p); got != model[id] {
					t.Fatalf("seed %d, step %d: Remove = %v", seed, step, got)
				}
				delete(model, id)
			case op < 12:
				if got := s.Has(p); got != model[id] {
					t.Fatalf("seed %d, step %d: Has = %v", seed, step, got)
				}
			case op < 15:
				weakref.Kill(p)
				delete(held, id)
				delete(model, id)
			case op < 16:
				if p, ok := s.Pop(); ok != (len(model) > 0) || ok && !model[p.id] {
					t.Fatalf("seed %d, step %d: Pop = %v, %v", seed, step, p, ok)
				} else if ok {
					delete(model, p.id)
				}
			case op < 17:
				s.Sweep()
			case op < 19:
				if got, want := ids(&s), slices.Sorted(maps.Keys(model)); !slices.Equal(got, want) {
					t.Fatalf("seed %d, step %d: All yields %v, want %v", seed, step, got, want)
				}
			default:
				if rnd.IntN(10) == 0 {
					s.Clear()
					clear(model)
				}
			}
			if err := s.Validate(); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
		}
		runtime.KeepAlive(held)
	}
}

func TestSetConcurrent(t *testing.T) {
	var s weakref.Set[object]
	const workers, each = 4, 200
	var stop atomic.Bool
	var wg, ws sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
			runtime.GC()
			s.Union(&s).SymmetricDifference(&s)
		}
	})
	for w := range workers {
		ws.Go(func() {
			own := make([]*object, each)
			for i := range own {
				own[i] = newObject(w*each + i)
			}
			for range 20 {
				for _, p := range own {
					if !s.Add(p) || !s.Has(p) {
						t.Error("an added object is not there")
						return
					}
					s.Add(newObject(-1))
				}
				for _, p := range own {
					if !s.Delete(p) || s.Has(p) {
						t.Error("a removed object is there")
						return
					}
				}
			}
		})
	}
	ws.Wait()
	stop.Store(true)
	wg.Wait()
	weaktest.Eventually(t, "the set is empty", func() bool { return s.Len() == 0 })
	valid(t, &s)
}

// TestSetPopRace has two goroutines take elements out of one set: each element goes to
// one of them.
func TestSetPopRace(t *testing.T) {
	for range 50 {
		var s weakref.Set[object]
		objects := make([]*object, 500)
		for i := range objects {
			objects[i] = newObject(i)
			s.Add(objects[i])
		}
		var popped [2][]*object
		var ready atomic.Int32
		var wg sync.WaitGroup
		for i := range popped {
			wg.Go(func() {
				for ready.Add(1); ready.Load() < 2; {
					runtime.Gosched()
				}
				for p, ok := s.Pop(); ok; p, ok = s.Pop() {
					popped[i] = append(popped[i], p)
				}
			})
		}
		wg.Wait()
		if n := len(popped[0]) + len(popped[1]); n != len(objects) {
			t.Fatalf("%d elements were popped of %d", n, len(objects))
		}
		runtime.KeepAlive(objects)
	}
}
