package b

import "cleanuplocal/lib"

type T struct{ name string }

var registry lib.Registry[T]

func add(t T) {
	registry.Add(&t) // want `the weak pointer refers to t`
}

func keep(t T) *T {
	registry.Add(&t)
	return &t
}
