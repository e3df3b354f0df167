// Package rc provides counted references: a value is released the moment its last
// user is done with it, on that user's goroutine, and not some time later by the
// garbage collector.
//
//	f, err := os.Open(name)
//	…
//	s := rc.New(f, (*os.File).Close)
//	go scan(s.Clone()) // closes its handle when done
//	…
//	err = s.Close() // whoever closes last closes the file
//
// It is for what the collector does not manage and what is wanted back now:
// files, connections, mapped memory, memory of other languages, pooled buffers.
// For plain memory Go's collector does better.
//
// # Handles
//
// [New] makes the first [Strong] handle of a value, [Strong.Clone] further ones;
// each is closed once. The last Close drops the value. A [Weak] handle does not
// keep the value and can be upgraded while it lives. An [Unchecked] handle trades
// the checks for speed. A [Pool] shares one resource per key.
//
// # Ownership
//
// A value that owns handles of others lists them: it implements [Owner]. When it
// is dropped they are closed, after it and in their order, however long the chain.
//
// # Cycles
//
// Values that own each other in a circle are not released by counting. Make one
// of the handles weak, the one to the parent for instance, and there is no cycle;
// or call [Collect] now and then, which finds and drops them.
//
// # Mistakes
//
// A handle closed twice is an error, one used after it was closed a panic, and one
// that is collected without having been closed a leak: its value is dropped then,
// as a backstop, unless others still have handles. All of them are [Fault]s, logged
// and reported to the function set with [OnFault]. With [Track] on they tell where
// the handle was made, and [VerifyNone] fails a test that leaves handles open.
//
// The backstop cannot tell that a value is in use, only that a handle is: keep the
// handle while you use what [Strong.Value] returned. It does not run at exit.
//
// # How it is done
//
// One word counts; block.go draws what it belongs to, shares.go argues why a dead
// value never comes back, anchor.go how leaks are noticed at a price that
// everybody can pay, freeze.go and collect.go how the collector of cycles works
// beside goroutines that never wait for it.
package rc
