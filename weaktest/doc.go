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
// "go test" strips the test binary, so that paths have offsets where the names
// of variables and fields would be. For names, run
//
//	go test -ldflags='-s=false -w=false'
//
// and for the places of allocations add -memprofilerate=1. A failure says so.
//
// # What keeps an object alive in a test
//
// A variable lives until its last use, not to the end of its block, but a stack
// slot may hold its value a little longer. Make and drop the object in a function
// of its own that is not inlined. Objects of fewer than 16 bytes without pointers
// share their memory with others and may never be collected; weakref.Make refuses
// them.
package weaktest
