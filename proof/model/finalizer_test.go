package model

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/proof/internal/seam"
	"github.com/weakref-go/weakref/weaktest"
)

// finals is objects with finalizers and bound methods. A finalizer notes its number,
// and panics or registers another one.
type finals struct {
	machine
	objects map[int]*object
	of      map[int][]int // numbers of the pending finalizers of an object, in order
	handles map[int]*weakref.Finalizer
	bound   map[int]weakref.Func[*int]
	ran     []int
	want    map[int]bool // that must run
	last    int
}

func (o *object) note(to *int) { *to = o.id }

func TestFinalizer(t *testing.T) {
	seam.NeedsKill(t)
	rapid.Check(t, func(t *rapid.T) {
		s := &finals{
			objects: make(map[int]*object), of: make(map[int][]int), bound: make(map[int]weakref.Func[*int]),
			handles: make(map[int]*weakref.Finalizer), want: make(map[int]bool),
		}
		var unused weakref.ValueMap[int, object]
		s.script(t, &unused, map[string]func(*rapid.T){
			"Finalize": func(t *rapid.T) {
				k := key(t)
				if s.objects[k] == nil {
					s.objects[k] = s.object()
					s.bound[k] = weakref.Bind(s.objects[k], (*object).note)
				}
				s.finalize(k)
			},
			"Call": func(t *rapid.T) {
				k := key(t)
				got := 0
				p := s.objects[k]
				check(t, "Call", s.bound[k].Call(&got), p != nil)
				if p != nil {
					check(t, "Call", got, p.id)
					check(t, "Bind again is equal", weakref.Bind(p, (*object).note) == s.bound[k], true)
				}
			},
			"Stop": func(t *rapid.T) {
				if k, n := s.some(t); n != 0 {
					check(t, "Pending", s.handles[n].Pending(), true)
					check(t, "Stop", s.handles[n].Stop(), true)
					check(t, "Stop again", s.handles[n].Stop(), false)
					s.of[k] = slices.DeleteFunc(s.of[k], func(o int) bool { return o == n })
				}
			},
			"Run": func(t *rapid.T) {
				k, n := s.some(t)
				if n == 0 {
					return
				}
				s.Unlock() // for the finalizer
				panicked := func() (v any) {
					defer func() { v = recover() }()
					if !s.handles[n].Run() {
						v = "Run = false"
					}
					return nil
				}()
				s.Lock()
				check(t, "Run panics", panicked != nil, n%3 == 0)
				check(t, "Run again", s.handles[n].Run(), false)
				s.want[n] = true
				s.of[k] = slices.DeleteFunc(s.of[k], func(o int) bool { return o == n })
			},
			"Forget": func(t *rapid.T) {
				k := key(t)
				if s.objects[k] == nil {
					return
				}
				list := s.of[k]
				for _, n := range list {
					s.want[n] = true
				}
				die(s.objects[k])
				delete(s.objects, k)
				delete(s.of, k)
				before := len(s.ran)
				s.Unlock() // for the finalizers
				s.eventually(t, "the finalizers have run", func() bool { return len(s.ran) >= before+len(list) })
				s.Lock()
				slices.Reverse(list)
				if got := s.ran[before:]; !slices.Equal(got, list) {
					t.Fatalf("the finalizers %v have run, want %v", got, list)
				}
			},
		})
		weaktest.Collect(t)
		s.Lock()
		defer s.Unlock()
		if ran := slices.Sorted(slices.Values(s.ran)); !slices.Equal(ran, slices.Sorted(maps.Keys(s.want))) {
			t.Fatalf("the finalizers %v have run, want %v", ran, s.want)
		}
		for _, f := range s.handles {
			f.Stop()
		}
	})
}

// finalize registers another finalizer of an object.
func (s *finals) finalize(k int) {
	s.last++
	n := s.last
	s.of[k] = append(s.of[k], n)
	s.handles[n] = weakref.Finalize(s.objects[k], s.run, n)
}

// some draws a pending finalizer and its object; 0 is none.
func (s *finals) some(t *rapid.T) (k, n int) {
	k = key(t)
	if list := s.of[k]; len(list) > 0 {
		n = list[rapid.IntRange(0, len(list)-1).Draw(t, "finalizer")]
	}
	return k, n
}

func (s *finals) run(n int) {
	s.Lock()
	defer s.Unlock()
	s.ran = append(s.ran, n)
	switch n % 3 {
	case 0:
		panic("a finalizer panics")
	case 1:
		weakref.Finalize(s.object(), func(int) {}, 0) // a callback that calls back
	}
}

func TestQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := weakref.Queue[int]{Limit: rapid.IntRange(1, 5).Draw(t, "Limit")}
		var model []int // the loss of n events is -n
		n, waiting := 0, 0
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		t.Repeat(map[string]func(*rapid.T){
			"Put": func(t *rapid.T) {
				n++
				q.Put(n)
				if waiting < q.Limit {
					waiting++
					model = append(model, n)
				} else if last := len(model) - 1; last >= 0 && model[last] < 0 {
					model[last]--
				} else {
					model = append(model, -1)
				}
			},
			"Next": func(t *rapid.T) {
				if len(model) == 0 {
					return
				}
				want := model[0]
				model = model[1:]
				got, err := q.Next(context.Background())
				var lost *weakref.LostError
				if errors.As(err, &lost) {
					got = -lost.N
				} else {
					waiting--
				}
				check(t, "Next", got, want)
			},
			"Next that ends": func(t *rapid.T) {
				_, err := q.Next(ended)
				check(t, "Next", err, context.Canceled)
			},
			"": func(t *rapid.T) { check(t, "Len", q.Len(), waiting) },
		})
	})
}
