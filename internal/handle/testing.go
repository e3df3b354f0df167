package handle

import "sync/atomic"

// Kill makes every weak pointer to p, present and future, dead from now on, as
// if p had been collected, although the caller still holds it. It lets a test
// choose the moment of a death and is not for anything else. It reports whether
// it can do so on this runtime.
func Kill[T any](p *T) bool {
	if !direct {
		return false
	}
	atomic.StoreUintptr((*uintptr)(Of(p)), 0)
	return true
}

// SetBoxed chooses the representation of the handles made from now on and
// returns a function that restores the former. Handles made before become
// invalid, so a test calls it before it makes any. It is not for anything else.
func SetBoxed(boxed bool) (restore func()) {
	old := direct
	direct = !boxed && check()
	return func() { direct = old }
}
