package weakref

import (
	"strings"
	"unsafe"

	"github.com/weakref-go/weakref/internal/nursery"
)

// copies makes the copies of values that an interner keeps, in allocations that can
// be weakly referenced whatever T is.
type copies[T any] struct {
	values nursery.Nursery[T]
	boxes  nursery.Nursery[Boxed[T]]

	// Strings together with their bytes, by the number of those.
	to16  nursery.Nursery[stringObject[[16]byte]]
	to32  nursery.Nursery[stringObject[[32]byte]]
	to48  nursery.Nursery[stringObject[[48]byte]]
	to80  nursery.Nursery[stringObject[[80]byte]]
	to112 nursery.Nursery[stringObject[[112]byte]]
}

// value returns a pointer to a copy of v.
func (c *copies[T]) value(v T) *T {
	if supported[T]() != nil {
		b := c.boxes.Get()
		b.V = v
		return &b.V
	}
	p := c.values.Get()
	*p = v
	return p
}

// string returns a pointer to a copy of s. Header and bytes of a short string are
// one object, which saves an allocation.
func (c *copies[T]) string(s string) *string {
	switch n := len(s); {
	case n <= 16:
		return c.to16.Get().set(s)
	case n <= 32:
		return c.to32.Get().set(s)
	case n <= 48:
		return c.to48.Get().set(s)
	case n <= 80:
		return c.to80.Get().set(s)
	case n <= 112:
		return c.to112.Get().set(s)
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
