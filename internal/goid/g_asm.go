//go:build amd64 || arm64 || 386

package goid

// g returns the address of the runtime's record of the goroutine, which it has as
// long as it runs.
func g() uintptr
