package fix

import (
	"runtime"
	"syscall"
)

type F struct{ fd int }

func newF(fd int) *F {
	f := &F{fd}
	runtime.AddCleanup(f, func(fd int) { syscall.Close(fd) }, fd)
	return f
}

func (f *F) Write(b []byte) (int, error) {
	return syscall.Write(f.fd, b) // want `f is not mentioned`
}

func (f *F) OneLine(b []byte) { syscall.Write(f.fd, b) } // want `f is not mentioned`

func shadowed(f *F, runtime int) {
	syscall.Write(f.fd, nil) // want `f is not mentioned`
}
