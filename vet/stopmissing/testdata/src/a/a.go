package a

import "runtime"

func closeFD(fd int) {}

type forgotten struct {
	fd      int
	cleanup runtime.Cleanup
}

func newForgotten() *forgotten {
	f := &forgotten{}
	f.cleanup = runtime.AddCleanup(f, closeFD, f.fd) // want `the Cleanup is kept in cleanup but never stopped, so after forgotten.Close the resource is released a second time; call Stop there, with runtime.KeepAlive after it`
	return f
}

func (f *forgotten) Close() { closeFD(f.fd) }

type stopped struct {
	fd      int
	cleanup runtime.Cleanup
}

func newStopped() *stopped {
	f := &stopped{}
	f.cleanup = runtime.AddCleanup(f, closeFD, f.fd)
	return f
}

func (f *stopped) Close() {
	f.cleanup.Stop()
	closeFD(f.fd)
	runtime.KeepAlive(f)
}

type passedOn struct {
	fd      int
	cleanup runtime.Cleanup
}

func newPassedOn() *passedOn {
	f := &passedOn{}
	f.cleanup = runtime.AddCleanup(f, closeFD, f.fd)
	return f
}

func (f *passedOn) Release() { stop(f.cleanup) }

func stop(c runtime.Cleanup) { c.Stop() }

type unclosable struct{ cleanup runtime.Cleanup }

func newUnclosable(fd int) *unclosable {
	f := &unclosable{}
	f.cleanup = runtime.AddCleanup(f, closeFD, fd)
	return f
}

// Exported: others can stop it.
type Exported struct{ Cleanup runtime.Cleanup }

func NewExported(fd int) *Exported {
	f := &Exported{}
	f.Cleanup = runtime.AddCleanup(f, closeFD, fd)
	return f
}

func (e *Exported) Close() {}

type generic[T any] struct {
	v       T
	cleanup runtime.Cleanup
}

func newGeneric[T any](v T) *generic[T] {
	g := &generic[T]{v: v}
	g.cleanup = runtime.AddCleanup(g, func(T) {}, v) // want `never stopped, so after generic.Free`
	return g
}

func (g *generic[T]) Free() {}

// Without the flag.
func droppedResult(f *forgotten) {
	runtime.AddCleanup(f, closeFD, f.fd)
}

func ignored(f *forgotten) {
	//weakvet:ignore stopmissing a test of the directive
	f.cleanup = runtime.AddCleanup(f, closeFD, f.fd)
}
