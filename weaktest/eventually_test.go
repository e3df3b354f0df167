package weaktest_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"weak"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/internal/boxtest"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/rerun"
	"github.com/weakref-go/weakref/weaktest"
)

func TestMain(m *testing.M) {
	os.Setenv("WEAKTEST_NAMES", "off") // most of these tests fail on purpose
	if boxtest.InUse() {
		handle.UseBoxes()
	}
	os.Exit(m.Run())
}

// With boxed handles there are two more objects on the way to what is held weakly.
func TestEventuallyWithBoxes(t *testing.T) {
	if boxtest.InUse() {
		t.Skip("these are the boxes")
	}
	t.Setenv(boxtest.Env, "1")
	cmd, err := rerun.Command(nil, "-test.run=^TestEventuallySays", "-test.v")
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS: TestEventuallySays") {
		t.Errorf("%v\n%s", err, out)
	}
}

// Each case has a container of some objects, one of which keeps holds; the condition
// is that the container is empty.
var eventuallyCases = map[string]func(held *object) (empty func() bool){
	"ValueMap": func(held *object) func() bool {
		var m weakref.ValueMap[int, object]
		m.Store(0, new(object))
		m.Store(1, held)
		return func() bool { return m.Len() == 0 }
	},
	"KeyMap": func(held *object) func() bool {
		m := new(weakref.KeyMap[object, string])
		m.Store(new(object), "dropped")
		m.Store(held, "held")
		return func() bool { return m.Len() == 0 }
	},
	"Set": func(held *object) func() bool {
		var s weakref.Set[object]
		s.Add(new(object))
		s.Add(held)
		return func() bool { return s.Len() == 0 }
	},
	"Bus": func(held *object) func() bool {
		var b event.Bus[int]
		event.Subscribe(&b, new(object), func(*object, int) {})
		event.Subscribe(&b, held, func(*object, int) {})
		return func() bool { return b.Len() == 0 }
	},
	"Cache": func(held *object) func() bool {
		c := &cache.Cache[int, object]{Load: func(context.Context, int) (*object, error) { return new(object), nil }}
		c.Get(context.Background(), 0)
		c.Put(1, held)
		return func() bool { return c.Len() == 0 }
	},
	"a map of weak pointers": func(held *object) func() bool {
		m := map[int]weak.Pointer[object]{0: weak.Make(new(object)), 1: weak.Make(held)}
		return func() bool { return m[0].Value() == nil && m[1].Value() == nil }
	},
	"a Ref and a method value": func(held *object) func() bool {
		return refs{weakref.Make(new(object)), weakref.Make(held)}.dead
	},
}

type refs []weakref.Ref[object]

func (r refs) dead() bool {
	for _, r := range r {
		if r.Value() != nil {
			return false
		}
	}
	return true
}

// The failure names who holds what the condition looks at: the function of a
// goroutine, which has a name in a stripped test, too.
func TestEventuallySaysWhoHoldsIt(t *testing.T) {
	for name, make := range eventuallyCases {
		t.Run(name, func(t *testing.T) {
			release, released := keepHeld()
			defer func() { close(release); <-released }()
			empty := fill(make)
			got := failure(t, func(t weaktest.TB) { weaktest.Eventually(t, "it is empty", empty) })
			for _, want := range []string{"it is empty", "alive: 1 object\n", "weaktest_test.keepsHeld (eventually_test.go:"} {
				if !strings.Contains(got, want) {
					t.Errorf("failed with\n%s\nwithout %q", got, want)
				}
			}
		})
	}
}

// held is what the goroutine of keepsHeld is given.
var held chan *object

//go:noinline
func fill(make func(*object) func() bool) func() bool {
	o := new(object)
	held <- o
	return make(o)
}

func keepHeld() (release, released chan struct{}) {
	held, release, released = make(chan *object), make(chan struct{}), make(chan struct{})
	go keepsHeld(held, release, released)
	return release, released
}

//go:noinline
func keepsHeld(held chan *object, release, released chan struct{}) {
	defer close(released)
	o := <-held
	<-release
	o.next = o
}

func TestEventuallySaysWhichVariable(t *testing.T) {
	m := new(weakref.KeyMap[object, int])
	func() {
		global = []*object{new(object), new(object)}
		m.Store(global[1], 1)
		m.Store(new(object), 2)
	}()
	got := failure(t, func(t weaktest.TB) { weaktest.Eventually(t, "it is empty", func() bool { return m.Len() == 0 }) })
	// A stripped test has no names of variables.
	if !strings.Contains(got, "    weaktest_test.global[1]") && !strings.Contains(got, "    bss+0x") {
		t.Errorf("failed with\n%s\nwithout the variable", got)
	}
	global = nil
	weaktest.Eventually(t, "it is empty", func() bool { return m.Len() == 0 })
}

// What a container has in its strong tier and what somebody else has are told apart.
func TestEventuallySaysAllWays(t *testing.T) {
	const keep, inUse = 20, 3
	release, released := keepHeld()
	defer func() { close(release); <-released }()
	empty := func() func() bool {
		c := &cache.Cache[int, object]{Keep: keep}
		list := new(object)
		held <- list
		for i := range inUse {
			list.next = new(object)
			list = list.next
			c.Put(keep+i, list)
		}
		for i := range keep { // now these are what is hot
			c.Put(i, new(object))
			c.Lookup(i)
			c.Lookup(i)
		}
		return func() bool { return c.Len() == 0 }
	}()
	got := failure(t, func(t weaktest.TB) { weaktest.Eventually(t, "it is empty", empty) })
	for _, want := range []string{"\n  3 such as ", "weaktest_test.keepsHeld (eventually_test.go:"} {
		if !strings.Contains(got, want) {
			t.Errorf("failed with\n%s\nwithout %q", got, want)
		}
	}
}

// What only the condition itself holds is held by it.
func TestEventuallySaysThatItIsTheCondition(t *testing.T) {
	mustFail(t, func(t weaktest.TB) { weaktest.Eventually(t, "it is gone", keepsItself()) },
		"it is gone", "alive: 1 object\n", "the condition → func weaktest_test.keepsItself.func1 captures")
}

//go:noinline
func keepsItself() func() bool {
	o := new(object)
	r := weakref.Make(o)
	return func() bool { return r.Value() != o }
}

func TestEventuallyWithoutWeakReferences(t *testing.T) {
	n := new(int)
	mustFail(t, func(t weaktest.TB) { weaktest.Eventually(t, "pigs fly", func() bool { return *n > 0 }) }, "pigs fly", "no weakly held object was found")
}
