// Package tinytarget reports weak pointers, cleanups and finalizers on values too small to die by themselves.
//
// All values of no size share one address and are never collected. The runtime
// packs values of fewer than 16 bytes without pointers into shared blocks: such
// a value dies with the last of its block, which may be never.
//
// WRONG:
//
//	type token struct{}
//	w := weak.Make(&token{}) // never nil
//
//	type id struct{ n int }
//	runtime.AddCleanup(&id{7}, release, 7) // perhaps never
//
// RIGHT:
//
//	type id struct {
//		n int
//		_ *byte // not packed
//	}
//
//	w := weakref.Make(weakref.Box(7))
//
// Reported are new values and local variables, and pointers to named struct
// types that are not visibly part of something larger. Of the functions of the
// weakref module, those that refuse such values with a panic are reported too.
package tinytarget
