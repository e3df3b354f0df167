package model

import (
	"hash/maphash"
	"maps"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/proof/internal/seam"
)

// elements is a set as Go has it.
type elements map[*object]bool

func (e elements) is(t *rapid.T, what string, s *weakref.Set[object]) {
	t.Helper()
	got := make(elements)
	for p := range s.All() {
		if got[p] {
			t.Fatalf("%s yields an element twice", what)
		}
		got[p] = true
	}
	if !maps.Equal(got, e) {
		t.Fatalf("%s has %d elements, want %d", what, len(got), len(e))
	}
}

// where returns the elements that f approves.
func (e elements) where(f func(*object) bool) elements {
	r := maps.Clone(e)
	maps.DeleteFunc(r, func(p *object, _ bool) bool { return !f(p) })
	return r
}

func (e elements) with(o elements) elements {
	r := maps.Clone(e)
	maps.Copy(r, o)
	return r
}

func TestSet(t *testing.T) {
	under(t, func(t *rapid.T, most int) {
		var s machine
		var sets [2]weakref.Set[object]
		model := [2]elements{{}, {}}
		objects := make([]*object, 10)
		for i := range objects {
			objects[i] = s.object()
		}
		sets[0].Add(objects[0])
		model[0][objects[0]] = true
		seam.CheckHash(t, &sets[0], most)
		which := rapid.IntRange(0, 1)
		var fillers []*object
		actions := map[string]func(*rapid.T){
			"Add": func(t *rapid.T) {
				i, p := which.Draw(t, "set"), objects[key(t)]
				check(t, "Add", sets[i].Add(p), !model[i][p])
				model[i][p] = true
			},
			"Has": func(t *rapid.T) {
				i, p := which.Draw(t, "set"), objects[key(t)]
				check(t, "Has", sets[i].Has(p), model[i][p])
			},
			"Delete": func(t *rapid.T) {
				i, p := which.Draw(t, "set"), objects[key(t)]
				check(t, "Delete", sets[i].Delete(p), model[i][p])
				delete(model[i], p)
			},
			"Pop": func(t *rapid.T) {
				i := which.Draw(t, "set")
				p, ok := sets[i].Pop()
				check(t, "Pop", ok, len(model[i]) > 0)
				check(t, "Pop", model[i][p], ok)
				delete(model[i], p)
			},
			"Forget": func(t *rapid.T) {
				k := key(t)
				die(objects[k])
				delete(model[0], objects[k])
				delete(model[1], objects[k])
				objects[k] = s.object()
			},
			"Resize": func(t *rapid.T) {
				if fillers == nil {
					for range 300 {
						p := s.object()
						fillers = append(fillers, p)
						sets[0].Add(p)
						model[0][p] = true
					}
					return
				}
				for _, p := range fillers {
					sets[0].Delete(p)
					delete(model[0], p)
				}
				fillers = nil
			},
			"Sweep": func(*rapid.T) { sets[0].Sweep() },
			"Clear": func(t *rapid.T) {
				i := which.Draw(t, "set")
				sets[i].Clear()
				clear(model[i])
			},
			"algebra": func(t *rapid.T) {
				a, b := &sets[0], &sets[1]
				ma, mb := model[0], model[1]
				inB := func(p *object) bool { return mb[p] }
				notInB := func(p *object) bool { return !mb[p] }
				notInA := func(p *object) bool { return !ma[p] }
				ma.with(mb).is(t, "Union", a.Union(b))
				ma.where(inB).is(t, "Intersection", a.Intersection(b))
				ma.where(notInB).is(t, "Difference", a.Difference(b))
				ma.where(notInB).with(mb.where(notInA)).is(t, "SymmetricDifference", a.SymmetricDifference(b))
				check(t, "SubsetOf", a.SubsetOf(b), len(ma.where(notInB)) == 0)
				check(t, "Disjoint", a.Disjoint(b), len(ma.where(inB)) == 0)
				check(t, "Equal", a.Equal(b), maps.Equal(ma, mb))
				ma.is(t, "All", a)
			},
		}
		s.script(t, &sets[0], actions)
		runtime.KeepAlive(fillers)
		runtime.KeepAlive(objects)
	})
}

// numbers hashes numbers as badly as is asked for, and compares them.
type numbers struct{ most int }

func (n numbers) Hash(h *maphash.Hash, v []int) {
	switch n.most {
	case 0:
		maphash.WriteComparable(h, v[0])
	case 1:
	default:
		maphash.WriteComparable(h, v[0]%n.most)
	}
}

func (numbers) Equal(a, b []int) bool { return slices.Equal(a, b) }

// TestInterner has the same values in an Interner and an InternerFunc.
func TestInterner(t *testing.T) {
	under(t, func(t *rapid.T, most int) {
		var s machine
		var in weakref.Interner[int]
		fn := weakref.InternerFunc[[]int]{Hasher: numbers{most}}
		type pointers struct {
			v *int
			l *[]int
		}
		model := make(map[int]pointers)
		intern := func(t *rapid.T, n int) {
			p := pointers{in.Intern(n), fn.Intern([]int{n})}
			check(t, "Intern", *p.v, n)
			check(t, "Intern", (*p.l)[0], n)
			if was, ok := model[n]; ok {
				check(t, "Intern", p, was)
			}
			model[n] = p
		}
		forget := func(n int) {
			if p, ok := model[n]; ok {
				die(p.v)
				die(p.l)
				delete(model, n)
			}
		}
		in.Intern(-1)
		seam.CheckHash(t, &in, most)
		die(in.Intern(-1))
		many := false
		script := map[string]func(*rapid.T){
			"Intern": func(t *rapid.T) { intern(t, key(t)) },
			"Lookup": func(t *rapid.T) {
				n := key(t)
				v, _ := in.Lookup(n)
				l, _ := fn.Lookup([]int{n})
				check(t, "Lookup", pointers{v, l}, model[n])
			},
			"Forget": func(t *rapid.T) { forget(key(t)) },
			"Resize": func(t *rapid.T) {
				many = !many
				for n := range 300 {
					if many {
						intern(t, 1000+n)
					} else {
						forget(1000 + n)
					}
				}
			},
			"Sweep": func(t *rapid.T) {
				in.Sweep()
				fn.Sweep()
				check(t, "Len", in.Len(), len(model))
				check(t, "Len", fn.Len(), len(model))
			},
			"All": func(t *rapid.T) {
				seen := make(map[int]bool)
				for p := range in.All() {
					if seen[*p] || model[*p].v != p {
						t.Fatalf("All yields %d, or yields it twice", *p)
					}
					seen[*p] = true
				}
				check(t, "All", len(seen), len(model))
			},
			"Validate": func(t *rapid.T) {
				if err := seam.Validate(&fn); err != nil {
					t.Fatal(err)
				}
			},
		}
		s.script(t, &in, script)
		runtime.KeepAlive(model)
	})
}
