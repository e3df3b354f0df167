package conformance_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

// FinalizeTestCase of CPython's test_weakref.

func TestCPython_Finalize_finalize(t *testing.T) {
	var c calls
	p := newObject(1)
	run := weakref.Finalize(p, c.add, "run")
	if !run.Pending() {
		t.Error("not pending from the start")
	}
	if !run.Run() || run.Run() || run.Stop() || run.Pending() {
		t.Error("Run is wrong")
	}
	detached := weakref.Finalize(p, c.add, "detached")
	if !detached.Stop() || detached.Stop() || detached.Run() || detached.Pending() {
		t.Error("Stop is wrong")
	}
	dead := weakref.Finalize(p, c.add, "dead")
	runtime.KeepAlive(p)
	p = nil
	c.await(t, 2)
	if dead.Pending() || dead.Run() || dead.Stop() {
		t.Error("pending after the call")
	}
	c.want(t, "run", "dead")
}

func TestCPython_Finalize_order(t *testing.T) {
	var c calls
	p := newObject(1)
	var fs []*weakref.Finalizer
	for i := range 6 {
		fs = append(fs, weakref.Finalize(p, c.add, fmt.Sprint("f", i)))
	}
	fs[3].Run()
	fs[1].Stop()
	runtime.KeepAlive(p)
	p = nil
	c.await(t, 5)
	c.want(t, "f3", "f5", "f4", "f2", "f0")
}

// TestCPython_Finalize_all_freed also checks that nobody need hold a Finalizer, and
// that nothing else does once it is done with, though the object lives.
func TestCPython_Finalize_all_freed(t *testing.T) {
	p := newObject(1)
	for name, end := range map[string]func(*weakref.Finalizer){
		"run":      func(f *weakref.Finalizer) { f.Run() },
		"detached": func(f *weakref.Finalizer) { f.Stop() },
		"shutdown": func(*weakref.Finalizer) { shutdown(t) },
		"died":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			f, arg, captured := func() (weakref.Ref[weakref.Finalizer], weakref.Ref[object], weakref.Ref[mailer]) {
				of, arg, captured := p, newObject(2), new(mailer)
				if end == nil {
					of = newObject(3)
				}
				f := weakref.Finalize(of, func(*object) { captured.send("x") }, arg)
				if end != nil {
					end(f)
				}
				return weakref.Make(f), weakref.Make(arg), weakref.Make(captured)
			}()
			weaktest.MustCollect(t, f)
			weaktest.MustCollect(t, arg)
			weaktest.MustCollect(t, captured)
		})
	}
	runtime.KeepAlive(p)
}

// Go has no atexit: a program calls Shutdown before it ends.
func TestCPython_Finalize_atexit(t *testing.T) {
	shutdown(t)
	var c calls
	p, boom := newObject(1), errors.New("boom")
	weakref.Finalize(p, c.add, "f1")
	weakref.Finalize(p, c.add, "f2").SetAtShutdown(false)
	weakref.Finalize(p, func(s string) error { c.add(s); return boom }, "f3")
	weakref.Finalize(p, func(s string) {
		c.add(s)
		weakref.Finalize(p, c.add, "f5")
	}, "f4")
	if err := weakref.Shutdown(t.Context()); !errors.Is(err, boom) {
		t.Errorf("the error is lost: %v", err)
	}
	c.want(t, "f4", "f5", "f3", "f1")
	runtime.KeepAlive(p)
	p = nil
	weaktest.Eventually(t, "what Shutdown skipped comes at death", func() bool { return slices.Contains(c.get(), "f2") })
}
