package iface

import (
	"io"
	"runtime"
)

type T struct{ n int }

func all(p *T, c io.Closer) {
	runtime.AddCleanup(p, func(c io.Closer) { c.Close() }, c) // want `the argument is an interface \(io.Closer\), in which the runtime does not notice the object itself`
	runtime.AddCleanup(p, func(a any) {}, any(1))             // want `an interface \(any\)`
	runtime.AddCleanup(p, func(a any) {}, nil)                // want `a nil interface`
	runtime.AddCleanup(p, func(n int) {}, 1)
}

func generic[S any](p *T, f func(S), arg S) {
	runtime.AddCleanup(p, f, arg)
}
