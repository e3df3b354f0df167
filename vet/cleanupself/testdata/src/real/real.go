// Package real holds bugs found in published code, rewritten in minimal form.
package real

import "runtime"

// A wrapper around a handle of a C library: the value owns the handle, the
// finalizing method is bound to it.
type value struct {
	handle uintptr
	free   func(uintptr)
}

func newValue(h uintptr) *value {
	v := &value{handle: h}
	runtime.AddCleanup(v, func(_ struct{}) { v.destroy() }, struct{}{}) // want `the cleanup refers to v`
	return v
}

func (v *value) destroy() { v.free(v.handle) }

// A session that stores its own Cleanup and attaches to that field.
type session struct {
	cleanup runtime.Cleanup
	sub     chan int
}

func newSession() *session {
	s := &session{sub: make(chan int)}
	s.cleanup = runtime.AddCleanup(&s.cleanup, closeSession, s) // want `points into the object of s`
	return s
}

func newSessionEarlier() *session {
	s := &session{sub: make(chan int)}
	s.cleanup = runtime.AddCleanup(s, closeSession, s) // want `is s itself`
	return s
}

func closeSession(s *session) { close(s.sub) }

// Readers that belong to a context: the method is bound to the context they are
// attached to.
type context struct{ h uintptr }

func (c *context) destroyReader(h uintptr) {}

type coordSeq struct {
	ctx *context
	s   uintptr
}

func (c *context) newReader() uintptr {
	h := c.h
	runtime.AddCleanup(c, c.destroyReader, h) // want `the cleanup refers to c`
	return h
}

func (c *context) newCoordSeq(h uintptr) *coordSeq {
	s := &coordSeq{c, h}
	runtime.AddCleanup(s, func(h uintptr) { s.ctx.destroyReader(h) }, h) // want `the cleanup refers to s`
	return s
}

// A handle whose finalizing method is the cleanup.
type resource struct{ h uintptr }

func (r *resource) finalize(h uintptr) {}

func newResource(h uintptr) *resource {
	w := &resource{h}
	runtime.AddCleanup(w, w.finalize, h) // want `the cleanup refers to w`
	return w
}

// An interface around the object hides it from the runtime on all versions.
type freeable interface{ Free() }

type schema struct{ p *int }

func (s *schema) Free() {}

func newSchema() *schema {
	var s schema
	runtime.AddCleanup(&s, func(f freeable) { f.Free() }, freeable(&s)) // want `the argument of the cleanup refers to s`
	return &s
}

// A set of databases.
type databases struct{ city, asn *int }

func (d *databases) close() {}

func open() (*databases, error) {
	dbs := &databases{}
	runtime.AddCleanup(dbs, func(d *databases) { d.close() }, dbs) // want `is dbs itself`
	return dbs, nil
}

// A checked file in a test helper: its message comes from the file.
type checked struct {
	name  string
	fatal func(string)
}

func newChecked(f *checked) {
	runtime.AddCleanup(f, func(name string) { f.fatal(name) }, f.name) // want `the cleanup refers to f`
}

// An iterator over a channel, from a design document: the finalizer is bound to
// its receiver.
type receiver[T any] struct{ done chan struct{} }

func (r *receiver[T]) finalize(*receiver[T]) { close(r.done) }

func ranger[T any]() *receiver[T] {
	r := &receiver[T]{done: make(chan struct{})}
	runtime.SetFinalizer(r, r.finalize) // want `the finalizer refers to r`
	return r
}

// A cache around an inner cache: a callback given to the inner one refers to
// the outer one.
type inner struct{ onEvict func() }

func (i *inner) close() {}

type outer struct {
	*inner
	evicted int
}

func newOuter() *outer {
	in := &inner{}
	o := &outer{inner: in}
	in.onEvict = func() { o.evicted++ }
	runtime.AddCleanup(o, (*inner).close, in) // want `the argument of the cleanup refers to o`
	return o
}

// A prompt session that stops its server.
type prompt struct{ stop func() }

func newPrompt() *prompt {
	p := &prompt{stop: func() {}}
	stop := func() { p.stop() }
	runtime.AddCleanup(p, func(f func()) { f() }, stop) // want `the argument of the cleanup refers to p`
	return p
}
