package weakref_test

import (
	"runtime"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

type mailer struct {
	sent []string
	_    [2]*int
}

func (m *mailer) send(s string) { m.sent = append(m.sent, s) }
func (m *mailer) drop(string)   {}

func logTo(m *mailer, s string) { m.sent = append(m.sent, "log "+s) }

func TestFunc(t *testing.T) {
	m := new(mailer)
	f := weakref.Bind(m, (*mailer).send)
	for range 3 {
		weaktest.Collect(t)
		if !f.Call("a") {
			t.Fatal("dead although its receiver lives")
		}
	}
	if len(m.sent) != 3 || m.sent[0] != "a" {
		t.Errorf("sent %q", m.sent)
	}
	if !weakref.Bind(m, logTo).Call("b") || m.sent[3] != "log b" {
		t.Errorf("sent %q", m.sent)
	}
	if s := f.String(); !contains(s, "(*mailer).send", "alive") {
		t.Errorf("String = %q", s)
	}
}

func TestFuncDead(t *testing.T) {
	var zero weakref.Func[string]
	if zero.Call("a") || zero.String() != "weakref.Func(nil)" {
		t.Error("the zero Func is something")
	}
	calls := 0
	f := func() weakref.Func[string] {
		return weakref.Bind(new(mailer), func(*mailer, string) { calls++ })
	}()
	weaktest.Eventually(t, "the receiver is dead", func() bool { return !f.Call("a") })
	before := calls
	for range 3 {
		if f.Call("a") || calls != before {
			t.Error("a dead Func has come back")
		}
	}
	if s := f.String(); !contains(s, "dead") {
		t.Errorf("String = %q", s)
	}
}

func TestFuncEquality(t *testing.T) {
	m, other := new(mailer), new(mailer)
	f := weakref.Bind(m, (*mailer).send)
	if f != weakref.Bind(m, (*mailer).send) {
		t.Error("same receiver, same method: not equal")
	}
	if f == weakref.Bind(other, (*mailer).send) || f == weakref.Bind(m, (*mailer).drop) || f == weakref.Bind(m, logTo) || f == (weakref.Func[string]{}) {
		t.Error("different, and equal")
	}
	calls := map[weakref.Func[string]]int{f: 1, weakref.Bind(m, logTo): 2}
	if calls[weakref.Bind(m, (*mailer).send)] != 1 {
		t.Error("a Func does not work as a key")
	}
	runtime.KeepAlive(m)

	dead := func() weakref.Func[string] { return weakref.Bind(new(mailer), (*mailer).send) }
	g, h := dead(), dead()
	copied := g
	weaktest.Eventually(t, "both are dead", func() bool { return !g.Call("") && !h.Call("") })
	if g == h || g != copied {
		t.Error("dead Funcs compare otherwise than before")
	}
}

func TestBindRefuses(t *testing.T) {
	mustRefuse(t, weakref.NilPointer, func() { weakref.Bind(nil, (*mailer).send) })
	mustRefuse(t, weakref.Tiny, func() { weakref.Bind(new(int), func(*int, string) {}) })
	defer func() {
		if s, _ := recover().(string); !contains(s, "method") {
			t.Errorf("a nil method: %q", s)
		}
	}()
	weakref.Bind[mailer, string](new(mailer), nil)
}
