package dropped

import (
	"runtime"
	"sync"
)

func closeFD(fd int) {}

type file struct{ fd int }

func newFile(fd int) *file {
	f := &file{fd}
	runtime.AddCleanup(f, closeFD, f.fd)     // want `the Cleanup is dropped, so after file.Close the resource is released a second time; keep it and call Stop there, with runtime.KeepAlive after it`
	_ = runtime.AddCleanup(f, closeFD, f.fd) // want `the Cleanup is dropped`
	return f
}

func (f *file) Close() { closeFD(f.fd) }

// The method and the cleanup share a state that knows who was first.
type state struct {
	once sync.Once
	fd   int
}

func (s *state) close() { s.once.Do(func() { closeFD(s.fd) }) }

type guarded struct{ state *state }

func newGuarded(fd int) *guarded {
	s := &state{fd: fd}
	g := &guarded{state: s}
	runtime.AddCleanup(g, (*state).close, g.state)
	runtime.AddCleanup(g, (*state).close, s)
	return g
}

func (g *guarded) Close() { g.state.close() }

type unclosable struct{ fd int }

func newUnclosable(fd int) *unclosable {
	u := &unclosable{fd}
	runtime.AddCleanup(u, closeFD, fd)
	return u
}

type embeds struct {
	*file
	fd int
}

func newEmbeds(fd int) *embeds {
	e := &embeds{fd: fd}
	runtime.AddCleanup(e, closeFD, fd)
	return e
}
