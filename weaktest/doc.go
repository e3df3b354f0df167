// Package weaktest helps tests that depend on garbage collection, and says why an
// object was not collected.
//
//	r := weakref.Make(open())       // open drops its result
//	weaktest.MustCollect(t, r)
//
//	weaktest: main.Conn at 0xc000123440 (64 bytes) is held by
//	  main.pool.idle["db:5432"][0]
//	retains 96 bytes in 2 objects
//
// A collection does not end with [runtime.GC]: finalizers, cleanups and the
// upkeep of weak containers run afterwards, on other goroutines. A test that
// looks too early fails now and then; a test that sleeps is slow and fails now
// and then as well. The helpers here force a collection, wait for what it sets
// off, and poll to a bound.
//
// [MustCollect] asks about one object, and [Eventually] about a condition, such as that
// a weak map is empty: if it does not come true, the failure says by what the objects
// are held that the condition looks at weakly. [NoGrowth] asks about everything that a
// piece of code leaves behind, and [Main] about everything that the tests of a
// package leave behind, without being told what to look for.
//
// # Names
//
// "go test" strips the test binary. Before a failure is reported, the test is linked
// once more with the names of variables and fields: in a second or two, as what has
// been compiled is in the build cache, and for half a minute at most. That takes the go
// command and the sources where the test was started. The executable is read and never
// run. The environment variable WEAKTEST_NAMES=off turns it off.
//
// Where that cannot be done, paths have offsets in place of names, and the failure says
// how to get them:
//
//	go test -ldflags='-s=false -w=false'
//
// For the places of allocations add -memprofilerate=1.
//
// What does not escape lies in the frame of its function: a struct, a map in it, the
// entries of the map. The compiler tells nothing of these. A path that begins there has
// the function, the line and an offset in the frame.
//
// # What keeps an object alive in a test
//
// A variable lives until its last use, not to the end of its block, but a stack
// slot may hold its value a little longer. Make and drop the object in a function
// of its own that is not inlined. Objects of fewer than 16 bytes without pointers
// share their memory with others and may never be collected; weakref.Make refuses
// them.
package weaktest
