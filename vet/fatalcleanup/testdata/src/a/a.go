package a

import (
	"runtime"
	"testing"

	"github.com/weakref-go/weakref"
)

type file struct {
	name string
	t    *testing.T
}

func bad(t *testing.T, tb testing.TB, b *testing.B, f *file) {
	runtime.AddCleanup(f, func(name string) { t.Fatalf("%s", name) }, f.name) // want `the cleanup calls Fatalf, which ends the goroutine that runs cleanups, not the test; use Errorf`
	runtime.AddCleanup(f, func(name string) { tb.Fatal(name) }, f.name)       // want `the cleanup calls Fatal, .*; use Error`
	runtime.AddCleanup(f, func(name string) { b.FailNow() }, f.name)          // want `the cleanup calls FailNow`
	runtime.AddCleanup(f, func(name string) { t.SkipNow() }, f.name)          // want `the cleanup calls SkipNow`
	runtime.AddCleanup(f, func(name string) { runtime.Goexit() }, f.name)     // want `the cleanup calls runtime.Goexit, .*; return instead`
	runtime.AddCleanup(f, fail, t)                                            // want `the cleanup calls FailNow`
	runtime.AddCleanup(f, indirect, t)                                        // want `the cleanup calls FailNow`
	runtime.SetFinalizer(f, func(f *file) { f.t.Fatal() })                    // want `the finalizer calls Fatal`
	runtime.SetFinalizer(f, (*file).check)                                    // want `the finalizer calls Fatal`
	weakref.Finalize(f, fail, t)                                              // want `the cleanup calls FailNow`
}

func fail(t *testing.T) { t.FailNow() }

func indirect(t *testing.T) { fail(t) }

func (f *file) check() { f.t.Fatal(f.name) }

func good(t *testing.T, f *file) {
	runtime.AddCleanup(f, func(name string) { t.Errorf("%s", name) }, f.name)
	runtime.AddCleanup(f, func(name string) { _ = func() { t.Fatal(name) } }, f.name)
	runtime.AddCleanup(f, func(name string) { (&logger{}).Fatal(name) }, f.name)
	t.Cleanup(func() { t.Fatal("here it is the test's") })
}

type logger struct{}

func (*logger) Fatal(...any) {}

func ignored(t *testing.T, f *file) {
	//weakvet:ignore fatalcleanup a test of the directive
	runtime.AddCleanup(f, fail, t)
}
