// Package goid tells goroutines apart.
//
// A goroutine that waits for another which, in the end, waits for it, waits for
// ever. Whoever lets goroutines wait for each other and for user code (a creating
// function, a finalizer, an event's handler) must know who is who to see that. Nothing
// else may depend on this package, and nothing may be kept under an identity for longer
// than its goroutine waits or runs there.
package goid

import (
	"bytes"
	"runtime"
	"strconv"
	"sync"
)

// Current returns a number that no other goroutine has while this one runs. It
// may be used again for another goroutine later.
func Current() uintptr {
	if works() {
		return g()
	}
	return parse()
}

// works reports whether g tells goroutines apart on this runtime.
var works = sync.OnceValue(func() bool {
	other := make(chan uintptr)
	go func() { other <- g() }()
	mine := g()
	return mine != 0 && mine == g() && mine != <-other
})

// parse reads the goroutine's number from the head of its stack trace. It costs
// microseconds, more on a deep stack.
func parse() uintptr {
	var buf [40]byte
	head := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	digits, _, _ := bytes.Cut(head, []byte(" "))
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		panic("weakref: cannot read the number of the goroutine from " + strconv.Quote(string(buf[:])))
	}
	return uintptr(n)
}
