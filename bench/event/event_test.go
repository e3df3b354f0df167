package event

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/weakref-go/weakref/bench/internal/cputime"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/internal/gcclock"
)

// listener is a listener of some size.
type listener struct {
	n int
	_ *listener
	_ [6]int
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

type entry[L any] struct {
	owner weak.Pointer[L]
	f     func(*L, *message)
}

// mutexedList is a list of weak pointers under a mutex, with a cleanup each: the bus that
// one would write.
type mutexedList[L any] struct {
	mu  sync.Mutex
	all []entry[L]
}

func (b *mutexedList[L]) subscribe(l *L, f func(*L, *message)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, entry[L]{weak.Make(l), f})
	runtime.AddCleanup(l, (*mutexedList[L]).remove, b)
}

func (b *mutexedList[L]) remove() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, e := range b.all {
		if e.owner.Value() == nil {
			b.all = append(b.all[:i], b.all[i+1:]...)
			return
		}
	}
}

func (b *mutexedList[L]) publish(m *message) (reached int) {
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

// BenchmarkPublish publishes to live listeners.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		all := listeners(n)
		m := &message{1}
		run := func(impl string, publish func() int) {
			b.Run(fmt.Sprintf("impl=%s/n=%d", impl, n), func(b *testing.B) {
				b.ReportAllocs()
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				before := cputime.Thread()
				for range b.N {
					if publish() != n {
						b.Fatal("not all were reached")
					}
				}
				b.ReportMetric(float64(cputime.Thread()-before)/float64(b.N)/float64(n), "cpu-ns/listener")
			})
		}
		var funcs []func(*message)
		var weaks []weak.Pointer[listener]
		var bus event.Bus[*message]
		var list mutexedList[listener]
		for _, l := range all {
			list.subscribe(l, handler)
			funcs = append(funcs, l.on)
			weaks = append(weaks, weak.Make(l))
			event.Subscribe(&bus, l, handler)
		}
		run("strong", func() int { return strong(funcs, m) })
		run("floor", func() int { return floor(weaks, handler, m) })
		run("mutex-cleanup", func() int { return list.publish(m) })
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
	var list mutexedList[quiet]
	for _, q := range all {
		list.subscribe(q, quietHandler)
	}
	b.Run("impl=mutex-cleanup/n=100", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				list.publish(m)
			}
		})
	})
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

// BenchmarkPublishers has many goroutines inside of handlers at once, and one publish many
// levels deep. The time for each must not grow with their number.
func BenchmarkPublishers(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 40_000} {
		b.Run(fmt.Sprintf("op=at-once/n=%d", n), func(b *testing.B) {
			for range b.N {
				var bus event.Bus[*message]
				q, gate := new(quiet), make(chan bool)
				event.Subscribe(&bus, q, func(*quiet, *message) { <-gate })
				var all sync.WaitGroup
				for range n {
					all.Go(func() { bus.Publish(nil) })
				}
				close(gate)
				all.Wait()
				runtime.KeepAlive(q)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/publish")
		})
		b.Run(fmt.Sprintf("op=nested/n=%d", n), func(b *testing.B) {
			for range b.N {
				var bus event.Bus[*message]
				q := new(quiet)
				event.Subscribe(&bus, q, func(_ *quiet, m *message) {
					if m.n--; m.n > 0 {
						bus.Publish(m)
					}
				})
				bus.Publish(&message{n})
				runtime.KeepAlive(q)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/publish")
		})
	}
}

// BenchmarkSubscribers does to n listeners what must not take longer for each the more
// there are: subscribing out of order, closing one by one and all at once.
func BenchmarkSubscribers(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		all := make([]*quiet, n) // one by one: the runtime walks over the weak pointers of a span
		for i := range all {
			all[i] = new(quiet)
		}
		measure := func(op string, do func(bus *event.Bus[*message], subs []*event.Subscription)) {
			b.Run(fmt.Sprintf("op=%s/n=%d", op, n), func(b *testing.B) {
				for range b.N {
					b.StopTimer()
					var bus event.Bus[*message]
					subs := make([]*event.Subscription, n)
					for i := range all {
						subs[i] = event.Subscribe(&bus, all[i], (*quiet).on)
					}
					b.StartTimer()
					do(&bus, subs)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/listener")
			})
		}
		measure("priorities", func(bus *event.Bus[*message], _ []*event.Subscription) {
			for i := range all {
				event.SubscribeWith(bus, all[i], (*quiet).other, event.Options{Priority: i * 7919 % n})
			}
			bus.Publish(nil)
		})
		measure("close", func(_ *event.Bus[*message], subs []*event.Subscription) {
			for _, s := range subs {
				s.Close()
			}
		})
		measure("close-wait", func(_ *event.Bus[*message], subs []*event.Subscription) {
			for _, s := range subs {
				s.CloseWait(context.Background())
			}
		})
		measure("clear", func(bus *event.Bus[*message], _ []*event.Subscription) { bus.Clear() })
	}
}

// quiet is a listener that writes nothing, so that goroutines do not contend for it.
type quiet struct{ _ [8]uintptr }

func (*quiet) on(*message) {}

func (*quiet) other(*message) {}

var quietHandler = (*quiet).on

// BenchmarkSubscribe subscribes 100,000 listeners.
func BenchmarkSubscribe(b *testing.B) {
	const n = 100_000
	run := func(impl string, subscribe func() func(*listener)) {
		b.Run(fmt.Sprintf("impl=%s/n=%d", impl, n), func(b *testing.B) {
			b.ReportAllocs()
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var used time.Duration
			for range b.N {
				b.StopTimer()
				all := listeners(n)
				one := subscribe()
				runtime.GC()
				b.StartTimer()
				before := cputime.Thread()
				for _, l := range all {
					one(l)
				}
				used += cputime.Thread() - before
				b.StopTimer()
				runtime.KeepAlive(all)
			}
			b.ReportMetric(float64(used)/float64(b.N)/n, "cpu-ns/listener")
		})
	}
	run("bus", func() func(*listener) {
		bus := new(event.Bus[*message])
		return func(l *listener) { event.Subscribe(bus, l, handler) }
	})
	run("mutex-cleanup", func() func(*listener) {
		bus := new(mutexedList[listener])
		return func(l *listener) { bus.subscribe(l, handler) }
	})
	run("weak.Make", func() func(*listener) {
		all := make([]weak.Pointer[listener], 0, n)
		return func(l *listener) { all = append(all, weak.Make(l)) }
	})
}

// BenchmarkPublishDuringSweep publishes to one live listener among 100,000 that have just
// died, over and over while the bus is searched and cleared of them, and reports the
// longest publish beside the longest before the deaths, and how long the sweep took.
func BenchmarkPublishDuringSweep(b *testing.B) {
	const n = 100_000
	var before, during, sweep time.Duration
	for range b.N {
		b.StopTimer()
		bus := new(event.Bus[*message])
		kept := new(listener)
		event.Subscribe(bus, kept, handler)
		resume := gcclock.Pause() // so that the sweep is ours
		all := listeners(n)
		for _, l := range all {
			event.Subscribe(bus, l, handler)
		}
		m := &message{1}
		worst := func(until func() bool) (worst time.Duration) {
			for !until() {
				start := time.Now()
				bus.Publish(m)
				worst = max(worst, time.Since(start))
			}
			return worst
		}
		rounds := 0
		before += worst(func() bool { rounds++; return rounds > 20 })
		clear(all)
		runtime.GC()
		b.StartTimer()
		done := make(chan time.Duration)
		go func() {
			start := time.Now()
			if got := bus.Sweep(); got < n-1 {
				b.Errorf("%d were swept", got)
			}
			done <- time.Since(start)
		}()
		during += worst(func() bool {
			select {
			case took := <-done:
				sweep += took
				return true
			default:
				return false
			}
		})
		b.StopTimer()
		resume()
		runtime.KeepAlive(kept)
	}
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(b.N) }
	b.ReportMetric(ms(before), "ms-alive/worst-publish")
	b.ReportMetric(ms(during), "ms-sweep/worst-publish")
	b.ReportMetric(ms(sweep), "ms/sweep")
	b.ReportMetric(0, "ns/op")
}
