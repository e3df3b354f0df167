package conformance_test

import (
	"fmt"
	"iter"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

// TestWeakSet of CPython's test_weakset.

type objectSet = weakref.Set[object]

// setFixture is what most of the tests begin with: two sets that share 4 and 5.
type setFixture struct {
	all  []*object
	a, b *objectSet // 0 to 5, and 4 to 9
}

func newSetFixture() *setFixture {
	f := &setFixture{all: make([]*object, 10)}
	for i := range f.all {
		f.all[i] = newObject(i)
	}
	f.a, f.b = setOf(f.all[:6]...), setOf(f.all[4:]...)
	return f
}

func (f *setFixture) want(t *testing.T, s *objectSet, want ...int) {
	t.Helper()
	if got := ids(s); !slices.Equal(got, want) {
		t.Errorf("the set has %v, want %v", got, want)
	}
	for i, p := range f.all {
		if p != nil && s.Has(p) != slices.Contains(want, i) {
			t.Errorf("Has %d: %v", i, s.Has(p))
		}
	}
}

// makes checks an operation that makes a new set. That must be weak, and its operands
// as they were.
func (f *setFixture) makes(t *testing.T, op func(s, o *objectSet) *objectSet, want ...int) {
	t.Helper()
	s := op(f.a, f.b)
	if s == f.a || s == f.b {
		t.Error("the result is an operand")
	}
	f.want(t, s, want...)
	f.want(t, f.a, 0, 1, 2, 3, 4, 5)
	f.want(t, f.b, 4, 5, 6, 7, 8, 9)
	clear(f.all)
	weaktest.Eventually(t, "the result is weak", func() bool { return s.Len() == 0 })
}

// changes checks an operation that changes its first operand only.
func (f *setFixture) changes(t *testing.T, op func(s, o *objectSet), want ...int) {
	t.Helper()
	op(f.a, f.b)
	f.want(t, f.a, want...)
	f.want(t, f.b, 4, 5, 6, 7, 8, 9)
}

func TestCPython_WeakSet_methods(t *testing.T) {
	set := reflect.TypeOf(new(objectSet))
	for python, name := range map[string]string{
		"add": "Add", "clear": "Clear", "copy": "Clone", "difference": "Difference",
		"difference_update": "DeleteFunc", "discard": "Delete", "intersection": "Intersection",
		"intersection_update": "DeleteFunc", "isdisjoint": "Disjoint", "issubset": "SubsetOf",
		"issuperset": "SubsetOf", "pop": "Pop", "remove": "Delete",
		"symmetric_difference": "SymmetricDifference", "symmetric_difference_update": "Delete",
		"union": "Union", "update": "Insert",
		"__contains__": "Has", "__iter__": "All", "__len__": "Len", "__eq__": "Equal",
	} {
		if _, ok := set.MethodByName(name); !ok {
			t.Errorf("nothing for %s: a Set has no %s", python, name)
		}
	}
}

func TestCPython_WeakSet_len(t *testing.T) {
	f := newSetFixture()
	if f.a.Len() != 6 || f.b.Len() != 6 {
		t.Errorf("Len = %d, %d", f.a.Len(), f.b.Len())
	}
	f.all[0] = nil
	weaktest.Eventually(t, "one has died", func() bool { return f.a.Len() == 5 && f.b.Len() == 6 })
	runtime.KeepAlive(f)
}

func TestCPython_WeakSet_contains(t *testing.T) {
	f := newSetFixture()
	if !f.a.Has(f.all[0]) || f.a.Has(f.all[9]) || f.a.Has(newObject(0)) {
		t.Error("Has is wrong")
	}
	if f.a.Has(nil) || new(weakref.Set[int]).Has(new(int)) {
		t.Error("a set has what cannot be in one")
	}
	r := weakref.Make(f.all[0])
	f.all[0] = nil
	weaktest.MustCollect(t, r)
	f.want(t, f.a, 1, 2, 3, 4, 5)
}

func TestCPython_WeakSet_union(t *testing.T) {
	newSetFixture().makes(t, (*objectSet).Union, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
}

// Go has no operators for sets: these are the methods once more, with the operands
// exchanged.
func TestCPython_WeakSet_or(t *testing.T) {
	newSetFixture().makes(t, swapped((*objectSet).Union), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
}

func swapped(op func(s, o *objectSet) *objectSet) func(s, o *objectSet) *objectSet {
	return func(s, o *objectSet) *objectSet { return op(o, s) }
}

func TestCPython_WeakSet_intersection(t *testing.T) {
	newSetFixture().makes(t, (*objectSet).Intersection, 4, 5)
}

func TestCPython_WeakSet_and(t *testing.T) {
	newSetFixture().makes(t, swapped((*objectSet).Intersection), 4, 5)
}

func TestCPython_WeakSet_isdisjoint(t *testing.T) {
	f := newSetFixture()
	if f.a.Disjoint(f.b) || !f.a.Disjoint(setOf(f.all[6:]...)) || !f.a.Disjoint(new(objectSet)) {
		t.Error("Disjoint is wrong")
	}
	runtime.KeepAlive(f)
}

func TestCPython_WeakSet_difference(t *testing.T) {
	newSetFixture().makes(t, (*objectSet).Difference, 0, 1, 2, 3)
}

func TestCPython_WeakSet_sub(t *testing.T) {
	newSetFixture().makes(t, swapped((*objectSet).Difference), 6, 7, 8, 9)
}

func TestCPython_WeakSet_symmetric_difference(t *testing.T) {
	newSetFixture().makes(t, (*objectSet).SymmetricDifference, 0, 1, 2, 3, 6, 7, 8, 9)
}

func TestCPython_WeakSet_xor(t *testing.T) {
	newSetFixture().makes(t, swapped((*objectSet).SymmetricDifference), 0, 1, 2, 3, 6, 7, 8, 9)
}

func TestCPython_WeakSet_sub_and_super(t *testing.T) {
	f := newSetFixture()
	part := setOf(f.all[1:3]...)
	if !part.SubsetOf(f.a) || f.a.SubsetOf(part) {
		t.Error("of a part")
	}
	if !f.a.SubsetOf(f.a) || f.a.SubsetOf(f.b) || f.b.SubsetOf(f.a) {
		t.Error("of itself and of another")
	}
	runtime.KeepAlive(f)
}

// properSubset is Python's s < o.
func properSubset(s, o *objectSet) bool { return s.SubsetOf(o) && !o.SubsetOf(s) }

func TestCPython_WeakSet_lt(t *testing.T) {
	f := newSetFixture()
	part := setOf(f.all[1:3]...)
	if !properSubset(part, f.a) || properSubset(f.a, f.a.Clone()) || properSubset(f.b, f.a) {
		t.Error("SubsetOf is wrong")
	}
	runtime.KeepAlive(f)
}

func TestCPython_WeakSet_gt(t *testing.T) {
	f := newSetFixture()
	part := setOf(f.all[1:3]...)
	if !part.SubsetOf(f.a) || f.a.SubsetOf(part) || properSubset(f.a, part) {
		t.Error("SubsetOf is wrong")
	}
	runtime.KeepAlive(f)
}

func TestCPython_WeakSet_gc(t *testing.T) {
	const n = 1000
	var refs []weakref.Ref[selfish]
	set := func() weakref.Ref[weakref.Set[selfish]] {
		s := new(weakref.Set[selfish])
		var last *selfish
		for range n {
			last = &selfish{set: s, next: last}
			s.Add(last)
			refs = append(refs, weakref.Make(last))
		}
		refs[0].Value().next = last // a ring
		return weakref.Make(s)
	}()
	weaktest.MustCollect(t, set)
	weaktest.Eventually(t, "the elements are dead, too", func() bool {
		return !slices.ContainsFunc(refs, func(r weakref.Ref[selfish]) bool { return r.Value() != nil })
	})
}

func TestCPython_WeakSet_constructor_identity(t *testing.T) {
	f := newSetFixture()
	c := f.a.Clone()
	if c == f.a {
		t.Error("the copy is the set itself")
	}
	c.Clear()
	f.want(t, f.a, 0, 1, 2, 3, 4, 5)
	c.Insert(f.a.All())
	f.want(t, c, 0, 1, 2, 3, 4, 5)
}

func TestCPython_WeakSet_clear(t *testing.T) {
	f := newSetFixture()
	f.a.Clear()
	f.want(t, f.a)
	if f.a.Len() != 0 {
		t.Errorf("Len = %d", f.a.Len())
	}
	f.a.Add(f.all[1])
	f.want(t, f.a, 1)
}

func TestCPython_WeakSet_copy(t *testing.T) {
	f := newSetFixture()
	c := f.a.Clone()
	if c == f.a || !c.Equal(f.a) {
		t.Error("the copy is the set itself, or not equal")
	}
	c.Delete(f.all[0])
	c.Add(f.all[9])
	f.want(t, c, 1, 2, 3, 4, 5, 9)
	f.want(t, f.a, 0, 1, 2, 3, 4, 5)
}

func TestCPython_WeakSet_copying(t *testing.T) {
	f := newSetFixture()
	f.a.Name = "a"
	c := f.a.Clone()
	f.want(t, c, 0, 1, 2, 3, 4, 5)
	if c.Name != "" {
		t.Error("two sets have one name")
	}
	clear(f.all)
	weaktest.Eventually(t, "the copy is weak", func() bool { return c.Len() == 0 })
}

func TestCPython_WeakSet_add(t *testing.T) {
	f := newSetFixture()
	if !f.a.Add(f.all[9]) || f.a.Add(f.all[9]) || f.a.Len() != 7 {
		t.Error("Add is wrong")
	}
	func() { f.a.Add(newObject(100)) }()
	weaktest.Eventually(t, "the temporary one has gone", func() bool { return f.a.Len() == 7 })
	f.want(t, f.a, 0, 1, 2, 3, 4, 5, 9)
	mustRefuse(t, weakref.NilPointer, func() { f.a.Add(nil) })
}

func TestCPython_WeakSet_remove(t *testing.T) {
	f := newSetFixture()
	if !f.a.Delete(f.all[0]) {
		t.Error("Remove of an element says that it is none")
	}
	f.want(t, f.a, 1, 2, 3, 4, 5)
	if f.a.Delete(f.all[0]) || f.a.Delete(f.all[9]) {
		t.Error("Remove of no element says that it is one")
	}
}

func TestCPython_WeakSet_discard(t *testing.T) {
	f := newSetFixture()
	f.a.Delete(f.all[0])
	f.a.Delete(f.all[9])
	f.a.Delete(nil)
	f.want(t, f.a, 1, 2, 3, 4, 5)
}

func TestCPython_WeakSet_pop(t *testing.T) {
	f := newSetFixture()
	var popped []*object
	for p, ok := f.a.Pop(); ok; p, ok = f.a.Pop() {
		if f.a.Has(p) || slices.Contains(popped, p) {
			t.Errorf("%d is still there", p.id)
		}
		popped = append(popped, p)
	}
	if len(popped) != 6 || f.a.Len() != 0 {
		t.Errorf("%d popped, %d left", len(popped), f.a.Len())
	}
	if p, ok := f.a.Pop(); p != nil || ok {
		t.Errorf("Pop of nothing: %v, %v", p, ok)
	}
	runtime.KeepAlive(f)
}

func TestCPython_WeakSet_update(t *testing.T) {
	f := newSetFixture()
	f.a.Insert(slices.Values(f.all[8:]))
	f.a.Insert(slices.Values([]*object(nil)))
	f.want(t, f.a, 0, 1, 2, 3, 4, 5, 8, 9)
}

func TestCPython_WeakSet_update_set(t *testing.T) {
	newSetFixture().changes(t, update, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
}

func TestCPython_WeakSet_ior(t *testing.T) {
	f := newSetFixture()
	f.changes(t, update, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	f.changes(t, update, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9) // a second time
}

func TestCPython_WeakSet_intersection_update(t *testing.T) {
	newSetFixture().changes(t, intersectionUpdate, 4, 5)
}

func TestCPython_WeakSet_iand(t *testing.T) {
	f := newSetFixture()
	f.changes(t, intersectionUpdate, 4, 5)
	f.changes(t, intersectionUpdate, 4, 5)
}

func TestCPython_WeakSet_difference_update(t *testing.T) {
	newSetFixture().changes(t, differenceUpdate, 0, 1, 2, 3)
}

func TestCPython_WeakSet_isub(t *testing.T) {
	f := newSetFixture()
	f.changes(t, differenceUpdate, 0, 1, 2, 3)
	f.changes(t, differenceUpdate, 0, 1, 2, 3)
}

func TestCPython_WeakSet_symmetric_difference_update(t *testing.T) {
	newSetFixture().changes(t, symmetricDifferenceUpdate, 0, 1, 2, 3, 6, 7, 8, 9)
}

func TestCPython_WeakSet_ixor(t *testing.T) {
	f := newSetFixture()
	f.changes(t, symmetricDifferenceUpdate, 0, 1, 2, 3, 6, 7, 8, 9)
	f.changes(t, symmetricDifferenceUpdate, 0, 1, 2, 3, 4, 5) // and back
}

func TestCPython_WeakSet_inplace_on_self(t *testing.T) {
	for name, c := range map[string]struct {
		op   func(s, o *objectSet)
		want []int
	}{
		"|=": {update, upTo(6)},
		"&=": {intersectionUpdate, upTo(6)},
		"-=": {differenceUpdate, nil},
		"^=": {symmetricDifferenceUpdate, nil},
	} {
		f := newSetFixture()
		c.op(f.a, f.a)
		if got := ids(f.a); !slices.Equal(got, c.want) {
			t.Errorf("%s with itself: %v", name, got)
		}
		runtime.KeepAlive(f)
	}
}

func TestCPython_WeakSet_eq(t *testing.T) {
	f := newSetFixture()
	same := setOf(f.all[:6]...)
	if !f.a.Equal(f.a) || !f.a.Equal(same) || !same.Equal(f.a) || f.a.Equal(f.b) {
		t.Error("Equal is wrong")
	}
	same.Delete(f.all[0])
	if f.a.Equal(same) || same.Equal(f.a) {
		t.Error("a part equals the whole")
	}
	if !new(objectSet).Equal(new(objectSet)) || f.a.Equal(new(objectSet)) {
		t.Error("Equal of empty sets is wrong")
	}
}

func TestCPython_WeakSet_ne(t *testing.T) {
	f := newSetFixture()
	if f.a.Equal(f.b) || f.a.Equal(setOf(newObject(0), newObject(1))) {
		t.Error("different sets are equal")
	}
	runtime.KeepAlive(f)
}

func TestCPython_WeakSet_weak_destroy_while_iterating(t *testing.T) {
	const n = 40
	f := &setFixture{all: make([]*object, n)}
	for i := range f.all {
		f.all[i] = newObject(i)
	}
	s := setOf(f.all...)
	seen := make(map[int]int)
	for p := range s.All() {
		seen[p.id]++
		if next := (p.id + n/2) % n; next%2 == 0 { // the odd ones stay
			f.all[next] = nil
			if len(seen)%8 == 1 {
				weaktest.Collect(t)
			}
		}
	}
	for i := range n {
		if seen[i] > 1 || i%2 == 1 && seen[i] != 1 {
			t.Errorf("element %d was seen %d times", i, seen[i])
		}
	}
	for i := 0; i < n; i += 2 {
		f.all[i] = nil
	}
	weaktest.Eventually(t, "the dead have gone", func() bool { return s.Len() == n/2 })
	runtime.KeepAlive(f)
}

func TestCPython_WeakSet_weak_destroy_and_mutate_while_iterating(t *testing.T) {
	for name, change := range map[string]func(f *setFixture) (lived int){
		"add":                  func(f *setFixture) int { f.a.Add(f.all[9]); return 5 },
		"remove":               func(f *setFixture) int { f.a.Delete(f.all[2]); return 3 },
		"pop":                  func(f *setFixture) int { f.a.Pop(); return 3 },
		"clear":                func(f *setFixture) int { f.a.Clear(); return 0 },
		"update":               func(f *setFixture) int { f.a.Insert(f.b.All()); return 8 },
		"intersection":         func(f *setFixture) int { f.a.DeleteFunc(func(p *object) bool { return !f.b.Has(p) }); return 2 },
		"difference":           func(f *setFixture) int { f.a.DeleteFunc(f.b.Has); return 2 },
		"symmetric difference": func(f *setFixture) int { symmetricDifferenceUpdate(f.a, f.b); return 6 },
	} {
		f := newSetFixture()
		next, stop := iter.Pull(f.a.All())
		for { // until it does not hold one of those that are to die
			if p, _ := next(); p.id > 1 {
				break
			}
		}
		f.all[0], f.all[1] = nil, nil
		weaktest.Eventually(t, "two have died, while the iteration is under way", func() bool { return f.a.Len() == 4 })
		lived := change(f)
		if f.a.Len() != lived {
			t.Errorf("%s: Len = %d, want %d", name, f.a.Len(), lived)
		}
		weaktest.Collect(t)
		for _, ok := next(); ok; _, ok = next() {
		}
		stop()
		if f.a.Len() != lived {
			t.Errorf("%s: Len = %d after the iteration, want %d", name, f.a.Len(), lived)
		}
		runtime.KeepAlive(f)
	}
}

func TestCPython_WeakSet_len_cycles(t *testing.T) {
	f := newSetFixture()
	next, stop := iter.Pull(f.a.All())
	next()
	clear(f.all)
	weaktest.Eventually(t, "the iterator keeps one at most", func() bool { return f.a.Len() <= 1 })
	stop()
	weaktest.Eventually(t, "none is left", func() bool { return f.a.Len() == 0 })
}

func TestCPython_WeakSet_len_race(t *testing.T) {
	const n = 500
	var s objectSet
	all := make([]*object, n)
	for i := range all {
		all[i] = newObject(i)
		s.Add(all[i])
	}
	whileCollecting(func() {
		last := n
		for i := range all {
			all[i] = nil
			l := s.Len()
			if l > last || l < n-i-1 {
				t.Errorf("Len = %d after %d, with %d alive", l, last, n-i-1)
				return
			}
			last = l
		}
	})
	weaktest.Eventually(t, "none is left", func() bool { return s.Len() == 0 })
}

func TestCPython_WeakSet_repr(t *testing.T) {
	s := weakref.Set[screamer]{Name: "listeners"}
	p := new(screamer) // whose methods panic
	s.Add(p)
	if got := fmt.Sprint(&s); !contains(got, "weakref.Set[", "screamer](listeners, 1 entry)") {
		t.Error(got)
	}
	runtime.KeepAlive(p)
}
