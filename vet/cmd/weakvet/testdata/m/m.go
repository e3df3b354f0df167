// Package m has one finding of each tier.
package m

import (
	"runtime"
	"syscall"
	"unique"
	"weak"
)

type T struct {
	fd   int
	name string
}

func (t *T) release(int) {}

func newT(fd int) *T {
	t := &T{fd: fd}
	runtime.AddCleanup(t, t.release, 0)
	return t
}

func get(w weak.Pointer[T]) *T {
	if w.Value() != nil {
		return w.Value()
	}
	return nil
}

func intern(s string) string { return unique.Make(s).Value() }

func newU(fd int) *T {
	t := &T{fd: fd}
	runtime.AddCleanup(t, func(fd int) { syscall.Close(fd) }, t.fd)
	return t
}

func (t *T) write(b []byte) (int, error) {
	return syscall.Write(t.fd, b)
}
