package weakref_test

import (
	"errors"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

type (
	empty    struct{}
	tiny     struct{ _, _ uint32 }
	pointer  struct{ _ *int }
	sixteen  struct{ _, _ uint64 }
	noFields [0]*int
)

var packageLevel object

func refused[T any](t *testing.T, p *T, want weakref.Reason, advice string) {
	t.Helper()
	err := weakref.Check(p)
	var u *weakref.UnsupportedError
	if !errors.As(err, &u) {
		t.Errorf("Check(%T) = %v", p, err)
		return
	}
	if u.Reason != want || u.Type != reflect.TypeFor[T]() {
		t.Errorf("Check(%T) gave reason %d and type %v", p, u.Reason, u.Type)
	}
	if !contains(err.Error(), reflect.TypeFor[T]().String(), advice) {
		t.Errorf("Check(%T) does not give its type or advice: %v", p, err)
	}
}

func accepted[T any](t *testing.T, p *T) {
	t.Helper()
	if err := weakref.Check(p); err != nil {
		t.Errorf("Check(%T) = %v", p, err)
	}
	if r := weakref.Make(p); r.Value() != p {
		t.Errorf("Make(%T) does not refer to it", p)
	}
	runtime.KeepAlive(p)
}

func TestCheck(t *testing.T) {
	refused[object](t, nil, weakref.NilPointer, "pass a pointer")
	refused[int](t, nil, weakref.NilPointer, "pass a pointer")
	refused(t, new(empty), weakref.ZeroSize, "weakref.Box")
	refused(t, new(noFields), weakref.ZeroSize, "weakref.Box")
	refused(t, new(int), weakref.Tiny, "weakref.Box")
	refused(t, new(bool), weakref.Tiny, "weakref.Box")
	refused(t, new(tiny), weakref.Tiny, "weakref.Box")
	refused(t, new([3]uint32), weakref.Tiny, "weakref.Box")

	constant := "the bytes of a constant, which no collector manages"
	refused(t, (*[16]byte)(unsafe.Pointer(unsafe.StringData(constant))), weakref.NotManaged, "copy")

	accepted(t, new(object))
	accepted(t, new(pointer))
	accepted(t, new(sixteen))
	accepted(t, new(string))
	accepted(t, new(func()))
	accepted(t, new(any))
	accepted(t, new([4]uint32))
	accepted(t, &make([]object, 10)[5])
	accepted(t, &new(object).next)
	accepted(t, &packageLevel)
	accepted(t, weakref.Box(42))
	accepted(t, weakref.Box(empty{}))
}

// TestCheckLeavesNoTrace checks that a successful Check does not change when its
// target dies, and leaves no cleanup behind.
func TestCheckLeavesNoTrace(t *testing.T) {
	checked := func() weakref.Ref[object] {
		p := newObject(1)
		for range 100 {
			if err := weakref.Check(p); err != nil {
				t.Fatal(err)
			}
		}
		return weakref.Make(p)
	}
	for range 20 {
		weaktest.MustCollect(t, checked())
	}
}

func TestMakeRefusesWhatTheTypeTells(t *testing.T) {
	mustRefuse(t, weakref.ZeroSize, func() { weakref.Make(new(empty)) })
	mustRefuse(t, weakref.Tiny, func() { weakref.Make(new(int)) })
}

// mustRefuse checks that f panics with an UnsupportedError.
func mustRefuse(t *testing.T, want weakref.Reason, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		v := recover()
		if u, ok := v.(*weakref.UnsupportedError); !ok || u.Reason != want {
			t.Errorf("panicked with %v, want reason %d", v, want)
		}
	}()
	f()
}

func TestPackageLevelVariableIsImmortal(t *testing.T) {
	r := weakref.Make(&packageLevel)
	for range 3 {
		weaktest.MustLive(t, r)
	}
}

func TestBox(t *testing.T) {
	b := weakref.Box(42)
	r := weakref.Make(b)
	weaktest.MustLive(t, r)
	if b.V != 42 {
		t.Errorf("V = %d", b.V)
	}
	runtime.KeepAlive(b)

	dies := func() weakref.Ref[weakref.Boxed[int]] { return weakref.Make(weakref.Box(42)) }
	// Many at once, so that packing would show: some of a block would live on.
	var kept []*weakref.Boxed[int]
	var dead []weakref.Ref[weakref.Boxed[int]]
	for range 1000 {
		kept = append(kept, weakref.Box(1))
		dead = append(dead, dies())
	}
	weaktest.Eventually(t, "all dropped boxes are dead", func() bool {
		return !slices.ContainsFunc(dead, func(r weakref.Ref[weakref.Boxed[int]]) bool { return r.Value() != nil })
	})
	runtime.KeepAlive(kept)

	if a, b := weakref.Box(empty{}), weakref.Box(empty{}); weakref.Make(a) == weakref.Make(b) {
		t.Error("boxes of values without size are one")
	}
}

func TestUnsupportedErrorTexts(t *testing.T) {
	seen := make(map[string]bool)
	for _, reason := range []weakref.Reason{weakref.NilPointer, weakref.ZeroSize, weakref.Tiny, weakref.NotManaged, 99} {
		text := (&weakref.UnsupportedError{Type: reflect.TypeFor[int](), Reason: reason}).Error()
		if seen[text] || !strings.HasPrefix(text, "weakref: ") {
			t.Errorf("reason %d: %q", reason, text)
		}
		seen[text] = true
	}
}

// panicOf returns what f panics with, or nil.
func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}
