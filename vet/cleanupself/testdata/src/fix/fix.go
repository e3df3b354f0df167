package fix

import "runtime"

type R struct{ fd int }

func (r *R) close()     {}
func (r *R) free(n int) {}

type outer struct{ R }

func bad(r *R, o *outer) {
	runtime.SetFinalizer(r, r.close) // want `the finalizer refers to r`
	runtime.SetFinalizer(r, r.free)  // want `the finalizer refers to r`
	runtime.SetFinalizer(o, o.close) // want `the finalizer refers to o`
}

func shadowed(r *R) {
	type R int
	runtime.SetFinalizer(r, r.close) // want `the finalizer refers to r`
}
