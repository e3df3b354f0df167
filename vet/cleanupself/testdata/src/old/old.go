//go:build go1.24

package old

import "runtime"

type R struct {
	fd    int
	state [4]int
}

func (r *R) fin(int) {}

func bad(r *R) {
	runtime.AddCleanup(r, r.fin, 0)              // want `so r is never collected and the cleanup never runs \(from Go 1.26 on this call panics\); pass`
	runtime.AddCleanup(r, func(*R) {}, r)        // want `is r itself, so this call panics`
	runtime.AddCleanup(&r.state, func(*R) {}, r) // want `so r is never collected and the cleanup never runs \(from Go 1.26 on`
	runtime.AddCleanup(r, func(any) {}, any(r))  // want `refers to r, so r is never collected and the cleanup never runs; pass`
}
