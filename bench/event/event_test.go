package event

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"weak"

	"github.com/weakref-go/weakref/event"
)

// listener is a listener of some size.
type listener struct {
	n    int
	next *listener
	_    [6]int
}

type message struct{ n int }

func (l *listener) on(m *message) { l.n += m.n }

// handler is a variable, so that no loop is compiled for this handler in particular.
var handler = (*listener).on

func listeners(n int) []*listener {
	all := make([]*listener, n)
	for i := range all {
		all[i] = new(listener)
	}
	return all
}

// floor is the bare loop: what any weak bus must do.
//
//go:noinline
func floor(all []weak.Pointer[listener], f func(*listener, *message), m *message) (reached int) {
	for _, w := range all {
		if l := w.Value(); l != nil {
			f(l, m)
			reached++
		}
	}
	return reached
}

// strong is the bare loop over strong functions.
//
//go:noinline
func strong(all []func(*message), m *message) (reached int) {
	for _, f := range all {
		f(m)
		reached++
	}
	return reached
}

type entry struct {
	owner weak.Pointer[listener]
	f     func(*listener, *message)
}

// mutexedList is a list of weak pointers under a mutex, with a cleanup each: the bus that
// one would write.
type mutexedList struct {
	mu  sync.Mutex
	all []entry
}

func (b *mutexedList) subscribe(l *listener, f func(*listener, *message)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, entry{weak.Make(l), f})
	runtime.AddCleanup(l, (*mutexedList).remove, b)
}

func (b *mutexedList) remove() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, e := range b.all {
		if e.owner.Value() == nil {
			b.all = append(b.all[:i], b.all[i+1:]...)
			return
		}
	}
}

func (b *mutexedList) publish(m *message) (reached int) {
	b.mu.Lock()
	all := b.all[:len(b.all):len(b.all)]
	b.mu.Unlock()
	for _, e := range all {
		if l := e.owner.Value(); l != nil {
			e.f(l, m)
			reached++
		}
	}
	return reached
}

func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		all := listeners(n)
		m := &message{1}
		run := func(impl string, publish func() int) {
			b.Run(fmt.Sprintf("impl=%s/n=%d", impl, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if publish() != n {
						b.Fatal("not all were reached")
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/listener")
			})
		}
		var funcs []func(*message)
		var weaks []weak.Pointer[listener]
		var bus event.Bus[*message]
		for _, l := range all {
			funcs = append(funcs, l.on)
			weaks = append(weaks, weak.Make(l))
			event.Subscribe(&bus, l, handler)
		}
		run("strong", func() int { return strong(funcs, m) })
		run("floor", func() int { return floor(weaks, handler, m) })
		run("bus", func() int { return bus.Publish(m) })
		runtime.KeepAlive(all)
	}
}

// BenchmarkPublishParallel has two goroutines publish to the same listeners.
func BenchmarkPublishParallel(b *testing.B) {
	const n = 100
	all := make([]*quiet, n)
	var weaks []weak.Pointer[quiet]
	var bus event.Bus[*message]
	for i := range all {
		all[i] = new(quiet)
		weaks = append(weaks, weak.Make(all[i]))
		event.Subscribe(&bus, all[i], (*quiet).on)
	}
	m := &message{1}
	b.Run("impl=floor/n=100", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				for _, w := range weaks {
					if l := w.Value(); l != nil {
						quietHandler(l, m)
					}
				}
			}
		})
	})
	b.Run("impl=bus/n=100", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				bus.Publish(m)
			}
		})
	})
	runtime.KeepAlive(all)
}

// quiet is a listener that writes nothing, so that goroutines do not contend for it.
type quiet struct{ _ [8]uintptr }

func (*quiet) on(*message) {}

var quietHandler = (*quiet).on

// BenchmarkSubscribe subscribes 100,000 listeners.
func BenchmarkSubscribe(b *testing.B) {
	const n = 100_000
	run := func(impl string, subscribe func() func(*listener)) {
		b.Run(fmt.Sprintf("impl=%s/n=%d", impl, n), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				b.StopTimer()
				all := listeners(n)
				one := subscribe()
				runtime.GC()
				b.StartTimer()
				for _, l := range all {
					one(l)
				}
				b.StopTimer()
				runtime.KeepAlive(all)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/listener")
		})
	}
	run("bus", func() func(*listener) {
		bus := new(event.Bus[*message])
		return func(l *listener) { event.Subscribe(bus, l, handler) }
	})
	run("mutex-cleanup", func() func(*listener) {
		bus := new(mutexedList)
		return func(l *listener) { bus.subscribe(l, handler) }
	})
	run("weak.Make", func() func(*listener) {
		all := make([]weak.Pointer[listener], 0, n)
		return func(l *listener) { all = append(all, weak.Make(l)) }
	})
}
