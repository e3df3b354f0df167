package handle_test

import (
	"runtime"
	"testing"
	"unsafe"
	"weak"

	"github.com/weakref-go/weakref/internal/boxtest"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/weaktest"
)

type target struct {
	a, b *int
	c    [4]int
}

func TestMain(m *testing.M) { boxtest.Main(m) }

// TestRuntimeIsAsExpected fails on a runtime that represents weak pointers in
// another way. Everything still works there, only slower.
func TestRuntimeIsAsExpected(t *testing.T) {
	if boxtest.InUse() {
		return
	}
	if !handle.Direct[int]() {
		t.Error("weak pointers are not what package handle expects; it uses boxes")
	}
}

func TestLiveTarget(t *testing.T) {
	p := new(target)
	for range 3 {
		h := handle.Of(p)
		if got := handle.Strong[target](h); got != p {
			t.Fatalf("Strong = %p, want %p", got, p)
		}
		if got := handle.Addr[int](h); got != uintptr(unsafe.Pointer(p)) {
			t.Fatalf("Addr = %#x, want %p", got, p)
		}
		weaktest.Collect(t)
	}
	runtime.KeepAlive(p)
}

func TestInteriorPointer(t *testing.T) {
	p := new(target)
	outer, inner := handle.Of(p), handle.Of(&p.c)
	if handle.Addr[int](outer) == handle.Addr[int](inner) {
		t.Error("an object and its field have the same address")
	}
	if got := handle.Strong[[4]int](inner); got != &p.c {
		t.Errorf("Strong = %p, want %p", got, &p.c)
	}
	runtime.KeepAlive(p)
}

func TestDeadTarget(t *testing.T) {
	h := ofDropped()
	weaktest.Eventually(t, "the target is dead", func() bool { return handle.Addr[int](h) == 0 })
	if p := handle.Strong[target](h); p != nil {
		t.Errorf("Strong = %p after Addr said dead", p)
	}
}

//go:noinline
func ofDropped() handle.H { return handle.Of(new(target)) }

func TestPackageLevelTarget(t *testing.T) {
	h := handle.Of(&packageLevel)
	weaktest.Collect(t)
	if handle.Strong[target](h) != &packageLevel || handle.Addr[int](h) != uintptr(unsafe.Pointer(&packageLevel)) {
		t.Error("a package-level variable is not its own target")
	}
}

var packageLevel target

func TestWeak(t *testing.T) {
	if boxtest.InUse() {
		return
	}
	p := new(target)
	if handle.Weak[target](handle.Of(p)) != weak.Make(p) {
		t.Error("a handle is not the weak pointer it was made from")
	}
}

func TestKill(t *testing.T) {
	p := new(target)
	w, h := weak.Make(p), handle.Of(p)
	if !handle.Kill(p) {
		t.Skip("not possible on this runtime")
	}
	if w.Value() != nil || handle.Addr[int](h) != 0 || handle.Strong[target](h) != nil || weak.Make(p).Value() != nil {
		t.Error("the target is not dead")
	}
	h = nil
	p = nil
	weaktest.Collect(t) // the runtime must not mind
}
