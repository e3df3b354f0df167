package a

type T struct {
	n    int
	next *T
	arr  [4]int
}

var held *T

func Literal() *T { return &T{} } // want Literal:`freshResult`

func Builtin() *T { return new(T) } // want Builtin:`freshResult`

func Paren() *T { return (&T{}) } // want Paren:`freshResult`

func Local() *T { // want Local:`freshResult`
	t := &T{}
	t.n = 1
	*t = T{}
	if t != nil {
		t.arr[0] = 2
	}
	return t
}

func Called() *T { return Local() } // want Called:`freshResult`

func Both(b bool) *T { // want Both:`freshResult`
	if b {
		return Local()
	}
	return new(T)
}

func Method() *T { // want Method:`freshResult`
	t := &T{}
	t.step()
	return t
}

func (t *T) step() {
	t.n++
	t.other()
}

func (t *T) other() {
	if t.n < 3 {
		t.step()
	}
}

func WithLiteral() *T { // want WithLiteral:`freshResult`
	f := func() *T { return held }
	return &T{next: f()}
}

func Keeps() *T {
	t := &T{}
	held = t
	return t
}

func (t *T) keep() { held = t }

func MethodKeeps() *T {
	t := &T{}
	t.keep()
	return t
}

func IndirectlyKeeps() *T {
	t := &T{}
	t.keepIndirectly()
	return t
}

func (t *T) keepIndirectly() { t.keep() }

func Self() *T {
	t := &T{}
	t.next = t
	held = t.next
	return t
}

func Address() *T {
	t := &T{}
	leak(&t.n)
	return t
}

func Slice() []int {
	t := &T{}
	return t.arr[:]
}

var ints []*int

func leak(p *int) { ints = append(ints, p) }

func Passed() *T {
	t := &T{}
	pass(t)
	return t
}

func pass(*T) {}

func Captured() *T {
	t := &T{}
	go func() { t.n++ }()
	return t
}

func Sometimes(b bool) *T {
	if b {
		return held
	}
	return &T{}
}

func OrNil(b bool) *T { // want OrNil:`freshResult`
	if b {
		return nil
	}
	return &T{}
}

func Nil() *T { return nil }

func Param(t *T) *T { return t }

func Named() (t *T) { return &T{} }

func Two() (*T, error) { return &T{}, nil }

func Recursive(n int) *T {
	if n == 0 {
		return &T{}
	}
	return Recursive(n - 1)
}

func unexported() *T { return &T{} }
