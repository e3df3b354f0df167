package rc

import (
	"sync/atomic"
	"unsafe"
)

// The counting, freezing and linking of this package goes through the types of
// this file and through mutex. Built with the tag rcsched, each of their
// operations hands control to a scheduler, so that a test can run every
// interleaving of a few goroutines; see sched_test.go. Built without it, step is
// empty and they are the types of package sync.

// word is an atomic.Uint64.
type word struct{ v atomic.Uint64 }

func (w *word) load() uint64 {
	step()
	return w.v.Load()
}

func (w *word) store(v uint64) {
	step()
	w.v.Store(v)
}

func (w *word) cas(old, new uint64) bool {
	step()
	return w.v.CompareAndSwap(old, new)
}

// pointer is an atomic.Pointer that a literal can set, before anyone else knows
// of it, without the 7 ns of an atomic store.
type pointer[T any] struct {
	_ noCopy
	p unsafe.Pointer // *T
}

func (p *pointer[T]) load() *T {
	step()
	return (*T)(atomic.LoadPointer(&p.p))
}

func (p *pointer[T]) store(v *T) {
	step()
	atomic.StorePointer(&p.p, unsafe.Pointer(v))
}

func (p *pointer[T]) swap(v *T) *T {
	step()
	return (*T)(atomic.SwapPointer(&p.p, unsafe.Pointer(v)))
}

func (p *pointer[T]) cas(old, new *T) bool {
	step()
	return atomic.CompareAndSwapPointer(&p.p, unsafe.Pointer(old), unsafe.Pointer(new))
}

// noCopy has go vet report copies of what holds it.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
