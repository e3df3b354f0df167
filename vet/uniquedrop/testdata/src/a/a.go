package a

import (
	"time"
	"unique"
)

type label struct{ name unique.Handle[string] }

// The bad example of the specification.
func Intern(s string) string {
	return unique.Make(s).Value() // want `the handle is dropped, so the canonical copy lasts until the next collection only; keep the unique.Handle instead of its value`
}

// The good one.
func newLabel(s string) label { return label{unique.Make(s)} }

func (l label) String() string { return l.name.Value() }

// More of both.

func local(s string) string {
	h := unique.Make(s) // want `the handle is dropped`
	return h.Value()
}

func localTwice(s string) (string, int) {
	h := (unique.Make(s)) // want `the handle is dropped`
	return h.Value(), len(h.Value())
}

func kept(s string, m map[string]unique.Handle[string]) string {
	h := unique.Make(s)
	m[s] = h
	return h.Value()
}

func compared(s, t string) bool {
	h := unique.Make(s)
	return h == unique.Make(t)
}

func captured(s string) func() string {
	h := unique.Make(s)
	return func() string { return h.Value() }
}

func several(s string, b bool) string {
	h := unique.Make(s)
	if b {
		h = unique.Make(s + s)
	}
	return h.Value()
}

func generic[T comparable](v T) T {
	return unique.Make(v).Value() // want `the handle is dropped`
}

type id uint64

type pair struct{ a, b int }

func scalars(n int, i id, b bool, f float64, p *int, t time.Duration, s string) {
	_ = unique.Make(n) // want `comparing handles of int costs as much as comparing the values, and each value is stored once more; use the value itself`
	_ = unique.Make(i) // want `comparing handles of id costs`
	_ = unique.Make(b) // want `handles of bool`
	_ = unique.Make(f) // want `handles of float64`
	_ = unique.Make(p) // want `handles of \*int`
	_ = unique.Make(t) // want `handles of time.Duration`
	_ = unique.Make(s)
	_ = unique.Make(pair{1, 2})
	_ = unique.Make(any(n))
}

func body(b []byte) unique.Handle[string] {
	return unique.Make(string(b))
}

func ignored(s string) string {
	//weakvet:ignore uniquedrop decoding in a burst
	return unique.Make(s).Value()
}
