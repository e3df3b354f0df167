package heap_test

import (
	"runtime"
	"strings"
	"testing"
	"unsafe"
	"weak"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
)

// whyWeak asks about holder, and fails the test unless as many objects are alive as
// are wanted.
func whyWeak(t *testing.T, e heap.Explainer, holder any, want int) *heap.WeakAnswer {
	t.Helper()
	a, err := e.ExplainWeak(holder)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, h := range a.Held {
		n += h.Objects
	}
	if a.Objects != want || n != want {
		t.Errorf("there are %d objects, %d of them in %d ways, want %d:\n%v", a.Objects, n, len(a.Held), want, a)
	}
	return a
}

var (
	keptUsers  []*user
	otherUsers map[string]*user
	weakUsers  weakref.ValueMap[int, user]
)

// Objects that are held in two ways are told apart, and what is dead does not
// count.
func TestWhyWeak(t *testing.T) {
	var m weakref.ValueMap[int, user]
	otherUsers = map[string]*user{}
	func() {
		for i := range 30 {
			u := &user{name: "x"}
			m.Store(i, u)
			switch {
			case i < 3:
				otherUsers[string(rune('a'+i))] = u
			case i < 10:
				keptUsers = append(keptUsers, u)
			}
		}
	}()
	modes := []heap.Mode{heap.InProcess}
	if heap.CanFork {
		modes = append(modes, heap.Fork)
	}
	for _, mode := range modes {
		a := whyWeak(t, heap.Explainer{Mode: mode}, &m, 10)
		if len(a.Held) != 2 || a.Held[0].Objects != 7 || a.Held[1].Objects != 3 {
			t.Fatalf("in mode %v:\n%v", mode, a)
		}
		for _, h := range a.Held {
			if h.By.Root.Kind != heap.RootGlobal || len(h.By.Steps) == 0 || h.Bytes < uint64(h.Objects)*uint64(unsafe.Sizeof(user{})) {
				t.Errorf("in mode %v: %+v", mode, h)
			}
		}
	}
	keptUsers, otherUsers = nil, nil
	if a := whyWeak(t, heap.Explainer{}, &m, 0); a.String() != "no live object is held weakly" {
		t.Errorf("of an empty map: %v", a)
	}
}

// Whatever the holder is, what it leads to counts, and nothing beside it.
func TestWhyWeakHolders(t *testing.T) {
	u, other := &user{name: "held"}, &user{name: "of another"}
	var both struct {
		m     map[string]weak.Pointer[user]
		other map[string]weakref.Ref[user]
	}
	both.m = map[string]weak.Pointer[user]{"u": weak.Make(u)}
	both.other = map[string]weakref.Ref[user]{"u": weakref.Make(other), "v": weakref.Make(new(user))}
	weakUsers.Store(1, u)
	level := whyWeak(t, heap.Explainer{}, u, 0).Names
	findsVariables := level >= heap.NamesSymbols && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64")
	for name, holder := range map[string]any{
		"map":                both.m,
		"field of a struct":  &both.m,
		"other field":        &both.other,
		"package variable":   &weakUsers,
		"weak pointer":       weak.Make(u),
		"reference":          weakref.Make(u),
		"slice":              []weak.Pointer[user]{weak.Make(u), weak.Make(u)},
		"closure":            func() bool { return both.m["u"].Value() == nil && both.other == nil },
		"method value":       weak.Make(u).Value,
		"func of a variable": func() int { return weakUsers.Len() },
		"number":             7,
		"nil pointer":        (*weakref.ValueMap[int, user])(nil),
		"nil":                nil,
	} {
		t.Run(name, func(t *testing.T) {
			if name == "func of a variable" && !findsVariables {
				t.Skip("there are no names of variables, or this machine's code is not read")
			}
			want := map[string]int{"closure": 2, "number": 0, "nil pointer": 0, "nil": 0}
			n, ok := want[name]
			if !ok {
				n = 1
			}
			whyWeak(t, heap.Explainer{}, holder, n)
		})
	}
	runtime.KeepAlive(u)
	runtime.KeepAlive(other)
	weakUsers.Clear()
}

// A number that looks like the address of an object is no weak reference to it.
func TestWhyWeakNumbers(t *testing.T) {
	u := &user{name: "held"}
	lookAlike := &struct{ n *[2]uintptr }{&[2]uintptr{uintptr(unsafe.Pointer(u))}}
	whyWeak(t, heap.Explainer{}, lookAlike, 0)
	w := weak.Make(u) // now there is a handle of it elsewhere
	whyWeak(t, heap.Explainer{}, lookAlike, 0)
	whyWeak(t, heap.Explainer{}, w, 1)
	runtime.KeepAlive(u)
}

// What refers to itself, or to the whole that it is a part of, does not count.
func TestWhyWeakPartOfAWhole(t *testing.T) {
	type part struct {
		whole weak.Pointer[session]
		user  weak.Pointer[user]
	}
	type whole struct {
		session
		part *part
	}
	u := &user{name: "held"}
	w := &whole{}
	w.part = &part{weak.Make(&w.session), weak.Make(u)}
	whyWeak(t, heap.Explainer{}, w, 1)
	runtime.KeepAlive(u)
}

// What only a cleanup holds is found.
func TestWhyWeakCleanup(t *testing.T) {
	type arg struct {
		p *user
		_ *int
	}
	w := func() weak.Pointer[user] {
		u := &user{name: "held by its cleanup"}
		runtime.AddCleanup(u, func(arg) {}, arg{p: u})
		return weak.Make(u)
	}()
	a := whyWeak(t, heap.Explainer{}, w, 1)
	if len(a.Held) != 1 || a.Held[0].By.Root.Kind != heap.RootCleanup || !strings.Contains(a.String(), "cleanup heap_test.TestWhyWeakCleanup") {
		t.Errorf("%v", a)
	}
}

// What the holder itself holds strongly is held by it.
func TestWhyWeakHolderHolds(t *testing.T) {
	ask := func() *heap.WeakAnswer {
		u := &user{name: "held"}
		return whyWeak(t, heap.Explainer{}, &struct {
			strong *user
			weak   weak.Pointer[user]
		}{u, weak.Make(u)}, 1)
	}
	if a := ask(); len(a.Held) != 1 || a.Held[0].By.Root.Kind != heap.RootHolder || !a.Held[0].By.Root.Sure || !strings.Contains(a.String(), "the holder.strong") {
		t.Errorf("%v", a)
	}
}

// A value that hangs on its key and leads to its map keeps the map: nobody else can say
// so, because the map is reached from the key only.
func TestWhyWeakSlots(t *testing.T) {
	type key struct {
		weakref.Slots
		name string
	}
	type registry struct {
		m weakref.KeyMap[key, *registry]
		_ [100]int
	}
	k, r := &key{name: "long-lived"}, new(registry)
	r.m.Store(k, r)
	a := whyWeak(t, heap.Explainer{}, &r.m, 1)
	if len(a.Back) != 1 || !a.Back[0].Slots || !strings.Contains(a.String(), "a value that hangs on this key (weakref.Slots) leads to its map") {
		t.Errorf("%v", a)
	}
	var m weakref.KeyMap[key, int]
	m.Store(k, 1)
	if a := whyWeak(t, heap.Explainer{}, &m, 1); len(a.Back) != 0 {
		t.Errorf("%v", a)
	}
	runtime.KeepAlive(k)
}

// Many ways to be held are told in part.
func TestWhyWeakManyWays(t *testing.T) {
	var m weakref.Set[user]
	for i := range 7 {
		u := &user{}
		m.Add(u)
		ways = append(ways, [...]any{&[1]any{u}, &[2]any{u}, &[3]any{u}, &[4]any{u}, &[5]any{u}, &[6]any{u}, &[7]any{u}}[i])
	}
	a := whyWeak(t, heap.Explainer{}, &m, len(ways))
	if text := a.String(); len(a.Held) != len(ways) || !strings.Contains(text, "alive: 7 objects\n") || !strings.Contains(text, "2 held in 2 other ways") {
		t.Errorf("%v", a)
	}
	ways = nil
}

var ways []any
