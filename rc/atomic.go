package rc

import (
	"sync/atomic"
	"unsafe"
)

// The counting, freezing and linking of this package goes through the types of
// this file and through mutex. Built with the tag rcsched, each of their
// operations hands control to a scheduler, so that a test can run every
// interleaving of a few goroutines; see sched_test.go. Built without it, step is
// empty, and they are what package sync has.

// word, flag and pointer are atomic.Uint64, Uint32 and Pointer that a literal can
// set before anyone else knows of them. An atomic store there would cost 5 to 7 ns,
// and be a fifth of Clone.
//
// A word must be the first in an allocated struct, or a variable: on 32-bit
// machines only these are aligned.
type word struct {
	_ noCopy
	v uint64
}

func (w *word) load() uint64 {
	step()
	return atomic.LoadUint64(&w.v)
}

func (w *word) store(v uint64) {
	step()
	atomic.StoreUint64(&w.v, v)
}

func (w *word) cas(old, new uint64) bool {
	step()
	return atomic.CompareAndSwapUint64(&w.v, old, new)
}

type flag struct {
	_ noCopy
	v uint32
}

func (f *flag) load() uint32 {
	step()
	return atomic.LoadUint32(&f.v)
}

func (f *flag) swap(v uint32) uint32 {
	step()
	return atomic.SwapUint32(&f.v, v)
}

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

func (p *pointer[T]) cas(old, new *T) bool {
	step()
	return atomic.CompareAndSwapPointer(&p.p, unsafe.Pointer(old), unsafe.Pointer(new))
}

// plain is load without the atomic operation, and clear is store(nil): for
// pointers that others read only by mistake.
func (p *pointer[T]) plain() *T { return (*T)(p.p) }

func (p *pointer[T]) clear() { p.p = nil }

// noCopy has go vet report copies of what holds it.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
