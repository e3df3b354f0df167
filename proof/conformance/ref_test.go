package conformance_test

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

// The files conformance_*_test.go hold the behaviours that CPython's test_weakref and
// test_weakset check, one test for each of their methods and named after it, with the
// test case in front where two have methods of one name. docs/conformance.md lists
// them. This file is ReferencesTestCase and SubclassableWeakrefTestCase.
//
// A weak reference with a callback, ref(o, f), is Finalize here, or the OnCollect of a
// map that o is in.

// settle collects a few times, after which what has not happened will not happen.
func settle(t *testing.T) {
	t.Helper()
	for range 3 {
		weaktest.Collect(t)
	}
}

// await waits for n calls, and makes sure that there are no more.
func (c *calls) await(t *testing.T, n int) {
	t.Helper()
	weaktest.Eventually(t, fmt.Sprint(n, " calls"), func() bool { return len(c.get()) >= n })
	settle(t)
	if got := c.get(); len(got) != n {
		t.Errorf("%d calls, want %d: %q", len(got), n, got)
	}
}

func TestCPython_basic_ref(t *testing.T) {
	p := newObject(1)
	r := weakref.Make(p)
	if r.Value() != p || !contains(r.String(), "object", "alive") {
		t.Errorf("of a live object: %v, %v", r.Value(), r)
	}
	runtime.KeepAlive(p)
	p = nil
	weaktest.MustCollect(t, r)
	if !contains(r.String(), "object", "dead") {
		t.Errorf("of a dead one: %v", r)
	}
}

func TestCPython_ref_repr(t *testing.T) {
	p := new(mailer)
	r := weakref.Make(p)
	if s := r.String(); s != "weakref.Ref[conformance_test.mailer](alive)" {
		t.Errorf("alive: %q", s)
	}
	runtime.KeepAlive(p)
	p = nil
	weaktest.MustCollect(t, r)
	if s := r.String(); s != "weakref.Ref[conformance_test.mailer](dead)" {
		t.Errorf("dead: %q", s)
	}
}

func TestCPython_repr_failure_gh99184(t *testing.T) {
	p := new(screamer) // each of its methods panics
	r := weakref.Make(p)
	for _, format := range []string{"%v", "%+v", "%s"} {
		if s := fmt.Sprintf(format, r); !contains(s, "screamer", "alive") || contains(s, "PANIC") {
			t.Errorf("%s: %q", format, s)
		}
	}
	runtime.KeepAlive(p)
}

func TestCPython_basic_callback(t *testing.T) {
	var c calls
	func() {
		p := newObject(1)
		weakref.Finalize(p, func(r weakref.Ref[object]) { c.add(r.String()) }, weakref.Make(p))
	}()
	c.await(t, 1)
	c.want(t, "weakref.Ref[conformance_test.object](dead)")
}

func TestCPython_multiple_callbacks(t *testing.T) {
	var c calls
	m := objectMap{OnCollect: func(int) { c.add("map") }}
	func() {
		p := newObject(1)
		m.Store(1, p)
		weakref.Finalize(p, c.add, "first")
		weakref.Finalize(p, c.add, "second")
	}()
	c.await(t, 3)
	if got := strings.Join(c.get(), " "); !contains(got, "first", "second", "map") {
		t.Errorf("calls %q", got)
	}
	runtime.KeepAlive(&m)
}

func TestCPython_multiple_selfref_callbacks(t *testing.T) {
	var c calls
	var m objectMap
	var k weakref.KeyMap[object, int]
	var s weakref.Set[object]
	// look says what can be seen of the object from within a callback.
	look := func(refs []weakref.Ref[object]) {
		_, found := m.Load(1)
		for _, r := range refs {
			found = found || r.Value() != nil
		}
		for range k.Keys() {
			found = true
		}
		for range s.All() {
			found = true
		}
		c.add(fmt.Sprint("alive: ", found))
	}
	onCollect := objectMap{OnCollect: func(int) { look(nil) }}
	func() {
		p := newObject(1)
		m.Store(1, p)
		k.Store(p, 1)
		s.Add(p)
		onCollect.Store(1, p)
		for range 3 {
			weakref.Finalize(p, look, []weakref.Ref[object]{weakref.Make(p), weakref.Make(p)})
		}
	}()
	c.await(t, 4)
	c.want(t, "alive: false", "alive: false", "alive: false", "alive: false")
	runtime.KeepAlive(&onCollect)
}

func TestCPython_proxy_ref(t *testing.T) {
	var c calls
	m := new(mailer)
	f, g := weakref.Bind(m, (*mailer).send), weakref.Bind(m, (*mailer).send)
	weakref.Finalize(m, c.add, "gone")
	weakref.Finalize(m, c.add, "gone")
	if !f.Call("a") || !g.Call("b") || len(m.sent) != 2 {
		t.Error("a call does not reach its live receiver")
	}
	m = nil
	c.await(t, 2)
	if f.Call("c") || g.Call("c") {
		t.Error("a call says that it has reached a dead receiver")
	}
}

func TestCPython_proxy_repr(t *testing.T) {
	m := new(mailer)
	f, r := weakref.Bind(m, (*mailer).send), weakref.Make(m)
	if s := fmt.Sprint(f); !contains(s, "(*mailer).send", "alive") {
		t.Errorf("alive: %q", s)
	}
	runtime.KeepAlive(m)
	m = nil
	weaktest.MustCollect(t, r)
	if s := fmt.Sprint(f); !contains(s, "(*mailer).send", "dead") {
		t.Errorf("dead: %q", s)
	}
}

func TestCPython_ref_reuse(t *testing.T) {
	p := newObject(1)
	r := weakref.Make(p)
	settle(t)
	if weakref.Make(p) != r || weakref.Make(p).Pointer() != r.Pointer() {
		t.Error("two references to one object")
	}
	runtime.KeepAlive(p)
}

func TestCPython_shared_ref_without_callback(t *testing.T) {
	var m objectMap
	none := objectMap{OnCollect: nil}
	p := newObject(1)
	m.Store(1, p)
	none.Store(1, p)
	v, _ := m.Load(1)
	w, _ := none.Load(1)
	if weakref.Make(v) != weakref.Make(w) {
		t.Error("two references to one object")
	}
	r := weakref.Make(p)
	p, v, w = nil, nil, nil
	weaktest.MustCollect(t, r)
	weaktest.Eventually(t, "both are empty", func() bool { return m.Len() == 0 && none.Len() == 0 })
	if st := none.Stats(); st.Pending != 0 || st.Collected != 1 {
		t.Errorf("%+v", st)
	}
}

func TestCPython_proxy_iter(t *testing.T) {
	var died atomic.Bool
	type holder struct{ m *mailer }
	h := &holder{new(mailer)}
	r := weakref.Make(h.m)
	weakref.Finalize(h.m, func(died *atomic.Bool) { died.Store(true) }, &died)
	f := weakref.Bind(h.m, func(_ *mailer, h *holder) {
		h.m = nil // now only the call holds the receiver
		settle(t)
		if r.Value() == nil || died.Load() {
			t.Error("the receiver died during the call")
		}
	})
	if !f.Call(h) {
		t.Error("not called")
	}
	weaktest.MustCollect(t, r)
	weaktest.Eventually(t, "the callback ran", died.Load)
}

func TestCPython_callbacks_protected(t *testing.T) {
	var c calls
	func() {
		defer func() {
			if v := recover(); v != "unwinding" {
				t.Errorf("the panic has become %v", v)
			}
		}()
		defer c.await(t, 1) // while the goroutine panics
		func() { weakref.Finalize(newObject(1), c.add, "dead") }()
		panic("unwinding")
	}()
}

func TestCPython_sf_bug_840829(t *testing.T) {
	var c calls
	func() {
		for range 10 {
			p := newObject(1)
			weakref.Finalize(p, func(r weakref.Ref[object]) {
				runtime.GC()
				runtime.GC()
				c.add(r.String())
			}, weakref.Make(p))
		}
	}()
	c.await(t, 10)
}

// tangle is an object that holds everything that refers to it weakly.
type tangle struct {
	other  any
	fin    *weakref.Finalizer
	fn     weakref.Func[string]
	values weakref.ValueMap[int, tangle]
	keys   weakref.KeyMap[tangle, *tangle]
	set    weakref.Set[tangle]
}

func (*tangle) send(string) {}

// tie makes p refer to itself in every way, with callbacks that refer to it.
func (p *tangle) tie(c *calls, name string) weakref.Ref[tangle] {
	p.fin = weakref.Finalize(p, c.add, name)
	p.fn = weakref.Bind(p, (*tangle).send)
	p.values.OnCollect = func(int) { p.other = nil; c.add("called by the dead") }
	p.keys.OnCollect = func(*tangle) { p.other = nil; c.add("called by the dead") }
	p.values.Store(1, p)
	p.keys.Store(p, p)
	p.set.Add(p)
	return weakref.Make(p)
}

func TestCPython_callback_in_cycle(t *testing.T) {
	var c calls
	r := func() weakref.Ref[tangle] {
		p := new(tangle)
		p.other = p
		return p.tie(&c, "dead")
	}()
	weaktest.MustCollect(t, r)
	c.await(t, 1)
	c.want(t, "dead")
}

func TestCPython_callback_reachable_one_way(t *testing.T) {
	for _, back := range []bool{false, true} {
		var c calls
		r := func() weakref.Ref[tangle] {
			p, q := new(tangle), new(tangle)
			p.other = q
			if back {
				q.other = p
			}
			weakref.Finalize(q, c.add, "q")
			return p.tie(&c, "p")
		}()
		weaktest.MustCollect(t, r)
		c.await(t, 2)
	}
}

func TestCPython_callback_different_classes(t *testing.T) {
	var c calls
	r := func() weakref.Ref[tangle] {
		p := new(tangle)
		p.other = &session{meta: new(meta)}
		p.other.(*session).meta.iface = p
		weakref.Finalize(p.other.(*session), c.add, "session")
		return p.tie(&c, "p")
	}()
	weaktest.MustCollect(t, r)
	c.await(t, 2)
}

// Decision: a map's callback is the map's; if the map is garbage together with the
// value, it is not called. A Finalizer belongs to its object, so it is called although
// nobody else could have called it.
func TestCPython_callback_in_cycle_resurrection(t *testing.T) {
	var c calls
	outside := weakref.ValueMap[int, tangle]{OnCollect: func(int) { c.add("outside") }}
	r := func() weakref.Ref[tangle] {
		p := new(tangle)
		outside.Store(1, p)
		return p.tie(&c, "finalizer")
	}()
	weaktest.MustCollect(t, r)
	c.await(t, 2)
	if got := strings.Join(c.get(), " "); !contains(got, "outside", "finalizer") {
		t.Errorf("calls %q", got)
	}
	runtime.KeepAlive(&outside)
}

// Decision: what a callback is called with lives until it has been called; its own
// callbacks come after that.
func TestCPython_callbacks_on_callback(t *testing.T) {
	var c calls
	func() {
		arg := &mailer{}
		weakref.Finalize(arg, c.add, "the argument is dead")
		weakref.Finalize(newObject(1), func(m *mailer) { m.send("x"); c.add("the object is dead") }, arg)
	}()
	c.await(t, 2)
	c.want(t, "the object is dead", "the argument is dead")
}

func TestCPython_gc_during_ref_creation(t *testing.T) {
	whileCollecting(func() {
		for i := range 2000 {
			p := newObject(i)
			r := weakref.Make(p)
			if v := r.Value(); v != p || v.id != i {
				t.Errorf("the reference of a live object gives %v", v)
			}
		}
	})
}

// A reference that the finalizer of an object makes to it is a new one: the old ones
// stay dead.
func TestCPython_ref_created_during_del(t *testing.T) {
	made := make(chan weakref.Ref[object], 1)
	old := func() weakref.Ref[object] {
		p := newObject(1)
		runtime.SetFinalizer(p, func(p *object) { made <- weakref.Make(p) })
		return weakref.Make(p)
	}()
	weaktest.MustCollect(t, old)
	fresh := <-made
	if fresh == old {
		t.Error("the reference is the one that was dead before")
	}
	weaktest.MustCollect(t, fresh)
}

func TestCPython_ordering(t *testing.T) {
	// Numbers and strings are what has an order in Go; r < s does not compile for
	// anything else.
	r := reflect.TypeOf(weakref.Ref[object]{})
	if k := r.Kind(); k != reflect.Struct {
		t.Errorf("a Ref is a %v", k)
	}
	if !r.Comparable() {
		t.Error("Refs cannot be compared for equality")
	}
}

func TestCPython_hashing(t *testing.T) {
	p, q := newObject(1), newObject(1)
	r, s := weakref.Make(p), weakref.Make(q)
	m := map[weakref.Ref[object]]string{r: "p", s: "q"}
	runtime.KeepAlive(p)
	p = nil
	weaktest.MustCollect(t, r)
	if m[r] != "p" || m[s] != "q" || len(m) != 2 {
		t.Errorf("after a death the map has %v", m)
	}
	delete(m, r)
	if _, ok := m[r]; ok {
		t.Error("a dead key cannot be deleted")
	}
	runtime.KeepAlive(q)
}

func TestCPython_trashcan_16602(t *testing.T) {
	const n = 100
	var c calls
	func() {
		var chain *object
		for i := range n {
			parent := chain
			chain = &object{id: i, next: parent}
			weakref.Finalize(chain, func(r weakref.Ref[object]) { c.add(r.String()) }, weakref.Make(parent))
		}
	}()
	c.await(t, n)
	for _, s := range c.get() {
		if contains(s, "alive") {
			t.Error("a callback saw an object of the dead chain alive")
		}
	}
}

func TestCPython_callback_attribute(t *testing.T) {
	var c calls
	m := objectMap{OnCollect: func(key int) { c.add(fmt.Sprint(key)) }}
	m.Store(1, newObject(1))
	m.OnCollect(7)
	if got := c.get(); len(got) == 0 || got[0] != "7" {
		t.Errorf("calls %q", got)
	}
	var none objectMap
	if none.Store(1, newObject(1)); none.OnCollect != nil {
		t.Error("a map without a callback has one")
	}
}

func TestCPython_callback_attribute_after_deletion(t *testing.T) {
	var f *weakref.Finalizer
	captured := func() weakref.Ref[mailer] {
		m := new(mailer)
		f = weakref.Finalize(newObject(1), func(s string) { m.send(s) }, "dead")
		return weakref.Make(m)
	}()
	weaktest.MustCollect(t, captured) // f holds it until it has been called
	if f.Pending() {
		t.Error("the function is gone, and the call is pending")
	}
}

// The field is read at the first write; a write after it has been changed panics.
func TestCPython_set_callback_attribute(t *testing.T) {
	var c calls
	m := objectMap{OnCollect: func(int) { c.add("first") }}
	kept := newObject(1)
	m.Store(1, kept)
	first := m.OnCollect
	m.OnCollect = func(int) { c.add("second") }
	if panicOf(func() { m.Store(2, kept) }) == nil {
		t.Error("a change of OnCollect is silently ignored")
	}
	m.OnCollect = first
	storeDropped(&m, 2)
	c.await(t, 1)
	c.want(t, "first")
	runtime.KeepAlive(kept)
	runtime.KeepAlive(&m)
}

func TestCPython_callback_gcs(t *testing.T) {
	var c calls
	func() {
		p := newObject(1)
		runtime.SetFinalizer(p, func(*object) { runtime.GC(); c.add("finalizer") })
		weakref.Finalize(p, func(string) { runtime.GC(); c.add("callback") }, "")
	}()
	c.await(t, 2)
}

func TestCPython_subclass_refs_dont_conflate_callbacks(t *testing.T) {
	var c calls
	m := objectMap{OnCollect: func(int) { c.add("m") }}
	n := objectMap{OnCollect: func(int) { c.add("n") }}
	p := newObject(1)
	m.Store(1, p)
	n.Store(1, p)
	f, g := weakref.Finalize(p, c.add, "f"), weakref.Finalize(p, c.add, "g")
	if f == g {
		t.Error("two finalizers are one")
	}
	g.Stop()
	n.Delete(1)
	if !f.Pending() {
		t.Error("detaching one finalizer has detached another")
	}
	runtime.KeepAlive(p)
	p = nil
	c.await(t, 2)
	if got := strings.Join(c.get(), " "); !contains(got, "m", "f") {
		t.Errorf("calls %q", got)
	}
	runtime.KeepAlive(&m)
	runtime.KeepAlive(&n)
}

// Decision: a map's callbacks end with the map, and a Finalizer's when it is detached;
// dropping the Finalizer changes nothing.
func TestCPython_subclass_refs_with_cycle(t *testing.T) {
	var c calls
	p := newObject(1)
	r := func() weakref.Ref[objectMap] {
		m := &objectMap{OnCollect: func(int) { c.add("map") }}
		m.Store(1, p)
		return weakref.Make(m)
	}()
	weakref.Finalize(p, c.add, "finalizer")
	weaktest.MustCollect(t, r)
	runtime.KeepAlive(p)
	p = nil
	c.await(t, 1)
	c.want(t, "finalizer")
}
