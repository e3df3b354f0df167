package why

import (
	"fmt"

	"github.com/weakref-go/weakref/internal/drawn"
)

// signed writes a change.
func signed(n int64) string {
	if n < 0 {
		return "-" + drawn.Bytes(uint64(-n))
	}
	return "+" + drawn.Bytes(uint64(n))
}

// count writes a number with its thousands apart.
func count(n int) string {
	if n < 0 {
		return "-" + count(-n)
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// plural writes a number of things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// typeName is the name of a type, or what stands for it.
func typeName(name string) string {
	if name == "" {
		return "(type not known)"
	}
	return name
}
