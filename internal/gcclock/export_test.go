package gcclock

// Watchers returns how many objects are watched, but for those that have died since
// the last pass.
func Watchers() int {
	clock.mu.Lock()
	defer clock.mu.Unlock()
	return len(clock.watchers)
}
