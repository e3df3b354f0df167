package weakref_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
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
	if f.Pending() || f.Run() || f.Detach() {
		t.Error("still pending after the call")
	}
	weaktest.Collect(t)
	c.want(t, "dead")
}

func TestFinalizeOnDemand(t *testing.T) {
	var c calls
	p := newObject(1)
	f := weakref.Finalize(p, c.add, "run")
	if !f.Run() || f.Run() || f.Pending() || f.Detach() {
		t.Error("Run is wrong")
	}
	g := weakref.Finalize(p, c.add, "detached")
	if !g.Detach() || g.Detach() || g.Run() || g.Pending() {
		t.Error("Detach is wrong")
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
	weaktest.MustCollect(t, argument(func(f *weakref.Finalizer) { f.Detach() }))
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
		"argument: fallible":     func() { weakref.FinalizeErr(p, func(*object) error { return nil }, p) },
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
		weakref.Finalize[object, int](p, nil, 1)
	}()
	// None of this may be refused.
	q := newObject(2)
	weakref.Finalize(p, func(*object) {}, q).Detach()
	weakref.Finalize(p, func(*object) {}, nil).Detach()
	weakref.Finalize(p, (*object).finishWith, q).Detach()
	weakref.Finalize(p, func(int) { q.id++ }, 1).Detach()
	weakref.Finalize(p, func(weakref.Ref[object]) {}, weakref.Make(p)).Detach()
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
	weakref.FinalizeErr(newObject(2), func(s string) error { c.add(s); return boom }, "second fails")
	weakref.Finalize(p, func(s string) { c.add(s); panic("bang") }, "third panics")
	weakref.Finalize(p, func(s string) {
		c.add(s)
		weakref.Finalize(p, c.add, "registered meanwhile")
	}, "fourth registers")
	skipped := weakref.Finalize(p, c.add, "skipped")
	skipped.SetAtShutdown(false)
	detached := weakref.Finalize(p, c.add, "detached")
	detached.Detach()
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
	if !errors.Is(err, context.DeadlineExceeded) || !contains(err.Error(), "1 finalizers have not run, 1 are running") {
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
					if f.Detach() {
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
