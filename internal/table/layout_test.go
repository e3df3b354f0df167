package table

import (
	"testing"
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
)

// TestLayout makes sure that a slot takes no more than what is in it, whatever the order
// of its fields must be for that, and that groups of word-sized keys fill cache lines.
func TestLayout(t *testing.T) {
	const word = unsafe.Sizeof(handle.H(nil))
	if got := unsafe.Sizeof(Slot[struct{}]{}); got != word {
		t.Errorf("a slot without a side value takes %d bytes, want %d", got, word)
	}
	if got := unsafe.Sizeof(Slot[uintptr]{}); got != 2*word {
		t.Errorf("a slot with a word takes %d bytes, want %d", got, 2*word)
	}
	if got := unsafe.Sizeof(group[uintptr]{}); word == 8 && got != 128 {
		t.Errorf("a group of words takes %d bytes, want two cache lines", got)
	}
}
