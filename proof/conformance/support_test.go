package conformance_test

import (
	"errors"
	"fmt"
	"hash/maphash"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/boxtest"
)

func TestMain(m *testing.M) { boxtest.Main(m) }

// object is what the tests refer to weakly.
type object struct {
	id   int
	next *object
	_    [4]int
}

func newObject(id int) *object { return &object{id: id} }

// slotted is a key type with Slots, not in the first place.
type slotted struct {
	id int
	_  struct{ a, b int }
	weakref.Slots
	_ any
}

func newSlotted(id int) *slotted { return &slotted{id: id} }

// mailer has methods to bind.
type mailer struct {
	sent []string
	_    [2]*int
}

func (m *mailer) send(s string) { m.sent = append(m.sent, s) }
func (m *mailer) drop(string)   {}

// screamer must not be called.
type screamer struct{ _ [4]*int }

func (*screamer) String() string               { panic("String was called") }
func (*screamer) Format(fmt.State, rune)       { panic("Format was called") }
func (*screamer) GoString() string             { panic("GoString was called") }
func (*screamer) MarshalText() ([]byte, error) { panic("MarshalText was called") }

// selfish is an element that holds its set.
type selfish struct {
	set  *weakref.Set[selfish]
	next *selfish
	_    [2]int
}

// session and meta are objects of other types, for rings of several.
type session struct {
	_    string
	meta *meta
}

type meta struct{ iface any }

// folding ignores the case of letters.
type folding struct{ calls *atomic.Int32 }

func (f folding) Hash(h *maphash.Hash, s []string) {
	for _, s := range s {
		h.WriteString(strings.ToLower(s))
		h.WriteByte(0)
	}
}

func (f folding) Equal(a, b []string) bool {
	f.calls.Add(1)
	return slices.EqualFunc(a, b, strings.EqualFold)
}

type objectMap = weakref.ValueMap[int, object]

// fill stores n objects under the keys from 0 and returns them.
func fill(m *objectMap, n int) []*object {
	objects := make([]*object, n)
	for i := range objects {
		objects[i] = newObject(i)
		m.Store(i, objects[i])
	}
	return objects
}

// storeDropped stores objects that nobody else holds.
//
//go:noinline
func storeDropped(m *objectMap, keys ...int) {
	for _, k := range keys {
		m.Store(k, newObject(k))
	}
}

// calls is a list that finalizers add to.
type calls struct {
	mu   sync.Mutex
	list []string
}

func (c *calls) add(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, s)
}

func (c *calls) get() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

func (c *calls) want(t *testing.T, want ...string) {
	t.Helper()
	if got := c.get(); !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
}

// shutdown runs Shutdown when nothing of other tests is pending.
func shutdown(t *testing.T) {
	t.Helper()
	if err := weakref.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// whileCollecting runs f while another goroutine does nothing but collect.
func whileCollecting(f func()) {
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stop.Load() {
			runtime.GC()
		}
	}()
	defer func() { stop.Store(true); <-done }()
	f()
}

// concurrently runs f on some goroutines, beside one that collects.
func concurrently(f func(worker int)) {
	whileCollecting(func() {
		var wg sync.WaitGroup
		for w := range 2 {
			wg.Go(func() { f(w) })
		}
		wg.Wait()
	})
}

// dropStack overwrites what earlier calls have left on the stack.
//
//go:noinline
func dropStack() int {
	var pad [256]int
	return len(pad) + pad[17]
}

// refused checks that Check refuses p.
func refused[T any](t *testing.T, p *T, want weakref.Reason) {
	t.Helper()
	err := weakref.Check(p)
	if u := new(weakref.UnsupportedError); !errors.As(err, &u) || u.Reason != want || u.Type != reflect.TypeFor[T]() {
		t.Errorf("Check(%T) = %v, want reason %d", p, err, want)
	}
}

// mustRefuse checks that f panics with an UnsupportedError.
func mustRefuse(t *testing.T, want weakref.Reason, f func()) {
	t.Helper()
	if u, ok := panicOf(f).(*weakref.UnsupportedError); !ok || u.Reason != want {
		t.Errorf("panicked with %v, want reason %d", u, want)
	}
}

// panicOf returns what f panics with, or nil.
func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

// setOf returns a set of objects.
func setOf(objects ...*object) *weakref.Set[object] {
	s := new(weakref.Set[object])
	s.Insert(slices.Values(objects))
	return s
}

// Python's operations that change a set in place, as they are written here.

func update(s, o *weakref.Set[object]) { s.Insert(o.All()) }

func intersectionUpdate(s, o *weakref.Set[object]) {
	s.DeleteFunc(func(p *object) bool { return !o.Has(p) })
}

func differenceUpdate(s, o *weakref.Set[object]) { s.DeleteFunc(o.Has) }

func symmetricDifferenceUpdate(s, o *weakref.Set[object]) {
	for p := range o.All() {
		if !s.Delete(p) {
			s.Add(p)
		}
	}
}

// ids returns the numbers of the objects in a set.
func ids(s *weakref.Set[object]) []int {
	var ids []int
	for p := range s.All() {
		ids = append(ids, p.id)
	}
	slices.Sort(ids)
	return ids
}
