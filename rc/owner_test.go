//go:build !rcsched

package rc_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/weakref-go/weakref/rc"
)

// kids is a value that owns handles in a slice.
type kids struct {
	name string
	mu   sync.Mutex
	of   []rc.Handle
}

func (k *kids) Handles(yield func(rc.Handle) bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, h := range k.of {
		if !yield(h) {
			return
		}
	}
}

func (k *kids) add(hs ...rc.Handle) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.of = append(k.of, hs...)
}

// family returns a handle of a value that owns handles of others.
func family(j *journal, name string, of ...rc.Handle) *rc.Strong[*kids] {
	return rc.New(&kids{name: name, of: of}, func(k *kids) { j.note(k.name) })
}

func TestOrderOfRelease(t *testing.T) {
	var j journal
	shared := family(&j, "shared")
	root := family(&j, "root",
		family(&j, "a", family(&j, "a1"), rc.New("a2", j.note)),
		shared.Clone(),
		nil,
		(*rc.Strong[int])(nil),
		family(&j, "b", shared.Clone(), family(&j, "b1")),
	)
	root.Close()
	j.want(t, "root a a1 a2 b b1")
	shared.Close()
	j.want(t, "shared")
}

// pair owns handles in its fields, has value semantics and a pointer receiver.
type pair struct{ left, right *rc.Strong[string] }

func (p *pair) Handles(yield func(rc.Handle) bool) {
	_ = yield(p.left) && yield(p.right)
}

// group owns handles in a slice and is no pointer.
type group []*rc.Strong[string]

func (g group) Handles(yield func(rc.Handle) bool) {
	for _, h := range g {
		if !yield(h) {
			return
		}
	}
}

func TestOwnersOfAllKinds(t *testing.T) {
	var j journal
	leaf := func(name string) *rc.Strong[string] { return rc.New(name, j.note) }

	rc.New(pair{leaf("a"), leaf("b")}, func(pair) { j.note("pair") }).Close()
	j.want(t, "pair a b")
	rc.New(&pair{leaf("a"), nil}, func(*pair) { j.note("pair") }).Close()
	j.want(t, "pair a")
	rc.New(group{leaf("a"), leaf("b")}, func(group) { j.note("group") }).Close()
	j.want(t, "group a b")
	rc.New[rc.Owner](group{leaf("a")}, func(rc.Owner) { j.note("any") }).Close()
	j.want(t, "any a")
	rc.New(any(7), func(any) { j.note("7") }).Close()
	j.want(t, "7")
	rc.New[rc.Owner](nil, func(rc.Owner) { j.note("nil") }).Close()
	j.want(t, "nil")
	rc.NewCyclic(func(rc.Weak[group]) group { return group{leaf("a")} }, func(group) { j.note("cyclic") }).Close()
	j.want(t, "cyclic a")
}

func TestDropMayCloseHandles(t *testing.T) {
	l := faults(t)
	var j journal
	k := &kids{of: []rc.Handle{rc.New("a", j.note), rc.New("b", j.note)}}
	rc.New(k, func(k *kids) {
		k.of[1].Close()
		k.of = nil
		j.note("k")
	}).Close()
	j.want(t, "b k a")
	if f := l.take(); len(f) != 0 {
		t.Errorf("reported %v", f[0])
	}
}

func TestErrorsAreJoined(t *testing.T) {
	faults(t)
	one, three := errors.New("one"), errors.New("three")
	var j journal
	k := &kids{of: []rc.Handle{
		rc.New(1, func(int) error { return one }),
		rc.New(2, func(int) { panic("two") }),
		rc.New(3, func(int) error { return three }),
		rc.New("four", j.note),
	}}
	err := rc.New(k, func(*kids) {}).Close()
	if !errors.Is(err, one) || !errors.Is(err, three) || !strings.Contains(err.Error(), "panic: two") {
		t.Errorf("Close returned %v", err)
	}
	j.want(t, "four")
}

type badLister struct{ kids }

func (b *badLister) Handles(yield func(rc.Handle) bool) {
	b.kids.Handles(yield)
	panic("bad")
}

func TestPanicInHandles(t *testing.T) {
	l := faults(t)
	var j journal
	b := &badLister{kids{of: []rc.Handle{rc.New("a", j.note)}}}
	s := rc.New(b, func(*badLister) { j.note("b") })
	if _, err := rc.Collect(); err == nil || !strings.Contains(err.Error(), "bad") {
		t.Errorf("Collect returned %v", err)
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "bad") {
		t.Errorf("Close returned %v", err)
	}
	j.want(t, "b a")
	if ks := l.kinds(); !slices.Contains(ks, rc.CallFailed) {
		t.Errorf("reported %v", ks)
	}
}

type link struct {
	n    int
	next *rc.Strong[*link]
}

func (l *link) Handles(yield func(rc.Handle) bool) { yield(l.next) }

func TestLongChain(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 10_000
	}
	next := 0
	drop := func(l *link) {
		if l.n != next {
			t.Errorf("%d dropped, want %d", l.n, next)
		}
		next++
	}
	var head *rc.Strong[*link]
	for i := n - 1; i >= 0; i-- {
		head = rc.New(&link{i, head}, drop)
	}
	head.Close()
	if next != n {
		t.Errorf("%d dropped of %d", next, n)
	}
}
