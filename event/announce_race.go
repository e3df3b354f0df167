//go:build race

package event

import "sync/atomic"

// announce is what the race detector can follow. It does not know that a stopped world
// orders what happened before.
func announce(current *uintptr, s uintptr) { atomic.StoreUintptr(current, s) }
