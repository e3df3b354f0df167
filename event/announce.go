//go:build !race

package event

// announce writes where a publisher is, in the cheapest way: see places. Another
// goroutine reads it atomically, and believes it only after both have synchronized.
func announce(current *uintptr, s uintptr) { *current = s }
