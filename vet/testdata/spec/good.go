package spec

import (
	"net"
	"runtime"
	"spec/bus"
	"sync"
	"syscall"
	"unique"
	"weak"
)

func good1(r *R) {
	runtime.AddCleanup(r, release, r.fd)
	runtime.AddCleanup(r, (*impl).close, r.impl)
	runtime.SetFinalizer(r, (*R).finalize)
}

func good2(k K, v *V, x V) *V {
	m[k] = weak.Make(v)
	n := new(V)
	*n = x
	m[k] = weak.Make(n)
	return n
}

type device struct{ handle, other uint64 }

func good2device() *device {
	var d device
	runtime.AddCleanup(&d, func(uint64) {}, d.handle)
	return &d
}

func good3(k K) *T {
	t := &T{}
	ts[k] = weak.Make(t)
	return t
}

func good3kept(k K) {
	t := &T{}
	w := weak.Make(t)
	_ = w.Value() == t
	runtime.KeepAlive(t)
}

func good4(w weak.Pointer[T], m map[K]weak.Pointer[T], k K) {
	if p := w.Value(); p != nil {
		p.f()
	}
	if w.Value() == nil {
		delete(m, k)
	}
}

type label struct{ name unique.Handle[string] }

func good5(s string) label { return label{unique.Make(s)} }

type (
	weakMeta struct{ owner weak.Pointer[Key] }
	idMeta   struct{ owner string }
)

var (
	meta1 map[weak.Pointer[Key]]*weakMeta
	meta2 map[weak.Pointer[Key]]*idMeta
)

type server struct{ quit chan struct{} }

func (s *server) run() {
	for {
		<-s.quit
	}
}

type Server struct{ *server }

func good7() *Server {
	in := &server{make(chan struct{})}
	s := &Server{in}
	runtime.AddCleanup(s, stop, in.quit)
	go in.run()
	return s
}

func good8(p *T) {
	runtime.AddCleanup(p, func(*T) {}, nil)
}

func good9(b []byte, big *[64]int32) {
	_ = weak.Make(&b[0])
	_ = weak.Make(&big[3])
}

type file struct {
	fd      int
	mu      sync.Mutex
	cleanup runtime.Cleanup
}

func newFile(fd int) *file {
	f := &file{fd: fd}
	f.cleanup = runtime.AddCleanup(f, func(fd int) { syscall.Close(fd) }, fd)
	return f
}

func (f *file) Write(b []byte) (int, error) {
	n, err := syscall.Write(f.fd, b)
	runtime.KeepAlive(f)
	return n, err
}

func (f *file) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cleanup.Stop()
	syscall.Close(f.fd)
}

type workers struct{ wg sync.WaitGroup }

func (w *workers) close() { w.wg.Wait() }

func good12(p *T, w *workers, c chan int, conn net.Conn) {
	runtime.AddCleanup(p, func(w *workers) { go w.close() }, w)
	runtime.AddCleanup(p, func(c chan int) {
		select {
		case c <- 1:
		default:
		}
	}, c)
	runtime.AddCleanup(p, func(c net.Conn) { c.Close() }, conn)
}

// Tying one life to another: not to be reported.
func goodTie(d *device, owner *T) {
	runtime.AddCleanup(owner, func(struct{}) { runtime.KeepAlive(d) }, struct{}{})
}

func good14(b *bus.Bus, obj *R) func() {
	return b.Subscribe("topic", obj.OnX)
}

func good15(r *R) {
	runtime.AddCleanup(&r.cl, release, r.fd)
}

var byWeak = map[weak.Pointer[T]]string{}

func good16(p *T) {
	key := weak.Make(p)
	byWeak[key] = ""
	runtime.AddCleanup(p, func(key weak.Pointer[T]) { delete(byWeak, key) }, key)
}

type mapped struct{ data []byte }

func good17(data []byte) *mapped {
	m := &mapped{data}
	runtime.AddCleanup(m, func(b []byte) { syscall.Munmap(b) }, data)
	return m
}

func good18(m *sync.Map, k string, v *V) *V {
	w := weak.Make(v)
	runtime.AddCleanup(v, func(k string) { m.Delete(k) }, k)
	for {
		old, loaded := m.LoadOrStore(k, w)
		if !loaded || m.CompareAndSwap(k, old, w) {
			return v
		}
	}
}
