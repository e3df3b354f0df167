package waits

// Rest says that no goroutine runs the work for now; Here says that one does again. It is
// called by the goroutine that has run it.
func (w *Work) Rest() { w.owner.Store(0) }
