package weakref_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

// calls is a list that finalizers add to.
type calls struct {
	mu   sync.Mutex
	list []string
}

func (c *calls) add(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, s)
}

func (c *calls) get() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

func (c *calls) want(t *testing.T, want ...string) {
	t.Helper()
	if got := c.get(); !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
}

var background = context.Background()

func TestFinalizeAtDeath(t *testing.T) {
	var c calls
	f := func() *weakref.Finalizer {
		p := newObject(1)
		f := weakref.Finalize(p, c.add, "dead")
		weaktest.Collect(t)
		if !f.Pending() {
			t.Error("not pending although the object lives")
		}
		runtime.KeepAlive(p)
		return f
	}()
	weaktest.Eventually(t, "the call is made", func() bool { return len(c.get()) > 0 })
	if f.Pending() || f.Run() || f.Stop() {
		t.Error("still pending after the call")
	}
	weaktest.Collect(t)
	c.want(t, "dead")
}

func TestFinalizeOnDemand(t *testing.T) {
	var c calls
	p := newObject(1)
	f := weakref.Finalize(p, c.add, "run")
	if !f.Run() || f.Run() || f.Pending() || f.Stop() {
		t.Error("Run is wrong")
	}
	g := weakref.Finalize(p, c.add, "detached")
	if !g.Stop() || g.Stop() || g.Run() || g.Pending() {
		t.Error("Stop is wrong")
	}
	r := weakref.Make(p)
	p = nil
	weaktest.MustCollect(t, r)
	weaktest.Collect(t)
	c.want(t, "run")
}

func TestFinalizeOrder(t *testing.T) {
	for range 20 {
		var c calls
		func() {
			p := newObject(1)
			for i := range 10 {
				weakref.Finalize(p, c.add, fmt.Sprint(i))
			}
		}()
		weaktest.Eventually(t, "all calls are made", func() bool { return len(c.get()) == 10 })
		c.want(t, "9", "8", "7", "6", "5", "4", "3", "2", "1", "0")
	}
}

func TestFinalizeReleases(t *testing.T) {
	p := newObject(1)
	argument := func(end func(*weakref.Finalizer)) weakref.Ref[object] {
		arg := newObject(2)
		f := weakref.Finalize(p, func(*object) {}, arg)
		end(f)
		runtime.KeepAlive(f)
		return weakref.Make(arg)
	}
	weaktest.MustCollect(t, argument(func(f *weakref.Finalizer) { f.Run() }))
	weaktest.MustCollect(t, argument(func(f *weakref.Finalizer) { f.Stop() }))
	runtime.KeepAlive(p)

	var f *weakref.Finalizer
	captured := func() weakref.Ref[object] {
		arg := newObject(3)
		f = weakref.Finalize(newObject(4), func(int) { arg.id++ }, 1)
		return weakref.Make(arg)
	}()
	weaktest.MustCollect(t, captured)
	runtime.KeepAlive(f)
}

func (o *object) finish(int) {}

func TestFinalizeRefusesWhatKeepsTheObject(t *testing.T) {
	type holder struct {
		n int
		p any
	}
	p := newObject(1)
	for name, f := range map[string]func(){
		"argument: itself":       func() { weakref.Finalize(p, func(*object) {}, p) },
		"argument: a part":       func() { weakref.Finalize(p, func(**object) {}, &p.next) },
		"argument: an interface": func() { weakref.Finalize(p, func(any) {}, any(p)) },
		"argument: a struct":     func() { weakref.Finalize(p, func(holder) {}, holder{1, p}) },
		"argument: an array":     func() { weakref.Finalize(p, func([2]*object) {}, [2]*object{nil, p}) },
		"function: a method":     func() { weakref.Finalize(p, p.finish, 1) },
		"function: a closure":    func() { weakref.Finalize(p, func(int) { p.id++ }, 1) },
		"argument: fallible":     func() { weakref.Finalize(p, func(*object) error { return nil }, p) },
	} {
		func() {
			defer func() {
				if s, _ := recover().(string); !contains(s, "Finalize", "keeps the object alive", strings.Fields(name)[0][:8]) {
					t.Errorf("%s: %q", name, s)
				}
			}()
			f()
		}()
	}
	mustRefuse(t, weakref.NilPointer, func() { weakref.Finalize[object](nil, func(int) {}, 1) })
	mustRefuse(t, weakref.Tiny, func() { weakref.Finalize(new(int), func(int) {}, 1) })
	func() {
		defer func() {
			if s, _ := recover().(string); !contains(s, "function") {
				t.Errorf("a nil function: %q", s)
			}
		}()
		weakref.Finalize[object, int, func(int)](p, nil, 1)
	}()
	// None of this may be refused.
	q := newObject(2)
	weakref.Finalize(p, func(*object) {}, q).Stop()
	weakref.Finalize(p, func(*object) {}, (*object)(nil)).Stop()
	weakref.Finalize(p, (*object).finishWith, q).Stop()
	weakref.Finalize(p, func(int) { q.id++ }, 1).Stop()
	weakref.Finalize(p, func(weakref.Ref[object]) {}, weakref.Make(p)).Stop()
}

func (o *object) finishWith() {}

// TestFinalizersDoNotDisturbEachOther: one panics, one blocks, one ends its
// goroutine, one collects.
func TestFinalizersDoNotDisturbEachOther(t *testing.T) {
	var c calls
	release := make(chan struct{})
	for _, f := range []func(string){
		func(string) { panic("boom") },
		func(string) { <-release },
		func(string) { runtime.Goexit() },
		func(string) { runtime.GC() },
		c.add,
	} {
		func() { weakref.Finalize(newObject(1), f, "fine") }()
	}
	weaktest.Eventually(t, "the last call is made", func() bool { return len(c.get()) == 1 })
	close(release)
}

// shutdown runs Shutdown when nothing of other tests is pending.
func shutdown(t *testing.T) {
	t.Helper()
	if err := weakref.Shutdown(background); err != nil {
		t.Fatal(err)
	}
}

func TestShutdown(t *testing.T) {
	shutdown(t)
	var c calls
	p := newObject(1)
	boom := errors.New("boom")
	weakref.Finalize(p, c.add, "first")
	weakref.Finalize(newObject(2), func(s string) error { c.add(s); return boom }, "second fails")
	weakref.Finalize(p, func(s string) { c.add(s); panic("bang") }, "third panics")
	weakref.Finalize(p, func(s string) {
		c.add(s)
		weakref.Finalize(p, c.add, "registered meanwhile")
	}, "fourth registers")
	skipped := weakref.Finalize(p, c.add, "skipped")
	skipped.SetAtShutdown(false)
	detached := weakref.Finalize(p, c.add, "detached")
	detached.Stop()
	weakref.Finalize(p, func(s string) { c.add(s); runtime.Goexit() }, "last ends its goroutine")

	err := weakref.Shutdown(background)
	var panicked *weakref.PanicError
	if !errors.Is(err, boom) || !errors.As(err, &panicked) || panicked.Value != "bang" || !contains(err.Error(), "Goexit", "object") {
		t.Errorf("err = %v", err)
	}
	c.want(t, "last ends its goroutine", "fourth registers", "registered meanwhile", "third panics", "second fails", "first")
	if err := weakref.Shutdown(background); err != nil {
		t.Errorf("a second Shutdown: %v", err)
	}
	if !skipped.Pending() {
		t.Error("what was to be skipped is not pending")
	}
	skipped.Run()
	runtime.KeepAlive(p)
}

func TestShutdownContextEnds(t *testing.T) {
	shutdown(t)
	p := newObject(1)
	release := make(chan struct{})
	var c calls
	weakref.Finalize(p, c.add, "left")
	weakref.Finalize(p, func(s string) { <-release; c.add(s) }, "blocks")
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	err := weakref.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !contains(err.Error(), "finalizers: 1 have not begun, 1 are running") {
		t.Errorf("err = %v", err)
	}
	close(release)
	shutdown(t) // waits for the one under way
	if got := c.get(); len(got) != 2 {
		t.Errorf("calls %q", got)
	}
	if err := weakref.Shutdown(ctx); err != nil {
		t.Errorf("nothing is left, and yet: %v", err)
	}
	runtime.KeepAlive(p)
}

func TestShutdownFromAFinalizer(t *testing.T) {
	shutdown(t)
	p := newObject(1)
	var inner error
	weakref.Finalize(p, func(int) { inner = weakref.Shutdown(background) }, 1)
	shutdown(t)
	if inner == nil || !contains(inner.Error(), "finalizer") {
		t.Errorf("%v", inner)
	}
	weakref.Finalize(p, func(int) { inner = weakref.Shutdown(background) }, 1).Run()
	if inner == nil {
		t.Error("not noticed in Run")
	}
}

func TestFinalizersConcurrent(t *testing.T) {
	shutdown(t)
	const goroutines, each = 4, 500
	var ran, taken atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i := range each {
				f := weakref.Finalize(newObject(i), func(n *atomic.Int64) { n.Add(1) }, &ran)
				switch i % 4 {
				case 0:
					if f.Stop() {
						taken.Add(1)
					}
				case 1:
					f.Run()
				case 2:
					if i%50 == 2 {
						weakref.Shutdown(background)
					}
				}
			}
		})
	}
	wg.Wait()
	shutdown(t)
	weaktest.Eventually(t, "each call has been made or taken back", func() bool {
		return ran.Load()+taken.Load() == goroutines*each
	})
	weaktest.Collect(t)
	if n := ran.Load() + taken.Load(); n != goroutines*each {
		t.Errorf("%d calls for %d finalizers", n, goroutines*each)
	}
}

// TestErrorAfterShutdownGaveUp: the error of a finalizer that was under way when
// Shutdown's context ended was lost.
func TestErrorAfterShutdownGaveUp(t *testing.T) {
	shutdown(t)
	p := newObject(1)
	log := logged(t, func() {
		begun, release := make(chan bool), make(chan bool)
		weakref.Finalize(p, func(int) error {
			close(begun)
			<-release
			return errors.New("came late")
		}, 1)
		ctx, cancel := context.WithCancel(background)
		go func() { <-begun; cancel() }()
		if err := weakref.Shutdown(ctx); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "came late") {
			t.Errorf("err = %v", err)
		}
		close(release)
		shutdown(t)
	})
	if !contains(log, "came late", "object") {
		t.Errorf("logged %q", log)
	}
	runtime.KeepAlive(p)
}

// logged returns what is logged while f runs.
func logged(t *testing.T, f func()) string {
	t.Helper()
	var buf bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&buf, nil))) // a handler has a lock
	defer slog.SetDefault(old)
	f()
	return buf.String()
}

// TestShutdownDrainsCallbacks: Shutdown returned while OnCollect of maps was pending.
func TestShutdownDrainsCallbacks(t *testing.T) {
	shutdown(t)
	var called atomic.Int64
	m := weakref.ValueMap[int, object]{OnCollect: func(int) {
		runtime.Gosched()
		called.Add(1)
	}}
	const n = 100
	func() {
		for i := range n {
			m.Store(i, newObject(i))
		}
	}()
	weaktest.Eventually(t, "all are gone", func() bool { return m.Len() == 0 })
	shutdown(t)
	if got := called.Load(); got != n || m.Stats().Pending != 0 {
		t.Errorf("%d of %d callbacks have been called, %d are pending", got, n, m.Stats().Pending)
	}
}

func TestShutdownSaysWhichCallbacksAreLeft(t *testing.T) {
	shutdown(t)
	begun, release := make(chan bool), make(chan bool)
	m := weakref.ValueMap[int, object]{Name: "sessions", OnCollect: func(int) {
		close(begun)
		<-release
	}}
	func() { m.Store(1, newObject(1)) }()
	weaktest.Eventually(t, "it is gone", func() bool { return m.Len() == 0 })
	<-begun
	ctx, cancel := context.WithCancel(background)
	cancel()
	if err := weakref.Shutdown(ctx); !errors.Is(err, context.Canceled) || !contains(err.Error(), "sessions.OnCollect: 0 have not begun, 1 are running") {
		t.Errorf("err = %v", err)
	}
	close(release)
	shutdown(t)
}

// TestShutdownFromACallback: what is no finalizer may not wait for itself either.
func TestShutdownFromACallback(t *testing.T) {
	shutdown(t)
	got := make(chan error, 1)
	m := weakref.ValueMap[int, object]{OnCollect: func(int) { got <- weakref.Shutdown(background) }}
	func() { m.Store(1, newObject(1)) }()
	weaktest.Eventually(t, "it is gone", func() bool { return m.Len() == 0 })
	if err := <-got; !errors.Is(err, weakref.ErrDeadlock) {
		t.Errorf("err = %v", err)
	}
}

// TestShutdownInACreatorOfAFinalizer: Shutdown calls a finalizer that asks for the value that
// is being created by who calls Shutdown. One of the two must be told.
func TestShutdownInACreatorOfAFinalizer(t *testing.T) {
	shutdown(t)
	var m weakref.ValueMap[string, object]
	p, v := newObject(1), newObject(2)
	var inner error
	weakref.Finalize(p, func(int) {
		_, inner = m.LoadOrCreate("a", func() (*object, error) { return newObject(3), nil })
	}, 1)
	got, err := m.LoadOrCreate("a", func() (*object, error) { return v, weakref.Shutdown(background) })
	if got != v || err != nil || !errors.Is(inner, weakref.ErrDeadlock) {
		t.Errorf("LoadOrCreate = %v, %v; in the finalizer %v", got, err, inner)
	}
	runtime.KeepAlive(p)
}

// TestAtShutdownAgain: what was exempt and is not any more is called where it belongs.
func TestAtShutdownAgain(t *testing.T) {
	shutdown(t)
	p := newObject(1)
	for _, which := range [][]int{{0}, {4}, {2}, {0, 4}, {4, 3, 2, 1, 0}, {0, 1, 2, 3, 4}} {
		var c calls
		var fs []*weakref.Finalizer
		for i := range 5 {
			fs = append(fs, weakref.Finalize(p, c.add, fmt.Sprint(i)))
		}
		for _, i := range which {
			fs[i].SetAtShutdown(false)
			fs[i].SetAtShutdown(false)
		}
		for _, i := range which {
			fs[i].SetAtShutdown(true)
		}
		shutdown(t)
		c.want(t, "4", "3", "2", "1", "0")
		fs[0].SetAtShutdown(false) // it has run; nothing happens
	}
	runtime.KeepAlive(p)
}

// TestStoppingInAnyOrder takes out of the lists of an object's finalizers, from both ends
// and the middle, also after its death.
func TestStoppingInAnyOrder(t *testing.T) {
	shutdown(t)
	for _, stop := range [][]int{{0}, {4}, {2}, {0, 4}, {4, 3}, {1, 0}, {0, 1, 2, 3, 4}} {
		var c calls
		var want []string
		func() {
			p := newObject(1)
			var fs []*weakref.Finalizer
			for i := range 5 {
				fs = append(fs, weakref.Finalize(p, c.add, fmt.Sprint(i)))
			}
			for _, i := range stop {
				fs[i].Stop()
			}
			for i := 4; i >= 0; i-- {
				if !slices.Contains(stop, i) {
					want = append(want, fmt.Sprint(i))
				}
			}
			runtime.KeepAlive(p)
		}()
		weaktest.Eventually(t, "the rest are called", func() bool { return len(c.get()) == len(want) })
		c.want(t, want...)
	}
}

// TestShutdownInABubble: one waits in a bubble for a finalizer that runs outside, and
// for one that sleeps within.
func TestShutdownInABubble(t *testing.T) {
	shutdown(t)
	begun, release := make(chan bool), make(chan bool)
	func() { weakref.Finalize(newObject(1), func(int) { close(begun); <-release }, 1) }()
	weaktest.Eventually(t, "it has begun", func() bool {
		select {
		case <-begun:
			return true
		default:
			return false
		}
	})
	synctest.Test(t, func(t *testing.T) {
		p := newObject(2)
		slept := false
		weakref.Finalize(p, func(int) { time.Sleep(time.Hour); slept = true }, 1)
		close(release)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		if err := weakref.Shutdown(ctx); err != nil || !slept {
			t.Errorf("err = %v, slept: %v", err, slept)
		}
		weakref.Finalize(p, func(int) { time.Sleep(3 * time.Hour) }, 1)
		if err := weakref.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
		time.Sleep(3 * time.Hour)
		runtime.KeepAlive(p)
	})
}

// BenchmarkFinalizersOfOneObject measures each operation on one of n finalizers of an object.
func BenchmarkFinalizersOfOneObject(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		register := func(p *object) []*weakref.Finalizer {
			fs := make([]*weakref.Finalizer, n)
			for i := range fs {
				fs[i] = weakref.Finalize(p, func(int) {}, i)
			}
			return fs
		}
		perOne := func(b *testing.B, rounds int) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rounds*n), "ns/finalizer")
		}
		b.Run(fmt.Sprintf("op=Stop/n=%d", n), func(b *testing.B) {
			p := newObject(1)
			rounds := 0
			for b.Loop() {
				rounds++
				for _, f := range register(p) {
					f.Stop()
				}
			}
			perOne(b, rounds)
			runtime.KeepAlive(p)
		})
		b.Run(fmt.Sprintf("op=Shutdown/n=%d", n), func(b *testing.B) {
			p := newObject(1)
			rounds := 0
			for b.Loop() {
				rounds++
				register(p)
				weakref.Shutdown(background)
			}
			perOne(b, rounds)
			runtime.KeepAlive(p)
		})
	}
}
