package weakref_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/boxtest"
	"github.com/weakref-go/weakref/weaktest"
)

func TestMain(m *testing.M) { boxtest.Main(m) }

// object is what the tests refer to weakly.
type object struct {
	id   int
	next *object
	_    [4]int
}

func newObject(id int) *object { return &object{id: id} }

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

//go:noinline
func refToDropped() weakref.Ref[object] { return weakref.Make(newObject(1)) }

func TestRef(t *testing.T) {
	p := newObject(1)
	r := weakref.Make(p)
	weaktest.MustLive(t, r)
	if r.Value() != p {
		t.Errorf("Value = %p, want %p", r.Value(), p)
	}
	runtime.KeepAlive(p)
	weaktest.MustCollect(t, refToDropped())
}

func TestZeroRef(t *testing.T) {
	var r weakref.Ref[object]
	if r.Value() != nil {
		t.Error("the zero Ref refers to something")
	}
	if weakref.Make[object](nil) != r {
		t.Error("Make(nil) is not the zero Ref")
	}
	if r.Pointer() != weak.Make[object](nil) {
		t.Error("the zero Ref is not the zero weak.Pointer")
	}
}

func TestRefsAreComparable(t *testing.T) {
	p, q := newObject(1), newObject(2)
	if same := p; weakref.Make(p) != weakref.Make(same) {
		t.Error("two Refs to one object differ")
	}
	if weakref.Make(p) == weakref.Make(q) {
		t.Error("Refs to two objects are equal")
	}
	set := map[weakref.Ref[object]]int{weakref.Make(p): 1, weakref.Make(q): 2}
	if set[weakref.Make(p)] != 1 || set[weakref.Make(q)] != 2 {
		t.Error("a Ref does not work as a key")
	}
	r := refToDropped()
	before := r
	weaktest.MustCollect(t, r)
	if r != before || r == weakref.Make(p) || r == (weakref.Ref[object]{}) {
		t.Error("a dead Ref compares otherwise than before")
	}
	runtime.KeepAlive(p)
	runtime.KeepAlive(q)
}

func TestRefPointer(t *testing.T) {
	p := newObject(1)
	if weakref.Make(p).Pointer() != weak.Make(p) {
		t.Error("Pointer is not the weak pointer to the same object")
	}
}

// screamer must not be called.
type screamer struct{ _ [4]*int }

func (*screamer) String() string               { panic("String was called") }
func (*screamer) Format(fmt.State, rune)       { panic("Format was called") }
func (*screamer) GoString() string             { panic("GoString was called") }
func (*screamer) MarshalText() ([]byte, error) { panic("MarshalText was called") }
func droppedScreamer() weakref.Ref[screamer]   { return weakref.Make(new(screamer)) }
func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

func TestRefString(t *testing.T) {
	p := new(screamer)
	if s := weakref.Make(p).String(); !contains(s, "weakref_test.screamer", "alive") {
		t.Errorf("alive: %q", s)
	}
	if s := (weakref.Ref[screamer]{}).String(); !contains(s, "weakref_test.screamer", "nil") {
		t.Errorf("nil: %q", s)
	}
	runtime.KeepAlive(p)
	r := droppedScreamer()
	weaktest.MustCollect(t, r)
	if s := fmt.Sprint(r); !contains(s, "weakref_test.screamer", "dead") {
		t.Errorf("dead: %q", s)
	}
}
