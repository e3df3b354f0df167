package tree_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/internal/boxtest"
	"github.com/weakref-go/weakref/tree"
)

// TestEdges calls each method with nil, and with numbers that are negative, zero and
// huge. want is what the tree a(b c) is afterwards.
func TestEdges(t *testing.T) {
	const text = "a(b c)"
	panics := errors.New("panics")
	fresh := func() *node { return &node{Value: "x"} }
	looks := func(f func(n *node)) func(*node) error { return func(n *node) error { f(n); return nil } }
	for method, calls := range map[string][]struct {
		what string
		call func(n *node) error
		want string
		err  error
	}{
		"Append":  {{"nil", func(n *node) error { return n.Append(nil) }, text, panics}},
		"Prepend": {{"nil", func(n *node) error { return n.Prepend(nil) }, text, panics}},
		"Insert": {
			{"nil", func(n *node) error { return n.Insert(0, nil) }, text, panics},
			{"nil nowhere", func(n *node) error { return n.Insert(-1, nil) }, text, panics},
			{"-1", func(n *node) error { return n.Insert(-1, fresh()) }, text, panics},
			{"least", func(n *node) error { return n.Insert(math.MinInt, fresh()) }, text, panics},
			{"0", func(n *node) error { return n.Insert(0, fresh()) }, "a(x b c)", nil},
			{"0 of a leaf", func(n *node) error { return n.Child(0).Insert(0, fresh()) }, "a(b(x) c)", nil},
			{"one too many", func(n *node) error { return n.Insert(3, fresh()) }, text, panics},
			{"one too many of its own", func(n *node) error { return n.Insert(2, n.Child(0)) }, text, panics},
			{"greatest", func(n *node) error { return n.Insert(math.MaxInt, fresh()) }, text, panics},
		},
		"InsertBefore": {
			{"nil", func(n *node) error { return n.InsertBefore(nil, n.Child(0)) }, text, panics},
			{"nil before nil", func(n *node) error { return n.InsertBefore(nil, nil) }, text, panics},
			{"before nil", func(n *node) error { return n.InsertBefore(fresh(), nil) }, text, tree.ErrNotChild},
			{"in a leaf, before nil", func(n *node) error { return n.Child(0).InsertBefore(fresh(), nil) }, text, tree.ErrNotChild},
			{"a child before nil", func(n *node) error { return n.InsertBefore(n.Child(1), nil) }, text, tree.ErrNotChild},
			{"itself before nil", func(n *node) error { return n.InsertBefore(n, nil) }, text, tree.ErrCycle},
			{"before a stranger", func(n *node) error { return n.InsertBefore(fresh(), fresh()) }, text, tree.ErrNotChild},
			{"a stranger before itself", func(n *node) error { x := fresh(); return n.InsertBefore(x, x) }, text, tree.ErrNotChild},
		},
		"InsertAfter": {
			{"nil", func(n *node) error { return n.InsertAfter(nil, n.Child(0)) }, text, panics},
			{"after nil", func(n *node) error { return n.InsertAfter(fresh(), nil) }, text, tree.ErrNotChild},
			{"in a leaf, after nil", func(n *node) error { return n.Child(0).InsertAfter(fresh(), nil) }, text, tree.ErrNotChild},
			{"after a stranger", func(n *node) error { return n.InsertAfter(fresh(), fresh()) }, text, tree.ErrNotChild},
		},
		"Replace": {
			{"nil", func(n *node) error { return n.Child(0).Replace(nil) }, text, panics},
			{"the root by nil", func(n *node) error { return n.Replace(nil) }, text, panics},
			{"the root by itself", func(n *node) error { return n.Replace(n) }, text, nil},
		},
		"Child": {
			{"-1", looks(func(n *node) { n.Child(-1) }), text, panics},
			{"one too many", looks(func(n *node) { n.Child(2) }), text, panics},
			{"greatest", looks(func(n *node) { n.Child(math.MaxInt) }), text, panics},
			{"0 of a leaf", looks(func(n *node) { n.Child(0).Child(0) }), text, panics},
		},
		"SortFunc": {
			{"nil", looks(func(n *node) { n.SortFunc(nil) }), text, panics},
			{"nil for a leaf", looks(func(n *node) { n.Child(0).SortFunc(nil) }), text, nil},
		},
		"WriteText": {
			{"nil label", func(n *node) error { return n.WriteText(io.Discard, nil) }, text, nil},
			{"nil writer", func(n *node) error { return n.WriteText(nil, nil) }, text, panics},
		},
		"UnmarshalJSON": {
			{"nil", func(n *node) error { return n.UnmarshalJSON(nil) }, text, io.EOF},
			{"empty", func(n *node) error { return n.UnmarshalJSON([]byte{}) }, text, io.EOF},
			{"null", func(n *node) error { return n.UnmarshalJSON([]byte("null")) }, text, nil},
			{"empty object", func(n *node) error { return n.UnmarshalJSON([]byte("{}")) }, "", nil},
		},
		"Detach":               {{"the root", looks(func(n *node) { n.Detach() }), text, nil}},
		"Parent":               {{"of the root", looks(func(n *node) { n.Parent() }), text, nil}},
		"Root":                 {{"of the root", looks(func(n *node) { n.Root() }), text, nil}},
		"Depth":                {{"of the root", looks(func(n *node) { n.Depth() }), text, nil}},
		"Path":                 {{"of the root", looks(func(n *node) { n.Path() }), text, nil}},
		"Len":                  {{"of a leaf", looks(func(n *node) { n.Child(0).Len() }), text, nil}},
		"Index":                {{"of the root", looks(func(n *node) { n.Index() }), text, nil}},
		"String":               {{"of a leaf", looks(func(n *node) { _ = n.Child(0).String() }), text, nil}},
		"MarshalJSON":          {{"of a leaf", func(n *node) error { _, err := n.Child(0).MarshalJSON(); return err }, text, nil}},
		"Children":             {{"of nobody", looks(func(n *node) { new(node).Children()(nil) }), text, nil}},
		"Siblings":             {{"of nobody", looks(func(n *node) { new(node).Siblings()(nil) }), text, nil}},
		"Ancestors":            {{"of nobody", looks(func(n *node) { new(node).Ancestors()(nil) }), text, nil}},
		"Descendants":          {{"of nobody", looks(func(n *node) { new(node).Descendants()(nil) }), text, nil}},
		"DescendantsPostOrder": {{"of nobody", looks(func(n *node) { new(node).DescendantsPostOrder()(nil) }), text, nil}},
		"DescendantsByLevel":   {{"of nobody", looks(func(n *node) { new(node).DescendantsByLevel()(nil) }), text, nil}},
	} {
		if _, ok := reflect.TypeFor[*node]().MethodByName(method); !ok {
			t.Errorf("there is no method %s", method)
		}
		for _, c := range calls {
			t.Run(method+" "+c.what, func(t *testing.T) {
				n := parse(text)
				err := func() (err error) {
					defer func() {
						if r := recover(); r != nil {
							err = panics
						}
					}()
					return c.call(n)
				}()
				if !errors.Is(err, c.err) {
					t.Errorf("error %v, want %v", err, c.err)
				}
				if got := format(n); got != c.want {
					t.Errorf("the tree is %s, want %s", got, c.want)
				}
				consistent(t, n)
			})
		}
		delete(methods, method)
	}
	if len(methods) > 0 {
		t.Errorf("not tried: %v", methods)
	}
}

// methods are those of a node that TestEdges has not yet tried.
var methods = func() map[string]bool {
	all := make(map[string]bool)
	for m := range reflect.TypeFor[*node]().Methods() {
		all[m.Name] = true
	}
	return all
}()

// consistent checks that all nodes below n and their parents agree.
func consistent(t *testing.T, n *node) {
	t.Helper()
	for c := range n.Descendants() {
		if p := c.Parent(); p == nil || p.Child(c.Index()) != c {
			t.Errorf("%q is not a child of its parent", c.Value)
		}
	}
}

// fickle is a value whose codecs run code of the test.
type fickle struct{ run func() }

func (f fickle) MarshalJSON() ([]byte, error) {
	if f.run != nil {
		f.run()
	}
	return []byte("1"), nil
}

var whileDecoding func()

func (f *fickle) UnmarshalJSON([]byte) error { whileDecoding(); return nil }

// TestUserCodeChangesTheTree has the functions of the user that the package calls
// change the tree, and panic.
func TestUserCodeChangesTheTree(t *testing.T) {
	changes := map[string]func(root *node){
		"detach all":   func(root *node) { detachAll(root) },
		"detach last":  func(root *node) { root.Child(root.Len() - 1).Detach() },
		"append":       func(root *node) { must(root.Append(new(node))) },
		"prepend":      func(root *node) { must(root.Prepend(new(node))) },
		"move":         func(root *node) { must(root.Append(root.Child(0))) },
		"sort":         func(root *node) { root.SortFunc(func(a, b *node) int { return strings.Compare(b.Value, a.Value) }) },
		"decode":       func(root *node) { must(root.UnmarshalJSON([]byte(`{"value":"r","children":[{"value":"s"}]}`))) },
		"panic":        func(root *node) { panic("by the user") },
		"change twice": func(root *node) { detachAll(root); must(root.Append(&node{Value: "new"})) },
	}
	for name, change := range changes {
		t.Run("SortFunc/"+name, func(t *testing.T) {
			root := parse("a(c b e d)")
			first := true
			var during string
			failed := panicked(func() {
				root.SortFunc(func(a, b *node) int {
					if first {
						first = false
						defer func() { during = format(root) }()
						change(root)
					}
					return strings.Compare(a.Value, b.Value)
				})
			})
			if failed == nil || format(root) != during {
				t.Errorf("panic %v; the tree is %s, compare left %s", failed, format(root), during)
			}
			consistent(t, root)
		})
		t.Run("WriteText/"+name, func(t *testing.T) {
			root := parse("a(b(c d) e f)")
			first := true
			failed := panicked(func() {
				root.WriteText(io.Discard, func(n *node) string {
					if n.Value == "b" && first {
						first = false
						change(root)
					}
					return n.Value
				})
			})
			if (failed != nil) != (name == "panic") {
				t.Errorf("WriteText panicked: %v", failed)
			}
			consistent(t, root)
		})
	}
	t.Run("MarshalJSON", func(t *testing.T) {
		type fickleNode = tree.Node[fickle]
		root, b, c := new(fickleNode), new(fickleNode), new(fickleNode)
		for _, n := range []*fickleNode{b, c, new(fickleNode)} {
			if err := root.Append(n); err != nil {
				t.Fatal(err)
			}
		}
		b.Value.run = func() {
			for c := range root.Children() {
				c.Detach()
			}
			b.Append(new(fickleNode))
		}
		got, err := root.MarshalJSON()
		if want := `{"value":1,"children":[{"value":1,"children":[{"value":1}]},{"value":1},{"value":1}]}`; err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	})
	t.Run("UnmarshalJSON", func(t *testing.T) {
		root := new(tree.Node[fickle])
		whileDecoding = func() { root.Append(new(tree.Node[fickle])) }
		if err := root.UnmarshalJSON([]byte(`{"value":1,"children":[{"value":2},{"value":3}]}`)); err != nil || root.Len() != 2 {
			t.Errorf("%v, %d children", err, root.Len())
		}
		whileDecoding = func() { panic("by the user") }
		if panicked(func() { root.UnmarshalJSON([]byte(`{"children":[{"value":2}]}`)) }) == nil || root.Len() != 2 {
			t.Errorf("%d children after a panic", root.Len())
		}
	})
}

func detachAll(n *node) {
	for c := range n.Children() {
		c.Detach()
	}
}

func panicked(f func()) (r any) {
	defer func() { r = recover() }()
	f()
	return nil
}

// TestWide does with very many children what must not take time in proportion to their
// square. Nothing is timed: the square of this number is too much for any time limit.
func TestWide(t *testing.T) {
	n := 1_000_000
	if testing.Short() || boxtest.InUse() {
		n = 100_000
	}
	root := new(tree.Node[int])
	each := func(f func(c *tree.Node[int])) {
		for c := range root.Children() {
			f(c)
		}
	}
	fill := func() {
		for i := range n {
			root.Append(&tree.Node[int]{Value: i})
		}
	}
	for range 2 { // again into the same
		data := `{"value":0,"children":[` + strings.TrimSuffix(strings.Repeat(`{"value":1},`, n/4), ",") + `]}`
		if err := root.UnmarshalJSON([]byte(data)); err != nil || root.Len() != n/4 {
			t.Fatalf("%d children, %v", root.Len(), err)
		}
	}
	if c := root.Child(n / 8); c.Parent() != root || c.Index() != n/8 {
		t.Error("the parent of a decoded node is wrong")
	}
	each(func(c *tree.Node[int]) { c.Detach() })
	if root.Len() != 0 {
		t.Errorf("%d children are left", root.Len())
	}
	fill()
	for root.Len() > 0 {
		root.Child(root.Len() - 1).Detach()
	}
	for i := range n {
		root.Prepend(&tree.Node[int]{Value: n - 1 - i})
	}
	i := 0
	each(func(c *tree.Node[int]) {
		if c.Value != i {
			t.Fatalf("child %d is %d", i, c.Value)
		}
		i++
	})
	for range 2 * n { // as a queue
		must(root.Append(root.Child(0)))
	}
	for range n {
		must(root.Prepend(root.Child(root.Len() - 1)))
	}
	if root.Len() != n || root.Child(0).Value != 0 || root.Child(n-1).Value != n-1 {
		t.Errorf("%d children, %d to %d", root.Len(), root.Child(0).Value, root.Child(n-1).Value)
	}
	for range n {
		must(root.Child(0).Replace(&tree.Node[int]{}))
		must(root.InsertAfter(root.Child(0), root.Child(root.Len()-1)))
	}
}

// Index, Detach and Insert of the ends, and of the middle, for more and more children.
func BenchmarkWide(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		root := new(tree.Node[int])
		for i := range n {
			root.Append(&tree.Node[int]{Value: i})
		}
		for _, at := range []struct {
			name string
			i    int
		}{{"first", 0}, {"middle", n / 2}, {"last", n - 1}} {
			b.Run(fmt.Sprintf("op=Index/at=%s/n=%d", at.name, n), func(b *testing.B) {
				c := root.Child(at.i)
				for b.Loop() {
					c.Index()
				}
			})
			b.Run(fmt.Sprintf("op=Detach+Insert/at=%s/n=%d", at.name, n), func(b *testing.B) {
				for b.Loop() {
					c := root.Child(at.i)
					c.Detach()
					root.Insert(at.i, c)
				}
			})
		}
		data, _ := root.MarshalJSON()
		b.Run(fmt.Sprintf("op=UnmarshalJSON/n=%d", n), func(b *testing.B) {
			for b.Loop() {
				root.UnmarshalJSON(data)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/child")
		})
	}
}

// TestListOfChildren compares the children of one node with a slice, through many
// changes at all places, and what loops see that began before a change.
func TestListOfChildren(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 7))
		root := new(node)
		var want []*node
		for i := range 2000 {
			loop, stop := iter.Pull(root.Children())
			var before []*node // those that the loop has yet to see
			if len(want) > 0 && r.IntN(3) == 0 {
				loop() // it begins
				before = slices.Clone(want[1:])
			}
			place := func(n int) int { // the ends more often than the middle
				return []int{0, n, r.IntN(n + 1)}[r.IntN(3)]
			}
			if grow := r.IntN(100) < 60-20*(i/500%2); grow && len(want) < 60 {
				at, c := place(len(want)), &node{Value: fmt.Sprint(i)}
				must(root.Insert(at, c))
				want = slices.Insert(want, at, c)
			} else if len(want) > 0 {
				at := min(place(len(want)), len(want)-1)
				want[at].Detach()
				want = slices.Delete(want, at, at+1)
			}
			for _, c := range before {
				if c.Parent() == nil {
					continue
				}
				if got, _ := loop(); got != c {
					t.Fatalf("seed %d, step %d: a loop saw %v, want %v", seed, i, got, c)
				}
			}
			stop()
			if root.Len() != len(want) {
				t.Fatalf("seed %d, step %d: %d children, want %d", seed, i, root.Len(), len(want))
			}
			for at, c := range want {
				if root.Child(at) != c || c.Index() != at {
					t.Fatalf("seed %d, step %d: child %d is %v at %d, want %v", seed, i, at, root.Child(at), c.Index(), c)
				}
			}
		}
	}
}
