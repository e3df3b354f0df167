package rc

import (
	"runtime"
	"sync"
	"testing"
	"weak"
)

// handle stands for what a New allocates for its caller.
type handle struct {
	v *resource
	_ [2]uintptr
}

// BenchmarkBackstop compares ways to notice that a handle was lost: what each adds
// to making a handle and closing it.
func BenchmarkBackstop(b *testing.B) {
	v := new(resource)
	anchors := sync.Pool{New: func() any {
		a := new(handle)
		runtime.AddCleanup(a, func(*resource) {}, v)
		return a
	}}
	each(b, "backstop",
		impl{"none", func(b *testing.B) {
			for b.Loop() {
				kept = &handle{v: v}
			}
		}},
		impl{"cleanup", func(b *testing.B) {
			for b.Loop() {
				h := &handle{v: v}
				kept = h
				c := runtime.AddCleanup(h, func(*resource) {}, v)
				c.Stop()
				runtime.KeepAlive(h)
			}
		}},
		impl{"finalizer", func(b *testing.B) {
			for b.Loop() {
				h := &handle{v: v}
				kept = h
				runtime.SetFinalizer(h, func(*handle) {})
				runtime.SetFinalizer(h, nil)
			}
		}},
		impl{"weak", func(b *testing.B) {
			for b.Loop() {
				h := &handle{v: v}
				kept, keptWeak = h, weak.Make(h)
			}
		}},
		impl{"anchor", func(b *testing.B) {
			for b.Loop() {
				kept = &handle{v: v}
				anchors.Put(anchors.Get())
			}
		}},
	)
}

var (
	kept     *handle
	keptWeak weak.Pointer[handle]
)
