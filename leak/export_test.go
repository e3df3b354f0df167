package leak

// Kinds is how many types and reasons a watcher knows of.
func Kinds(w *Watcher) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.kinds)
}
