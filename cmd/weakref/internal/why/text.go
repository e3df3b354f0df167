package why

import (
	"fmt"
)

// byteText writes a number of bytes in at most four digits.
func byteText(n uint64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/1000, 0
	for f >= 999.5 && unit < len(units)-1 {
		f /= 1000
		unit++
	}
	if f < 9.95 {
		return fmt.Sprintf("%.1f %cB", f, units[unit])
	}
	return fmt.Sprintf("%.0f %cB", f, units[unit])
}

// signed writes a change.
func signed(n int64) string {
	if n < 0 {
		return "-" + byteText(uint64(-n))
	}
	return "+" + byteText(uint64(n))
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
