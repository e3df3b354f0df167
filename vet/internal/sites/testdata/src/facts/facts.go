package facts // want package:`hasFacts`

import (
	"runtime"
	"weak"
)

type T struct {
	name string
	n    int
}

var (
	weaks []weak.Pointer[T]
	kept  []*T
)

// Parameters held weakly.

func Add(t *T) { weaks = append(weaks, weak.Make(t)) } // want Add:`weakParams\[0\]`

func AddNamed(name string, t *T) { // want AddNamed:`weakParams\[1\]`
	if t == nil || t.name != name {
		return
	}
	t.n++
	Add(t)
	runtime.KeepAlive(t)
}

func AddTwo(t, u *T) { // want AddTwo:`weakParams\[0 1\]`
	Add(u)
	AddNamed("t", t)
}

func AddWithCleanup(t *T) { // want AddWithCleanup:`weakParams\[0\]`
	Add(t)
	runtime.AddCleanup(t, func(int) {}, t.n)
}

type set[V any] struct{ all []weak.Pointer[V] }

func (s *set[V]) add(v *V) { s.all = append(s.all, weak.Make(v)) } // want add:`weakParams\[0\]`

func Keeps(t *T) {
	Add(t)
	kept = append(kept, t)
}

func Returns(t *T) *T {
	Add(t)
	return t
}

func Calls(t *T) {
	Add(t)
	t.method()
}

func (t *T) method() {}

func Replaces(t *T) {
	t = &T{}
	Add(t)
}

func Captures(t *T) func() {
	Add(t)
	return func() { _ = t }
}

func Variadic(ts ...*T) { Add(ts[0]) }

func Nothing(t *T) {}

// Results that must be kept.

func Subscribe() (stop func()) { // want Subscribe:`keepResult`
	t := &T{}
	Add(t)
	return func() { t.n = 0 }
}

func New(name string) *T { // want New:`keepResult`
	t := &T{name: name}
	Add(t)
	return t
}

type handle struct{ t *T }

func NewHandle() (handle, error) { // want NewHandle:`keepResult`
	t := new(T)
	Add(t)
	return handle{t}, nil
}

func NewKept() *T {
	t := &T{}
	Add(t)
	kept = append(kept, t)
	return t
}

func NewPassedOn() *T {
	t := &T{}
	Add(t)
	return check(t)
}

func check(t *T) *T { return t }

func NewField() int {
	t := &T{}
	Add(t)
	return t.n
}

// Functions that are lost.

var funcs []weak.Pointer[func()]

func Listen(name string, f func()) { funcs = append(funcs, weak.Make(&f)) } // want Listen:`lostParams\[1\]`

func ListenKept(f func()) *func() {
	funcs = append(funcs, weak.Make(&f))
	return &f
}
