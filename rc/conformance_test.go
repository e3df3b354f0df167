package rc_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/weakref-go/weakref/rc"
)

// The two methods of CPython's test_weakref that rest on reference counting. Weak
// handles are plain values, which nobody counts (docs/conformance.md). Whoever wants to
// know hands them out by a registry, as counted handles: then the number and the list
// are exact at every moment, as in Python.

// registry knows the weak handles to one value that it has handed out.
type registry[T any] struct {
	target rc.Weak[T]

	mu  sync.Mutex
	out []*weakHandle[T]
}

type weakHandle[T any] struct{ rc.Weak[T] }

// weak hands out a weak handle, which is counted until it is closed.
func (r *registry[T]) weak() *rc.Strong[*weakHandle[T]] {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := &weakHandle[T]{r.target}
	r.out = append(r.out, h)
	return rc.New(h, r.gone)
}

func (r *registry[T]) gone(h *weakHandle[T]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out = slices.DeleteFunc(r.out, func(other *weakHandle[T]) bool { return other == h })
}

// refs is Python's getweakrefs, and its length getweakrefcount.
func (r *registry[T]) refs() []*weakHandle[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.out)
}

func TestCPython_getweakrefcount(t *testing.T) {
	s := rc.New(42, (func(int))(nil))
	defer s.Close()
	r := registry[int]{target: s.Weak()}
	if n := len(r.refs()); n != 0 {
		t.Errorf("%d references before the first", n)
	}
	a, b := r.weak(), r.weak()
	c := b.Clone() // another user of the same reference
	if n := len(r.refs()); n != 2 {
		t.Errorf("%d references, want 2", n)
	}
	a.Close()
	b.Close()
	if n := len(r.refs()); n != 1 {
		t.Errorf("%d references, want 1", n)
	}
	c.Close()
	if n := len(r.refs()); n != 0 {
		t.Errorf("%d references, want none", n)
	}
	if s.Count() != 1 {
		t.Errorf("weak references count as %d strong ones", s.Count()-1)
	}
}

func TestCPython_getweakrefs(t *testing.T) {
	s := rc.New("value", (func(string))(nil))
	r := registry[string]{target: s.Weak()}
	a, b := r.weak(), r.weak()
	if refs := r.refs(); len(refs) != 2 || refs[0] != a.Value() || refs[1] != b.Value() {
		t.Errorf("listed: %v", refs)
	}
	left := b.Value()
	a.Close()
	if refs := r.refs(); len(refs) != 1 || refs[0] != left {
		t.Errorf("listed after one was closed: %v", refs)
	}
	up, ok := left.Upgrade()
	if !ok || up.Value() != "value" {
		t.Error("a listed reference does not refer")
	}
	up.Close()
	s.Close()
	if _, ok := left.Upgrade(); ok {
		t.Error("a reference to a dropped value")
	}
	b.Close()
	if len(r.refs()) != 0 {
		t.Error("a closed reference is listed")
	}
}
