package tree_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/tree"
)

func TestText(t *testing.T) {
	const want = `a
├── b
│   ├── c
│   └── d
│       └── e
└── f
    └── g
`
	if got := parse("a(b(c d(e)) f(g))").String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	var b strings.Builder
	parse("a(b)").WriteText(&b, func(n *node) string { return "<" + n.Value + ">" })
	if b.String() != "<a>\n└── <b>\n" {
		t.Errorf("got %q", b.String())
	}
}

type failing struct{}

var errFull = errors.New("full")

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrors(t *testing.T) {
	n := parse("a(b)")
	if err := n.WriteText(failing{}, nil); err != errFull {
		t.Errorf("WriteText: %v", err)
	}
	wide := new(node)
	for range 100_000 {
		must(wide.Append(new(node)))
	}
	labels := 0
	err := wide.WriteText(failing{}, func(*node) string { labels++; return "a label" })
	if err != errFull || labels > 10_000 {
		t.Errorf("WriteText: %v after %d labels", err, labels)
	}
	bad := &tree.Node[func()]{}
	if _, err := json.Marshal(bad); err == nil {
		t.Error("a function was encoded")
	}
	tried := 0
	all := &tree.Node[refusal]{Value: refusal{&tried}}
	for range 1000 {
		if err := all.Append(&tree.Node[refusal]{Value: refusal{&tried}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := json.Marshal(all); !errors.Is(err, errFull) || tried != 1 {
		t.Errorf("json.Marshal: %v after %d values", err, tried)
	}
}

// refusal cannot be encoded.
type refusal struct{ tried *int }

func (r refusal) MarshalJSON() ([]byte, error) { *r.tried++; return nil, errFull }

func TestJSON(t *testing.T) {
	for _, text := range []string{"a", "a(b)", "a(b(c d(e)) f(g h) i)", "a(b(c(d(e))))"} {
		data, err := json.Marshal(parse(text))
		if err != nil {
			t.Fatal(err)
		}
		got := parse("old(x y)")
		old := got.Child(0)
		if err := json.Unmarshal(data, got); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if format(got) != text || old.Parent() != nil {
			t.Errorf("%s became %s", data, format(got))
		}
		for n := range got.Descendants() {
			if n.Root() != got {
				t.Errorf("%s: the parents of %s are not restored", text, n.Value)
			}
		}
	}
	if data, _ := json.Marshal(parse("a(b c)")); string(data) != `{"value":"a","children":[{"value":"b"},{"value":"c"}]}` {
		t.Errorf("got %s", data)
	}
}

func TestJSONOrderOfKeys(t *testing.T) {
	var n node
	if err := json.Unmarshal([]byte(`{"children":[{"children":[],"value":"b"}],"value":"a"}`), &n); err != nil || format(&n) != "a(b)" {
		t.Errorf("%s, %v", format(&n), err)
	}
	if err := json.Unmarshal([]byte(`null`), &n); err != nil || format(&n) != "a(b)" {
		t.Errorf("null: %s, %v", format(&n), err)
	}
}

func TestBadJSON(t *testing.T) {
	for _, text := range []string{
		`7`, `[]`, `{"value":7}`, `{"values":"x"}`, `{"children":7}`, `{"children":[7]}`, `{"children":[{]}`, `{"children":{}}`,
	} {
		n := parse("a(b)")
		if err := json.Unmarshal([]byte(text), n); err == nil || format(n) != "a(b)" {
			t.Errorf("%s: error %v, tree %s", text, err, format(n))
		}
	}
	for _, text := range []string{``, `{`, `{"children":[`, `{"children":[{}`} {
		if err := new(node).UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%q was decoded", text)
		}
	}
}

// TestDeepJSON checks that a tree that is too deep is an error and no overflow.
func TestDeepJSON(t *testing.T) {
	root := new(node)
	for n, i := root, 0; i < 20_000; i++ {
		c := new(node)
		must(n.Append(c))
		n = c
	}
	if _, err := json.Marshal(root); err == nil {
		t.Error("encoding/json has learnt to encode deep trees; change the documentation")
	}
	if err := json.Unmarshal(bytes.Repeat([]byte(`{"children":[`), 20_000), new(node)); err == nil {
		t.Error("half a tree was decoded")
	}
}

func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{"value":"a","children":[{"value":"b"},{"value":"c"}]}`, `{}`, `null`, `{"children":[{}]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var n, again node
		if n.UnmarshalJSON(data) != nil {
			return
		}
		out, err := n.MarshalJSON()
		if err != nil || again.UnmarshalJSON(out) != nil || format(&n) != format(&again) {
			t.Errorf("%s became %s (%v)", data, out, err)
		}
	})
}
