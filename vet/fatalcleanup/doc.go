// Package fatalcleanup reports cleanups and finalizers that end their goroutine.
//
// A cleanup runs on a goroutine of the runtime. Fatal and the like, which end
// the goroutine of a test by runtime.Goexit, end that one instead: the test goes
// on, and the cleanups that were to follow are lost.
//
// WRONG:
//
//	runtime.AddCleanup(f, func(name string) {
//		t.Fatalf("%s was not closed", name)
//	}, f.name)
//
// RIGHT:
//
//	runtime.AddCleanup(f, func(name string) {
//		t.Errorf("%s was not closed", name)
//	}, f.name)
//
// Reported are Fatal, Fatalf, FailNow, Skip, Skipf and SkipNow of package
// testing, and runtime.Goexit, in the cleanup and in functions of the package
// that it calls. The same goes for the functions of weakref.Finalize.
package fatalcleanup
