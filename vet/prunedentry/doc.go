// Package prunedentry reports entries of weak pointers that only some paths clean up.
//
// A map of weak pointers needs a cleanup for each entry, or its dead entries
// stay. If a function stores an entry on two paths and registers the cleanup on
// one, those of the other are never removed.
//
// WRONG:
//
//	for {
//		old, loaded := m.LoadOrStore(k, w)
//		if !loaded {
//			runtime.AddCleanup(v, m.remove, k)
//			return v
//		}
//		if p := old.Value(); p != nil {
//			return p
//		}
//		if m.CompareAndSwap(k, old, w) {
//			return v // without a cleanup
//		}
//	}
//
// RIGHT: register it on both paths, or before the loop.
//
// The check looks at functions that register a cleanup and store a weak pointer
// in a map at two places or more, and reports a store from and to which there is
// a way through the function that passes no registration.
package prunedentry
