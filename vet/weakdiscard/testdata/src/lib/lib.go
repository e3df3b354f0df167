package lib

import "weak"

type T struct {
	name string
	pos  int
}

type registry struct{ all []weak.Pointer[T] }

var Registry registry

func (r *registry) Add(t *T) { r.all = append(r.all, weak.Make(t)) }

var held []*T

func New(name string) *T { return &T{name: name} }

func NewFilled(name string) *T {
	t := &T{}
	t.name = name
	t.advance()
	return t
}

func (t *T) advance() {
	t.pos++
	if t.pos < 3 {
		t.advance()
	}
}

func NewThrough(name string) *T { return NewFilled(name) }

func NewHeld(name string) *T {
	t := &T{name: name}
	held = append(held, t)
	return t
}

func NewRegistered(name string) *T {
	t := &T{name: name}
	t.register()
	return t
}

func (t *T) register() { held = append(held, t) }

func Either(b bool) *T {
	if b {
		return held[0]
	}
	return &T{}
}

func Captured(hook *func() int) *T {
	t := &T{}
	*hook = func() int { return t.pos }
	return t
}
