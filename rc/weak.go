package rc

// Weak is a weak handle: it does not keep the value. It is a small value, may be
// copied freely and needs no closing. Two Weak handles are equal exactly if they
// refer to the same value, dead or alive, so a Weak can be a map key. The zero
// Weak refers to nothing. The methods are safe for concurrent use.
//
// A Weak keeps nothing of a dead value but a record of 16 bytes.
type Weak[T any] struct {
	cell *cell[T]
}

// Upgrade returns a new strong handle, to be closed like any other, or false if
// the value is dead. A value is dead from the moment its last strong handle is
// closed, before drop runs, and stays so.
//
// It is also dead when all its strong handles have been leaked and collected.
func (w Weak[T]) Upgrade() (*Strong[T], bool) {
	if w.cell == nil {
		return nil, false
	}
	b := w.cell.block.load()
	if b == nil {
		return nil, false
	}
	a := w.cell.anchor.Value()
	if a == nil && !b.ownAnchors() || !b.tryAcquire() && !b.acquire() {
		return nil, false
	}
	return newStrong(b, b.anchorFor(a)), true
}

// Count returns how many strong handles the value has now, 0 if it is dead.
func (w Weak[T]) Count() int {
	if w.cell == nil {
		return 0
	}
	b := w.cell.block.load()
	if b == nil {
		return 0
	}
	return b.count()
}
