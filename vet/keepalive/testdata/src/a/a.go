package a

import (
	"keepalive/handles"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"github.com/ebitengine/purego"
	"golang.org/x/sys/unix"
)

type F struct {
	fd   int
	mode int
	mu   sync.Mutex
	name string
}

func closeFD(fd int) { unix.Close(fd) }

func newF(fd int) *F {
	f := &F{fd: fd}
	runtime.AddCleanup(f, closeFD, fd)
	return f
}

// The bad example of the specification.
func (f *F) Write(b []byte) (int, error) {
	return unix.Write(f.fd, b) // want `f is not mentioned after this call, so its cleanup may release the handle while the call uses it; add defer runtime.KeepAlive\(f\) before it`
}

// The good one.
func (f *F) WriteKept(b []byte) (int, error) {
	n, err := unix.Write(f.fd, b)
	runtime.KeepAlive(f)
	return n, err
}

// More of both.

func (f *F) deferred(b []byte) (int, error) {
	defer runtime.KeepAlive(f)
	return unix.Write(f.fd, b)
}

func (f *F) locked(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return unix.Write(f.fd, b)
}

func (f *F) locksBefore(b []byte) {
	f.mu.Lock()
	f.mu.Unlock()
	unix.Write(f.fd, b) // want `f is not mentioned`
}

func (f *F) usedLater(b []byte) string {
	unix.Write(f.fd, b)
	return f.name
}

func (f *F) usedOnOnePath(b []byte) string {
	if _, err := unix.Write(f.fd, b); err != nil {
		return f.name
	}
	return ""
}

func (f *F) usedOnOtherPath(b []byte) string {
	if len(b) == 0 {
		return f.name
	}
	unix.Write(f.fd, b) // want `f is not mentioned`
	return ""
}

func (f *F) loop(bs [][]byte) {
	for _, b := range bs {
		unix.Write(f.fd, b)
	}
}

func (f *F) sameStatement(b []byte) (int, string) {
	return first(unix.Write(f.fd, b)), f.name
}

func first(n int, err error) int { return n }

func (f *F) captured(b []byte) func() {
	unix.Write(f.fd, b)
	return func() { _ = f }
}

func (f *F) otherField(b []byte) { unix.Write(f.mode, b) }

func (f *F) otherCallee() string { return strconv.Itoa(f.fd) }

func converted(f *F) { syscall.Close(int(uint(f.fd))) } // want `f is not mentioned`

func local() {
	f := newF(1)
	unix.Write(f.fd, nil) // of a local variable nothing is said
}

type lib struct{ h uintptr }

var (
	destroy func(uintptr)
	other   func(uintptr)
)

func init() { purego.RegisterLibFunc(&destroy, 0, "destroy") }

func newLib(h uintptr) *lib {
	l := &lib{h}
	runtime.AddCleanup(l, destroy, l.h)
	return l
}

func (l *lib) destroy()    { destroy(l.h) } // want `l is not mentioned`
func (l *lib) other()      { other(l.h) }
func (l *lib) configured() { handles.Use(l.h) } // want `l is not mentioned`
func (l *lib) notListed()  { handles.Name(l.h) }

// A finalizer tells which field is the handle.
type G struct{ fd, n int }

func newG(fd int) *G {
	g := &G{fd: fd}
	runtime.SetFinalizer(g, (*G).close)
	return g
}

func (g *G) close() { unix.Close(g.fd) }

func (g *G) write(b []byte) {
	unix.Write(g.fd, b) // want `g is not mentioned`
}

func (g *G) number(b []byte) { unix.Write(g.n, b) }

func ignored(f *F) {
	//weakvet:ignore keepalive the caller holds f
	unix.Write(f.fd, nil)
}
