package rc

import "runtime"

// Unchecked is a strong handle that does not know whether it has been closed. It
// is a value: Clone and Close change the count and allocate nothing, which takes
// a third of the time that a [Strong] takes.
//
// The price is that copying one with = makes no new share, and that nobody
// notices a second Close: it takes someone else's share, and the value may be
// dropped while others use it. A value that has been dropped already is noticed.
// Use it where profiles ask for it and the pairs of Clone and Close can be seen
// together.
//
// An Unchecked that is kept after it was closed keeps the value's memory, and may
// hold up the backstop for a handle that another value has lost.
//
// The zero Unchecked refers to nothing, and none of its methods may be called. The
// methods are safe for concurrent use.
type Unchecked[T any] struct {
	block  *block[T]
	anchor *anchor
}

// Unchecked returns an unchecked handle with a share of its own; s stays open. It
// panics with a [*Fault] if s is closed.
func (s *Strong[T]) Unchecked() Unchecked[T] {
	n := s.Clone()
	if n.node() != nil {
		// The anchor of a handle whose value can be part of a cycle stands for that
		// one handle. The anchor of a block that the collector does not see stands for
		// all its handles.
		b := standIn(n)
		n = newStrong(b, lease(b))
	}
	return unchecked(n)
}

// unchecked takes over the share of s.
func unchecked[T any](s *Strong[T]) Unchecked[T] {
	b, a := s.take()
	return Unchecked[T]{b, a}
}

// Value returns the value, dead or alive: keep u's share while you use it.
func (u Unchecked[T]) Value() T { return u.block.v }

// Clone returns another handle of the same value, to be closed like u. It panics
// if the value is dead.
func (u Unchecked[T]) Clone() Unchecked[T] {
	if !u.block.tryAcquire() && !u.block.acquire() {
		panic(u.fault(UseAfterClose))
	}
	return u
}

// Strong returns a checked handle of the same value; u stays as it is. It panics
// if the value is dead.
func (u Unchecked[T]) Strong() *Strong[T] {
	return newStrong(u.Clone().block, u.anchor)
}

// Close gives a share back, and drops the value if it was the last, as
// [Strong.Close] does. If the value has been dropped already, Close returns and
// reports a [*Fault].
func (u Unchecked[T]) Close() error {
	if u.block.tryRelease() {
		runtime.KeepAlive(u.anchor) // not lost before its share is back
		return nil
	}
	switch u.block.giveBack(u.anchor) {
	case last:
		return u.block.end()
	case already:
		return u.fault(DoubleClose)
	}
	return nil
}

func (u Unchecked[T]) fault(k Kind) *Fault {
	return new(Strong[T]).fault(k)
}
