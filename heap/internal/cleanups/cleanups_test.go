package cleanups

import (
	"runtime"
	"strings"
	"testing"
	"unsafe"
	"weak"
)

type object struct {
	p *int
	_ [4]int
}

func TestBeside(t *testing.T) {
	if !Available() {
		t.Skipf("the layout of cleanups in %s is not known", runtime.Version())
	}
	o, arg := &object{p: new(int)}, &object{p: new(int)}
	fn := func(*object) {}
	runtime.AddCleanup(o, fn, arg)
	runtime.AddCleanup(o, func(int) {}, 3)
	runtime.SetFinalizer(arg, func(*object) {})
	var got []Record
	for _, r := range Beside(uintptr(unsafe.Pointer(o))) {
		if r.Object == uintptr(unsafe.Pointer(o)) {
			got = append(got, r)
		}
	}
	if len(got) != 2 {
		t.Fatalf("%d cleanups, want 2", len(got))
	}
	found := false
	for _, r := range got {
		if f := runtime.FuncForPC(load(r.Func)); f == nil || !strings.Contains(f.Name(), "TestBeside") {
			t.Errorf("the function is %v", f)
		}
		found = found || r.Func == *(*uintptr)(unsafe.Pointer(&fn)) && load(r.Arg) == uintptr(unsafe.Pointer(arg))
	}
	if !found {
		t.Error("function and argument of the first cleanup are not found")
	}
	runtime.KeepAlive(o)
	runtime.KeepAlive(arg)
}

func TestHandlesBeside(t *testing.T) {
	o := &object{p: new(int)}
	runtime.AddCleanup(o, func(int) {}, 3)
	runtime.SetFinalizer(o, func(*object) {})
	w, inside := weak.Make(o), weak.Make(&o.p)
	handles, ok := HandlesBeside(uintptr(unsafe.Pointer(o)))
	if !ok {
		t.Skipf("the layout of weak pointers in %s is not known", runtime.Version())
	}
	got := map[uintptr]uintptr{}
	for _, h := range handles {
		got[h.Handle] = h.Target
	}
	for _, want := range []struct{ handle, target uintptr }{
		{*(*uintptr)(unsafe.Pointer(&w)), uintptr(unsafe.Pointer(o))},
		{*(*uintptr)(unsafe.Pointer(&inside)), uintptr(unsafe.Pointer(&o.p))},
	} {
		if got[want.handle] != want.target {
			t.Errorf("the handle at %#x is of %#x, want %#x", want.handle, got[want.handle], want.target)
		}
	}
	runtime.KeepAlive(o)
	runtime.KeepAlive(w)
	runtime.KeepAlive(inside)
}

// The versions of Go that the module is tested with must be known.
func TestAvailable(t *testing.T) {
	for _, v := range []string{"go1.26", "go1.27"} {
		if strings.HasPrefix(runtime.Version(), v) && !Available() {
			t.Errorf("the layout of cleanups in %s is not found", runtime.Version())
		}
		if _, ok := HandlesBeside(uintptr(unsafe.Pointer(new(object)))); strings.HasPrefix(runtime.Version(), v) && !ok {
			t.Errorf("the layout of weak pointers in %s is not found", runtime.Version())
		}
	}
}

func TestGuarded(t *testing.T) {
	after := false
	guarded(func() {
		load(lowest + 8)
		after = true
	})
	if after {
		t.Error("no fault")
	}
	if Beside(uintptr(unsafe.Pointer(&after))) != nil && !Available() {
		t.Error("cleanups without a layout")
	}
}
