package a

import (
	"runtime"
	"unsafe"
)

func munmap(b []byte) error { return nil }
func free(p unsafe.Pointer) {}
func recycle(b []byte)      {}
func mmap() ([]byte, error) { return nil, nil }

// A mapped file with its data in an exported field, as in published code.
type Mapped struct{ Data []byte }

func Map() (*Mapped, error) {
	data, err := mmap()
	if err != nil {
		return nil, err
	}
	m := &Mapped{Data: data}
	runtime.AddCleanup(m, func(d []byte) { _ = munmap(d) }, data)   // want `the cleanup frees memory that is in the exported field Data, and who has it there does not keep the object alive; copy out of the memory, with runtime.KeepAlive after it`
	runtime.AddCleanup(m, func(d []byte) { _ = munmap(d) }, m.Data) // want `the exported field Data`
	return m, nil
}

type hidden struct {
	data []byte
	ptr  unsafe.Pointer
}

func newHidden(data []byte, p unsafe.Pointer) *hidden {
	h := &hidden{data: data}
	h.ptr = p
	runtime.AddCleanup(h, func(d []byte) { munmap(d) }, data)
	runtime.AddCleanup(h, free, h.ptr)
	return h
}

func (h *hidden) At(i int) byte { return h.data[i] }

type leaky struct{ data []byte }

func newLeaky(data []byte) *leaky {
	l := &leaky{data}
	runtime.AddCleanup(l, unmapAll, l.data) // want `the method Bytes returns`
	return l
}

func unmapAll(b []byte) { munmap(b) }

func (l *leaky) Bytes() []byte { return l.data[2:] }

type owner struct{ n int }

func returned(data []byte) ([]byte, *owner) {
	o := &owner{}
	runtime.AddCleanup(o, func(d []byte) { munmap(d) }, data) // want `the cleanup frees memory that the function returns`
	return data[:8], o
}

func notFreed(data []byte) *Mapped {
	m := &Mapped{Data: data}
	runtime.AddCleanup(m, recycle, data)
	return m
}

func ignored(m *Mapped) {
	//weakvet:ignore escapingmemory the contract says so
	runtime.AddCleanup(m, func(d []byte) { munmap(d) }, m.Data)
}
