package conformance_test

import (
	"runtime"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

// WeakMethodTestCase of CPython's test_weakref.

func TestCPython_WeakMethod_alive(t *testing.T) {
	m, other := new(mailer), new(mailer)
	f := weakref.Bind(m, (*mailer).send)
	weakref.Bind(other, (*mailer).send)
	if !f.Call("a") || len(m.sent) != 1 || m.sent[0] != "a" || len(other.sent) != 0 {
		t.Errorf("sent %q, %q", m.sent, other.sent)
	}
}

func TestCPython_WeakMethod_object_dead(t *testing.T) {
	m := new(mailer)
	f, r := weakref.Bind(m, (*mailer).send), weakref.Make(m)
	m = nil
	weaktest.MustCollect(t, r)
	for range 2 {
		if f.Call("a") {
			t.Error("called although the receiver is dead")
		}
	}
}

func TestCPython_WeakMethod_callback_when_object_dead(t *testing.T) {
	var c calls
	m := new(mailer)
	f := weakref.Bind(m, (*mailer).send)
	weakref.Finalize(m, func(f weakref.Func[string]) { c.add(f.String()) }, f)
	m = nil
	c.await(t, 1)
	if s := c.get()[0]; !contains(s, "send", "dead") {
		t.Errorf("within the callback it was %s", s)
	}
}

func TestCPython_WeakMethod_no_cycles(t *testing.T) {
	type holder struct {
		m *mailer
		f weakref.Func[string]
		g weakref.Func[int]
	}
	r := func() weakref.Ref[holder] {
		h := &holder{m: new(mailer)}
		h.f = weakref.Bind(h.m, (*mailer).send)
		h.g = weakref.Bind(h, func(*holder, int) {})
		return weakref.Make(h)
	}()
	dropStack()
	runtime.GC() // no second one is needed to break something up
	if r.Value() != nil {
		weaktest.MustCollect(t, r)
		t.Error("alive after one collection")
	}
}

func TestCPython_WeakMethod_equality(t *testing.T) {
	m, n := new(mailer), new(mailer)
	f := weakref.Bind(m, (*mailer).send)
	if f != weakref.Bind(m, (*mailer).send) {
		t.Error("the same receiver and method, and not equal")
	}
	if f == weakref.Bind(m, (*mailer).drop) || f == weakref.Bind(n, (*mailer).send) {
		t.Error("another receiver or method, and equal")
	}
	g, copied, r := weakref.Bind(n, (*mailer).send), f, weakref.Make(m)
	runtime.KeepAlive(m)
	runtime.KeepAlive(n)
	m, n = nil, nil
	weaktest.MustCollect(t, r)
	if f != copied || f == g {
		t.Error("the dead compare otherwise than the living did")
	}
}

func TestCPython_WeakMethod_hashing(t *testing.T) {
	m := new(mailer)
	f, r := weakref.Bind(m, (*mailer).send), weakref.Make(m)
	byFunc := map[weakref.Func[string]]int{f: 1, weakref.Bind(m, (*mailer).drop): 2}
	if byFunc[weakref.Bind(m, (*mailer).send)] != 1 {
		t.Error("an equal one has another hash")
	}
	m = nil
	weaktest.MustCollect(t, r)
	if byFunc[f] != 1 {
		t.Error("the hash has changed with the death")
	}
}
