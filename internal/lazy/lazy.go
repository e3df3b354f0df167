// Package lazy begins the inner part of a container at its first use, so that the zero
// value of every container of this module is ready.
package lazy

import "sync/atomic"

// Value is a *S that is made once, when it is first needed. The zero Value is ready to
// use; it must not be copied after that.
//
// It is not a sync.Once: several goroutines may make an S at the same time, and one of
// them wins. So nobody waits, making one may panic or end the goroutine, and what is to
// happen for the winner alone is apart. It needs neither lock nor channel, so it may be
// begun inside a testing/synctest bubble and used outside of it.
type Value[S any] struct {
	p atomic.Pointer[S] // set once
}

// Load returns the S, or nil if it has not been begun. It is inlined into the user's
// code, as a method of a generic type.
func (v *Value[S]) Load() *S { return v.p.Load() }

// Begin returns the S. If there is none, it makes one, and calls begun with it if no
// other goroutine has been faster. begun is for what the S must not do in vain, such as
// having the collector's clock watch it; others may use the S by then.
func (v *Value[S]) Begin(make func() *S, begun func(*S)) *S {
	if s := v.p.Load(); s != nil {
		return s
	}
	s := make()
	if !v.p.CompareAndSwap(nil, s) {
		return v.p.Load()
	}
	if begun != nil {
		begun(s)
	}
	return s
}
