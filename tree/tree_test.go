package tree_test

import (
	"errors"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/boxtest"
	"github.com/weakref-go/weakref/tree"
	"github.com/weakref-go/weakref/weaktest"
)

func TestMain(m *testing.M) { boxtest.Main(m) }

type node = tree.Node[string]

// parse makes a tree of a text such as "a(b c(d) e)".
func parse(text string) *node {
	root := new(node)
	at := root
	var last *node
	for _, word := range strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text)) {
		switch word {
		case "(":
			at = last
		case ")":
			last, at = at, at.Parent()
		default:
			last = &node{Value: word}
			must(at.Append(last))
		}
	}
	top := root.Child(0)
	top.Detach()
	return top
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// format is the opposite of parse.
func format(n *node) string {
	if n.Len() == 0 {
		return n.Value
	}
	var kids []string
	for c := range n.Children() {
		kids = append(kids, format(c))
	}
	return n.Value + "(" + strings.Join(kids, " ") + ")"
}

// find returns the node with a value.
func find(root *node, value string) *node {
	if root.Value == value {
		return root
	}
	for n := range root.Descendants() {
		if n.Value == value {
			return n
		}
	}
	panic("no node " + value)
}

func values(seq iter.Seq[*node]) string {
	var all []string
	for n := range seq {
		all = append(all, n.Value)
	}
	return strings.Join(all, " ")
}

func TestLooking(t *testing.T) {
	root := parse("a(b(c d(e)) f g(h i j))")
	e, g := find(root, "e"), find(root, "g")
	for _, c := range []struct {
		what string
		seq  iter.Seq[*node]
		want string
	}{
		{"Descendants", root.Descendants(), "b c d e f g h i j"},
		{"DescendantsPostOrder", root.DescendantsPostOrder(), "c e d b f h i j g"},
		{"DescendantsByLevel", root.DescendantsByLevel(), "b f g c d h i j e"},
		{"Children", g.Children(), "h i j"},
		{"Siblings", g.Child(1).Siblings(), "h j"},
		{"Siblings of the root", root.Siblings(), ""},
		{"Ancestors", e.Ancestors(), "d b a"},
		{"Ancestors of the root", root.Ancestors(), ""},
		{"Path", slices.Values(e.Path()), "a b d e"},
		{"Descendants of a leaf", e.Descendants(), ""},
		{"DescendantsPostOrder of a leaf", e.DescendantsPostOrder(), ""},
		{"DescendantsByLevel of a leaf", e.DescendantsByLevel(), ""},
	} {
		if got := values(c.seq); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
		for range c.seq {
			break // must not go on
		}
	}
	if root.Depth() != 0 || e.Depth() != 3 || e.Root() != root || root.Root() != root || root.Parent() != nil {
		t.Error("Depth, Root or Parent is wrong")
	}
	if g.Len() != 3 || e.Len() != 0 || g.Index() != 2 || root.Index() != -1 {
		t.Error("Len or Index is wrong")
	}
}

func TestChanging(t *testing.T) {
	const text = "a(b(c d) e f)"
	for _, c := range []struct {
		what   string
		change func(at func(string) *node) error
		want   string
		err    error
	}{
		{"append", func(at func(string) *node) error { return at("b").Append(&node{Value: "x"}) }, "a(b(c d x) e f)", nil},
		{"append to a leaf", func(at func(string) *node) error { return at("f").Append(&node{Value: "x"}) }, "a(b(c d) e f(x))", nil},
		{"append moves", func(at func(string) *node) error { return at("f").Append(at("b")) }, "a(e f(b(c d)))", nil},
		{"append to the same", func(at func(string) *node) error { return at("a").Append(at("b")) }, "a(e f b(c d))", nil},
		{"prepend", func(at func(string) *node) error { return at("a").Prepend(at("f")) }, "a(f b(c d) e)", nil},
		{"prepend to a leaf", func(at func(string) *node) error { return at("e").Prepend(at("f")) }, "a(b(c d) e(f))", nil},
		{"before", func(at func(string) *node) error { return at("a").InsertBefore(at("c"), at("e")) }, "a(b(d) c e f)", nil},
		{"before itself", func(at func(string) *node) error { return at("a").InsertBefore(at("e"), at("e")) }, text, nil},
		{"after", func(at func(string) *node) error { return at("a").InsertAfter(at("b"), at("e")) }, "a(e b(c d) f)", nil},
		{"after the last", func(at func(string) *node) error { return at("a").InsertAfter(at("b"), at("f")) }, "a(e f b(c d))", nil},
		{"after the one before", func(at func(string) *node) error { return at("a").InsertAfter(at("e"), at("b")) }, text, nil},
		{"before a stranger", func(at func(string) *node) error { return at("a").InsertBefore(at("e"), at("c")) }, text, tree.ErrNotChild},
		{"before anything, in a leaf", func(at func(string) *node) error { return at("e").InsertAfter(at("f"), at("c")) }, text, tree.ErrNotChild},
		{"insert", func(at func(string) *node) error { return at("a").Insert(1, at("d")) }, "a(b(c) d e f)", nil},
		{"insert at the end", func(at func(string) *node) error { return at("a").Insert(3, at("d")) }, "a(b(c) e f d)", nil},
		{"move", func(at func(string) *node) error { return at("a").Insert(2, at("b")) }, "a(e f b(c d))", nil},
		{"move down", func(at func(string) *node) error { return at("b").Insert(0, at("e")) }, "a(b(e c d) f)", nil},
		{"replace by a descendant", func(at func(string) *node) error { return at("b").Replace(at("d")) }, "a(d e f)", nil},
		{"replace by a sibling", func(at func(string) *node) error { return at("b").Replace(at("f")) }, "a(f e)", nil},
		{"replace by a new one", func(at func(string) *node) error { return at("e").Replace(&node{Value: "x"}) }, "a(b(c d) x f)", nil},
		{"replace by itself", func(at func(string) *node) error { return at("e").Replace(at("e")) }, text, nil},
		{"replace the root", func(at func(string) *node) error { return at("a").Replace(&node{}) }, text, tree.ErrRoot},
		{"replace by an ancestor", func(at func(string) *node) error { return at("c").Replace(at("b")) }, text, tree.ErrCycle},
		{"under itself", func(at func(string) *node) error { return at("b").Append(at("b")) }, text, tree.ErrCycle},
		{"under a descendant", func(at func(string) *node) error { return at("d").Prepend(at("a")) }, text, tree.ErrCycle},
		{"detach", func(at func(string) *node) error { at("b").Detach(); return nil }, "a(e f)", nil},
		{"sort", func(at func(string) *node) error {
			at("a").SortFunc(func(a, b *node) int { return strings.Compare(b.Value, a.Value) })
			return nil
		}, "a(f e b(c d))", nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			root := parse(text)
			for range root.Descendants() { // all lists have been taken by iterators
			}
			var was []string
			for n := range root.Children() { // and this one is
				if len(was) == 0 {
					err := c.change(func(value string) *node { return find(root, value) })
					if !errors.Is(err, c.err) {
						t.Errorf("error %v, want %v", err, c.err)
					}
				}
				was = append(was, n.Value)
			}
			if got := format(root); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			// Each child of before that is still one is seen, in the old order; the first
			// was seen before the change.
			var want []string
			for _, v := range []string{"b", "e", "f"} {
				if v == "b" || strings.Contains(values(root.Children()), v) {
					want = append(want, v)
				}
			}
			if !slices.Equal(was, want) {
				t.Errorf("the loop saw %q, want %q", was, want)
			}
			for n := range root.Descendants() {
				if p := n.Parent(); p == nil || p.Child(n.Index()) != n {
					t.Errorf("%s is not a child of its parent", n.Value)
				}
			}
		})
	}
}

func TestKeptLeafKeepsNothingAbove(t *testing.T) {
	leaf, refs := func() (*node, []weakref.Ref[node]) {
		root := parse("a(b(c d) e)")
		leaf := find(root, "b")
		var refs []weakref.Ref[node]
		for _, v := range []string{"a", "e", "c"} {
			refs = append(refs, weakref.Make(find(root, v)))
		}
		return leaf, refs
	}()
	weaktest.MustCollect(t, refs[0])
	weaktest.MustCollect(t, refs[1])
	if refs[2].Value() == nil || format(leaf) != "b(c d)" {
		t.Error("the subtree of a kept node is gone")
	}
	if leaf.Parent() != nil || leaf.Root() != leaf || leaf.Depth() != 0 || leaf.Index() != -1 || values(leaf.Siblings()) != "" {
		t.Error("a node whose parent is gone is not a root")
	}
	if leaf.Detach() {
		t.Error("detached from a parent that is gone")
	}
	must(parse("x").Append(leaf))
	runtime.KeepAlive(leaf)
}

func TestWalksWhileTheTreeChanges(t *testing.T) {
	for name, walk := range map[string]func(*node) iter.Seq[*node]{
		"pre a b c d e f":   (*node).Descendants,
		"post b d c e f":    (*node).DescendantsPostOrder,
		"level b e f c d x": (*node).DescendantsByLevel,
	} {
		root := parse("a(b(c d) e f(g))")
		var seen []string
		for n := range walk(root) {
			seen = append(seen, n.Value)
			switch n.Value {
			case "b":
				if len(seen) == 1 { // not in post-order
					must(n.Append(&node{Value: "x"}))
				}
				find(root, "f").Detach()
			}
		}
		want := map[string]string{"pre": "b c d x e", "post": "c d b e", "level": "b e c d x"}[strings.Fields(name)[0]]
		if got := strings.Join(seen, " "); got != want {
			t.Errorf("%s: saw %s, want %s", name, got, want)
		}
	}
}

// TestWalksKeepTheRoot: a loop may be the last that has the node whose tree it walks.
func TestWalksKeepTheRoot(t *testing.T) {
	for name, walk := range map[string]func(*node) iter.Seq[*node]{
		"Children":             (*node).Children,
		"Descendants":          (*node).Descendants,
		"DescendantsPostOrder": (*node).DescendantsPostOrder,
		"DescendantsByLevel":   (*node).DescendantsByLevel,
		"Siblings":             func(n *node) iter.Seq[*node] { return n.Child(0).Siblings() },
	} {
		for n := range walk(parse("a(b(c) d e(f))")) {
			runtime.GC()
			runtime.GC() // what one has found dead is swept, at the latest
			if n.Parent() == nil {
				t.Errorf("%s: %s has lost its parent", name, n.Value)
			}
		}
	}
}

// TestPostOrderSkipsWhatLeft detaches a node from within its own subtree.
func TestPostOrderSkipsWhatLeft(t *testing.T) {
	root := parse("a(b(c d) e)")
	var seen []string
	for n := range root.DescendantsPostOrder() {
		seen = append(seen, n.Value)
		if n.Value == "c" {
			n.Parent().Detach()
		}
	}
	if got := strings.Join(seen, " "); got != "c d e" {
		t.Errorf("saw %s", got)
	}
}

func TestDeepTree(t *testing.T) {
	depth := 1_000_000
	if testing.Short() || boxtest.InUse() {
		depth = 100_000
	}
	root := &tree.Node[int]{}
	n := root
	for i := range depth {
		c := &tree.Node[int]{Value: i + 1}
		if err := n.Append(c); err != nil {
			t.Fatal(err)
		}
		n = c
	}
	if d := n.Depth(); d != depth {
		t.Errorf("Depth = %d", d)
	}
	if n.Root() != root || len(n.Path()) != depth+1 {
		t.Error("Root or Path is wrong")
	}
	for name, walk := range map[string]iter.Seq[*tree.Node[int]]{
		"pre": root.Descendants(), "post": root.DescendantsPostOrder(), "level": root.DescendantsByLevel(),
	} {
		count := 0
		for range walk {
			count++
		}
		if count != depth {
			t.Errorf("%s: %d nodes", name, count)
		}
	}
	if err := n.Append(root); err != tree.ErrCycle {
		t.Errorf("Append of the root: %v", err)
	}
}

// TestConcurrentReaders has many goroutines read while none writes, in turns with a
// writer; the race detector looks on.
func TestConcurrentReaders(t *testing.T) {
	root := parse("a(b(c d) e f(g h(i)))")
	var mu sync.RWMutex
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				mu.RLock()
				for n := range root.Descendants() {
					if n.Root() != root || n.Parent().Child(n.Index()) != n {
						t.Error("the tree is wrong")
					}
				}
				mu.RUnlock()
			}
		})
	}
	for i := range 200 {
		mu.Lock()
		switch i % 3 {
		case 0:
			must(find(root, "f").Insert(0, find(root, "c")))
		case 1:
			must(root.Append(find(root, "b")))
		case 2:
			must(find(root, "b").Insert(0, find(root, "c")))
		}
		mu.Unlock()
	}
	wg.Wait()
}
