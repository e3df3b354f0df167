// Package spec holds the examples of the checks' specification. A comment "bad:
// NAME" says which analyzer of the default and warning tiers must report the
// line, "opt-in: NAME" one of the opt-in tier; no other line may be reported in
// the default and warning tiers.
package spec

import (
	"io"
	"runtime"
	"spec/bus"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unique"
	"unsafe"
	"weak"
)

type R struct {
	fd   int
	cl   struct{ a, b *int }
	buf  [64]byte
	impl *impl
}

func (r *R) Close() error { return nil }
func (r *R) fin(int)      {}
func (r *R) finalize()    {}

type impl struct{ fd int }

func (i *impl) close() {}

func f(*R)              {}
func fCloser(io.Closer) {}
func fBytes([]byte)     {}

func w1(r *R) {
	runtime.AddCleanup(r, func(int) { r.Close() }, 0) // bad: cleanupself
	runtime.AddCleanup(r, r.fin, 0)                   // bad: cleanupself
	runtime.AddCleanup(r, f, r)                       // bad: cleanupself
	runtime.AddCleanup(&r.cl, f, r)                   // bad: cleanupself
	runtime.AddCleanup(r, fCloser, io.Closer(r))      // bad: cleanupself
	runtime.AddCleanup(r, fBytes, r.buf[:])           // bad: cleanupself
	runtime.SetFinalizer(r, r.finalize)               // bad: cleanupself
}

type (
	K = string
	V struct{ name, more string }
	T struct {
		f     func()
		self  *T
		close struct{}
	}
)

var m = map[K]weak.Pointer[V]{}

func Set(k K, v V) { m[k] = weak.Make(&v) } // bad: cleanuplocal

func release(int) {}

func w2a() *T {
	t := &T{}
	runtime.AddCleanup(&t, release, 1) // bad: cleanuplocal
	return t
}

var pool []byte

func w2b(i, j int) []byte {
	b := pool[i:j]
	runtime.AddCleanup(&b, release, i) // bad: cleanuplocal
	return b
}

func w2c(v *V) weak.Pointer[V] {
	wp := weak.Make(v)
	runtime.AddCleanup(&wp, release, 1) // bad: cleanuplocal
	return wp
}

type parser struct{ src string }

func newParser(src string) *parser { return &parser{src} }

var (
	ts = map[K]weak.Pointer[T]{}
	p  weak.Pointer[parser]
)

func w3(k K) {
	ts[k] = weak.Make(&T{})         // bad: weakdiscard
	_ = weak.Make(new(T))           // bad: weakdiscard
	p = weak.Make(newParser("src")) // bad: weakdiscard
}

type cache struct{}

func (cache) Get(K) (weak.Pointer[T], bool) { return weak.Pointer[T]{}, true }

func w4(w weak.Pointer[T], c cache, k K) (*T, bool) {
	w.Value().f()  // bad: weakvalue
	_ = *w.Value() // bad: weakvalue
	if wp, ok := c.Get(k); ok && wp.Value() != nil {
		return wp.Value(), true // bad: weakvalue
	}
	return nil, false
}

func w4if(w weak.Pointer[T]) *T {
	if w.Value() != nil {
		return w.Value() // bad: weakvalue
	}
	return nil
}

func Intern(s string) string { return unique.Make(s).Value() } // bad: uniquedrop

func w5(body []byte, at uint64) {
	_ = unique.Make(string(body)) // opt-in: uniquedrop
	_ = unique.Make(at)           // bad: uniquedrop
}

type (
	Key  struct{ name string }
	Meta struct{ owner *Key }
)

var meta map[weak.Pointer[Key]]*Meta // bad: weakkeycycle

type S struct{ ch chan struct{} }

func stop(c chan struct{}) { close(c) }

func w7(s *S) {
	runtime.AddCleanup(s, stop, s.ch)
	go func() { // bad: goroutinepin
		for {
			select {
			case <-s.ch:
			}
		}
	}()
}

func (s *S) run() {
	for range s.ch {
	}
}

func w7method(s *S) {
	runtime.AddCleanup(s, stop, s.ch)
	go s.run() // bad: goroutinepin
}

func w8(p *T, key []byte, c io.Closer) {
	runtime.AddCleanup(p, func(x *T) { *x = T{} }, nil)                                    // bad: nilarg
	runtime.AddCleanup(&key[0], func(first *byte) { clear(unsafe.Slice(first, 32)) }, nil) // bad: nilarg
	runtime.AddCleanup(p, func(any) {}, nil)                                               // bad: nilarg
	runtime.AddCleanup[T, io.Closer](p, func(c io.Closer) { c.Close() }, c)                // opt-in: nilarg
}

type (
	zero struct{}
	tiny struct{ n int32 }
)

var keptTiny []*tiny

func w9(z *zero) weak.Pointer[tiny] {
	runtime.AddCleanup(z, release, 1) // bad: tinytarget
	t := &tiny{}
	runtime.SetFinalizer(t, func(*tiny) {}) // bad: tinytarget
	keptTiny = append(keptTiny, t)
	return weak.Make(t) // bad: tinytarget
}

type F struct {
	fd   int
	name string
}

func newF(fd int) *F {
	f := &F{fd: fd}
	runtime.AddCleanup(f, func(fd int) { syscall.Close(fd) }, fd) // opt-in: stopmissing
	return f
}

func (f *F) Write(b []byte) (int, error) { return syscall.Write(f.fd, b) } // opt-in: keepalive

func (f *F) Close() {
	syscall.Close(f.fd)
	runtime.KeepAlive(f)
}

type G struct {
	fd      int
	cleanup runtime.Cleanup
}

func newG(fd int) *G {
	g := &G{fd: fd}
	g.cleanup = runtime.AddCleanup(g, func(fd int) { syscall.Close(fd) }, fd) // bad: stopmissing
	return g
}

func (g *G) Close() {
	syscall.Close(g.fd)
	runtime.KeepAlive(g)
}

func w12(p *T, c chan int, wg *sync.WaitGroup) {
	runtime.AddCleanup(p, func(c chan int) { c <- 1 }, c)             // bad: blockingcleanup
	runtime.AddCleanup(p, func(c chan int) { <-c }, c)                // bad: blockingcleanup
	runtime.AddCleanup(p, func(wg *sync.WaitGroup) { wg.Wait() }, wg) // bad: blockingcleanup
	runtime.AddCleanup(p, func(d time.Duration) { time.Sleep(d) }, 1) // bad: blockingcleanup
}

func w13(p *T, t testing.TB) {
	runtime.AddCleanup(p, func(name string) { t.Fatal(name) }, "") // bad: fatalcleanup
	runtime.SetFinalizer(p, func(*T) { runtime.Goexit() })         // bad: fatalcleanup
}

type listeners struct{ all []weak.Pointer[func()] }

func (l *listeners) Add(listener func()) { l.all = append(l.all, weak.Make(&listener)) } // bad: weaksubscribe

func (r *R) OnX() {}

func w14(b *bus.Bus, obj *R) {
	b.SubscribeWeakly("topic", obj.OnX) // bad: weaksubscribe
	b.Subscribe("topic", obj.OnX)       // bad: weaksubscribe
}

var table T

func w15(r *R) map[string]int {
	runtime.SetFinalizer(&table, func(*T) {})                  // bad: finalizertarget
	runtime.SetFinalizer(&r.cl, func(*struct{ a, b *int }) {}) // bad: finalizertarget
	m := map[string]int{}
	h := &hint{m}
	runtime.SetFinalizer(h, func(h *hint) { println(len(h.m)) }) // bad: finalizertarget
	return m
}

type hint struct{ m map[string]int }

var objects sync.Pool

func w15pool() *T {
	t := objects.Get().(*T)
	runtime.SetFinalizer(t, func(*T) {}) // bad: finalizertarget
	return t
}

var byAddress = map[uintptr]string{}

func w16(p *T) {
	key := uintptr(unsafe.Pointer(p))
	byAddress[key] = "" // bad: uintptrkey
	runtime.AddCleanup(p, func(key uintptr) { delete(byAddress, key) }, key)
}

type Mapped struct{ Data []byte }

func w17(data []byte) *Mapped {
	m := &Mapped{Data: data}
	runtime.AddCleanup(m, func(b []byte) { syscall.Munmap(b) }, data) // opt-in: escapingmemory
	return m
}

func w18(m *sync.Map, k string, v *V) *V {
	w := weak.Make(v)
	for {
		old, loaded := m.LoadOrStore(k, w)
		if !loaded {
			runtime.AddCleanup(v, func(k string) { m.Delete(k) }, strings.Clone(k))
			return v
		}
		if p := old.(weak.Pointer[V]).Value(); p != nil {
			return p
		}
		if m.CompareAndSwap(k, old, w) { // opt-in: prunedentry
			return v
		}
	}
}
