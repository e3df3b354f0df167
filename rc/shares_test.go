//go:build !rcsched

package rc

import (
	"strings"
	"testing"
	"unsafe"
)

func TestCountDoesNotOverflow(t *testing.T) {
	s := New(1, func(int) { t.Error("dropped") })
	u := s.Unchecked()
	w := s.Weak()
	b := s.block.plain()
	b.word.store(most - 1)
	c := s.Clone()
	adds := map[string]func(){
		"Clone":           func() { s.Clone() },
		"Unchecked.Clone": func() { u.Clone() },
		"Upgrade":         func() { w.Upgrade() },
	}
	for name, add := range adds {
		func() {
			defer func() {
				if p, _ := recover().(string); !strings.Contains(p, "2147483647 handles") {
					t.Errorf("%s past the limit panicked with %q", name, p)
				}
			}()
			add()
		}()
		if n := b.count(); n != most {
			t.Errorf("count %d after %s", n, name)
		}
	}
	if err := c.Close(); err != nil || b.count() != most-1 {
		t.Errorf("Close at the limit returned %v and left %d", err, b.count())
	}
	b.drop = nil
	b.word.store(2)
	s.Close()
	u.Close()
}

// What is documented about sizes.
func TestSizes(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("64-bit sizes")
	}
	for _, s := range []struct {
		name      string
		got, want uintptr
	}{
		{"Strong", unsafe.Sizeof(Strong[*int]{}), 24},
		{"block of a pointer", unsafe.Sizeof(block[*int]{}), 48},
		{"cell", unsafe.Sizeof(cell[int]{}), 16},
		{"node", unsafe.Sizeof(node{}), 136},
	} {
		if s.got != s.want {
			t.Errorf("a %s has %d bytes, want %d", s.name, s.got, s.want)
		}
	}
	if unsafe.Offsetof(block[int]{}.shares)+unsafe.Offsetof(shares{}.word)+unsafe.Offsetof(word{}.v) != 0 {
		t.Error("the count is not the first word of the block")
	}
}
