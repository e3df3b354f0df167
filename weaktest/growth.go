package weaktest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/relink"
)

// NoGrowth runs a round trip again and again, and fails the test if it leaves more
// behind each time: with the path to what has grown. There is nothing to watch
// for; f says what is done, and should undo it.
//
//	weaktest.NoGrowth(t, func() {
//		c := server.Connect()
//		c.Close()
//	})
//
// It compares snapshots of the heap after each round by how things are held, so
// it finds what is held once more by each round, wherever that is: an entry of a
// map, an element of a list, a listener, a goroutine, a timer. It does not find
// what grows without another object, as the length of a slice of numbers, until
// that needs a larger array each time; let f do a hundred at once. What grows
// only in some rounds, as a cache that fills, does not count, and neither does
// what only the runtime holds.
//
// What only f leads to, as a local variable of the test that it captures, is held by
// "the function given".
//
// f must not return before it is done: what goroutines that it has started let go
// of later counts as growth. A round takes the time of f and some 50
// milliseconds in a small program. If something has grown and the test has no names,
// the rounds are made once more with names (see the package comment): these tell more
// paths apart. Where there are none to be had, growth of one may be hidden by another
// that shrinks.
func NoGrowth(t TB, f func()) {
	t.Helper()
	grown, err := namedGrowth(f)
	switch {
	case err != nil:
		t.Fatalf("weaktest: it cannot be said whether the heap grows: %v", err)
	case grown != "":
		t.Fatalf("weaktest: %s", grown)
	}
}

const (
	warmRounds  = 2 // of which nothing is said: caches fill, goroutines start
	growRounds  = 5
	maxReported = 5
)

// namedGrowth is growth, and if the test has no names that can be had, it is so once
// more with them: then it tells more ways to be held apart.
func namedGrowth(f func()) (grown string, err error) {
	r := rounds{f: f}
	if grown, err = r.growth(); err != nil || grown == "" || r.names == heap.NamesFull {
		return grown, err
	}
	if r.binary = relink.Binary(); r.binary == "" {
		return grown, nil
	}
	return r.growth()
}

// rounds is a round trip to be run again and again.
type rounds struct {
	f      func()
	binary string     // has the names
	names  heap.Names // how good they were
}

// growth runs f and says what has grown in every round, "" if nothing has.
func (r *rounds) growth() (grown string, err error) {
	for range warmRounds {
		r.f()
	}
	before, err := r.snapshot(nil)
	if err != nil {
		return "", err
	}
	var suspects map[kind]bool
	for i := range growRounds {
		r.f()
		last := i == growRounds-1
		after, err := r.snapshot(func(d *heap.Dump) {
			if last {
				grown = describe(d, suspects, before)
			}
		})
		if err != nil {
			return "", err
		}
		if suspects = before.grown(after, suspects); len(suspects) == 0 {
			return "", nil
		}
		before = after
	}
	return grown, nil
}

// kind is everything that is held in one way.
type kind struct{ path, typ string }

// amounts is how much there is of each kind.
type amounts map[kind]heap.Size

// snapshot counts what there is. look may look at the dump. What only f leads to is
// held by f: the frames that run it are left out of the dump.
func (r *rounds) snapshot(look func(*heap.Dump)) (amounts, error) {
	collect()
	collect() // a sync.Pool drops in the second collection what it held
	d, err := (&heap.Explainer{Binary: r.binary, Holder: r.f}).Dump()
	if err != nil {
		return nil, err
	}
	defer d.Close()
	r.names = d.Info().Names
	a := count(d)
	if look != nil {
		look(d)
	}
	return a, nil
}

func count(d *heap.Dump) amounts {
	a := amounts{}
	for _, h := range d.Holdings() {
		if !h.Runtime && !strings.HasPrefix(h.Path, "runtime.") {
			a[kind{h.Path, h.Type}] = heap.Size{Objects: h.Objects, Bytes: h.Bytes}
		}
	}
	return a
}

// grown returns the kinds of which there is more afterwards, as far as they are
// suspects. In the first round everything is one.
func (before amounts) grown(after amounts, suspects map[kind]bool) map[kind]bool {
	more := map[kind]bool{}
	for k, b := range after {
		a := before[k]
		if (suspects == nil || suspects[k]) && (b.Objects > a.Objects || b.Bytes > a.Bytes) {
			more[k] = true
		}
	}
	return more
}

// describe says which of the suspects have grown in the last round too, most
// bytes first, with a path to each.
func describe(d *heap.Dump, suspects map[kind]bool, before amounts) string {
	after := count(d)
	suspects = withoutRuntime(before.grown(after, suspects))
	more := func(k kind) int64 { return int64(after[k].Bytes) - int64(before[k].Bytes) }
	order := slices.SortedFunc(maps.Keys(suspects), func(a, b kind) int {
		return cmp.Or(cmp.Compare(more(b), more(a)), cmp.Compare(a.path, b.path))
	})
	if len(order) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the heap grows with every round; after the last one there was more of")
	for i, k := range order {
		if i == maxReported {
			fmt.Fprintf(&b, "\nand of %d other kinds", len(order)-i)
			break
		}
		fmt.Fprintf(&b, "\n%s", entry(d, k, after[k].Objects-before[k].Objects, more(k)))
	}
	if hint := d.Info().Hint; hint != "" {
		fmt.Fprintf(&b, "\n%s", hint)
	}
	return b.String()
}

// withoutRuntime leaves out the runtime's own objects, which come with a goroutine
// or a timer, if there are others.
func withoutRuntime(suspects map[kind]bool) map[kind]bool {
	own := maps.Clone(suspects)
	maps.DeleteFunc(own, func(k kind, _ bool) bool { return strings.HasPrefix(k.typ, "runtime.") })
	if len(own) == 0 {
		return suspects
	}
	return own
}

// entry describes one kind.
func entry(d *heap.Dump, k kind, objects int, bytes int64) string {
	what := k.typ
	if what == "" {
		what = "objects"
	}
	path := k.path
	for _, h := range d.Holdings() {
		if h.Path == k.path && h.Type == k.typ {
			if paths := d.Paths(h.Example, 1); len(paths) > 0 {
				if root := &paths[0].Root; root.Kind == heap.RootHolder {
					root.Text = "the function given"
				}
				path = paths[0].String()
			}
		}
	}
	return fmt.Sprintf("  %+d %s (%+d bytes), such as\n    %s", objects, what, bytes, path)
}
