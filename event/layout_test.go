package event

import (
	"testing"
	"unsafe"
)

// TestLayout guards sizes that were chosen.
func TestLayout(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("for 64 bits")
	}
	if n := unsafe.Sizeof(Subscription{}); n != 64 {
		t.Errorf("a Subscription takes %d bytes", n)
	}
	if n := unsafe.Sizeof(place{}); n != 64 {
		t.Errorf("a place takes %d bytes, not a cache line", n)
	}
}
