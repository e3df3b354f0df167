package weakref

import (
	"strings"
	"unsafe"
)

// copies makes the copies of values that an interner keeps, in allocations that can
// be weakly referenced whatever T is.
type copies[T any] struct {
	values nursery[T]
	boxes  nursery[Boxed[T]]

	// Strings together with their bytes, by the number of those.
	to16  nursery[stringObject[[16]byte]]
	to32  nursery[stringObject[[32]byte]]
	to48  nursery[stringObject[[48]byte]]
	to80  nursery[stringObject[[80]byte]]
	to112 nursery[stringObject[[112]byte]]
}

// value returns a pointer to a copy of v.
func (c *copies[T]) value(v T) *T {
	if supported[T]() != nil {
		b := c.boxes.get()
		b.V = v
		return &b.V
	}
	p := c.values.get()
	*p = v
	return p
}

// string returns a pointer to a copy of s. Header and bytes of a short string are
// one object, which saves an allocation.
func (c *copies[T]) string(s string) *string {
	switch n := len(s); {
	case n <= 16:
		return c.to16.get().set(s)
	case n <= 32:
		return c.to32.get().set(s)
	case n <= 48:
		return c.to48.get().set(s)
	case n <= 80:
		return c.to80.get().set(s)
	case n <= 112:
		return c.to112.get().set(s)
	}
	s = strings.Clone(s)
	return &s
}

// stringObject is a string together with its bytes. B is an array of bytes.
type stringObject[B any] struct {
	s     string
	bytes B
}

// set makes the object a copy of s, whose bytes fit into B, and returns its string.
func (o *stringObject[B]) set(s string) *string {
	b := unsafe.Slice((*byte)(unsafe.Pointer(&o.bytes)), unsafe.Sizeof(o.bytes)) // safe: B is that many bytes
	n := copy(b, s)
	o.s = unsafe.String(&b[0], n)
	return &o.s
}
