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

// UseBoxes makes all handles boxes. A test calls it before any handle is made: the
// two kinds do not mix. It is not for anything else.
func UseBoxes() { direct = false }
