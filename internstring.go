package weakref

import (
	"strings"
	"unsafe"
)

// newString returns a pointer to a copy of s. Header and bytes of a short string
// are one object: that saves an allocation, and the runtime finds the weak record
// of an object the faster, the fewer objects share its span.
func newString(s string) *string {
	switch n := len(s); {
	case n <= 16:
		return newStringIn[[16]byte](s)
	case n <= 32:
		return newStringIn[[32]byte](s)
	case n <= 48:
		return newStringIn[[48]byte](s)
	case n <= 80:
		return newStringIn[[80]byte](s)
	case n <= 112:
		return newStringIn[[112]byte](s)
	}
	s = strings.Clone(s)
	return &s
}

// newStringIn returns a pointer to a copy of s, whose bytes fit into B, an array of
// bytes.
func newStringIn[B any](s string) *string {
	o := new(struct {
		s     string
		bytes B
	})
	b := unsafe.Slice((*byte)(unsafe.Pointer(&o.bytes)), unsafe.Sizeof(o.bytes)) // safe: B is that many bytes
	n := copy(b, s)
	o.s = unsafe.String(&b[0], n)
	return &o.s
}
