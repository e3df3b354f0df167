// Package finalizertarget reports finalizers on objects that cannot have one, or for which it comes at the wrong time.
//
// WRONG:
//
//	var cache = NewCache()
//	runtime.SetFinalizer(cache, (*Cache).Stop) // never collected, not even at exit
//	runtime.SetFinalizer(&table, free)         // likewise
//
//	runtime.SetFinalizer(&x.second, free) // not at the start of x: ends the program
//
//	func Make() map[K]V {
//		m := make(map[K]V)
//		h := &hint{m}
//		runtime.SetFinalizer(h, (*hint).record) // h dies at once, m lives on
//		return m
//	}
//
//	p := pool.Get().(*T)
//	runtime.SetFinalizer(p, …) // the second time round it has one: ends the program
//
// RIGHT:
//
//	runtime.AddCleanup(x, free, x.second.handle) // may point into an object
//
//	type Map struct{ m map[K]V } // what users hold has the cleanup
//	x := &Map{make(map[K]V)}
//	runtime.AddCleanup(x, record, x.m)
//	return x
//
// An object that nothing holds is reported only if its finalizer uses what is in
// it and sets no other: one that sets another is there to tell of collections.
package finalizertarget
