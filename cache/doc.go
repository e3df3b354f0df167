// Package cache provides a loading cache in two tiers: values that somebody uses
// are held weakly, however many they are, and a bounded number of the hottest
// values is held strongly, whether or not anybody uses them.
//
// A cache that only holds strongly must choose a size. If it is too small, it
// evicts values that are in use, and the next request loads a second copy of a
// thing that is still in memory; if it is too large, it keeps what nobody needs.
// A cache that only holds weakly forgets a value as soon as its last user has let
// go of it. Here the weak tier answers for identity, and the strong tier for
// reuse:
//
//	               ┌─────────────────────────┐
//	Get(key) ─────►│ weak tier               │ every value in use, and every
//	               │  key → value, times     │ value in the strong tier
//	               └───┬─────────────────────┘
//	       hit: count, │         miss: load once,
//	       keep if hot ▼         for all who ask
//	               ┌─────────────────────────┐
//	               │ strong tier             │ at most Keep values, chosen
//	               │  key → value            │ by W-TinyLFU
//	               └─────────────────────────┘
//
// The strong tier is github.com/maypok86/otter/v2, whose policy is W-TinyLFU
// (Einziger, Friedman and Manes, 2017). The weak tier is the table of package
// weakref.
package cache
