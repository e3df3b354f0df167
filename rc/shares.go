package rc

// shares is the count of a value's handles: one word that is never changed but
// by compare-and-swap, so that every rule about it is checked at the moment it
// is applied.
//
//	 63        32 31         0
//	┌────────────┬────────────┐
//	│   epoch    │   count    │
//	└────────────┴────────────┘
//
// A value is born with one share and dead once the count is zero; nothing ever
// leads from zero to one, so however many goroutines upgrade weak handles while
// the last strong one is closed, none gets a dead value. The count cannot pass
// most. The epoch is zero unless the cycle collector has frozen the value; see
// freeze.go.
//
// All operations on the word are sequentially consistent, as all of sync/atomic
// is. Two orderings are relied on: what a goroutine did with the value before it
// gave its share back happens before the drop by the goroutine that takes the
// count to zero, because both change the word; and what NewCyclic wrote happens
// before what an upgrade reads, because it sets the count to one after all else.
type shares struct{ word word }

const (
	// most is how many handles a value can have. Unchecked handles take no memory,
	// so a program that leaks them in a loop gets there within seconds.
	most = 1<<31 - 1

	countMask  = 1<<32 - 1
	epochShift = 32
	lastEpoch  = 1<<32 - 2

	// condemned is the word of a value that the cycle collector drops: dead, with
	// handles that nobody counts any more.
	condemned = (lastEpoch + 1) << epochShift
)

// tryAcquire does what acquire does in the usual case, and can be inlined; if it
// reports false, ask acquire.
func (s *shares) tryAcquire() bool {
	w := s.word.load()
	return w-1 < most-1 && s.word.cas(w, w+1)
}

// acquire adds a share; it reports false if the value is dead.
func (s *shares) acquire() bool {
	for {
		w := s.word.load()
		switch {
		case w-1 < most-1: // alive, not frozen, not full
			if s.word.cas(w, w+1) {
				return true
			}
		case w == most:
			panic("rc: a value has 2147483647 handles; some code clones them and does not close them")
		case !s.thaw(w):
			return false
		}
	}
}

// What release says.
type released int

const (
	kept    released = iota // others have shares
	last                    // the caller took the count to zero and drops the value
	already                 // there was no share to give back: an Unchecked handle was closed too often
)

// tryRelease gives a share back if others are left and nothing is in the way. It
// can be inlined; if it reports false, call release.
func (s *shares) tryRelease() bool {
	w := s.word.load()
	return w-2 < most-1 && s.word.cas(w, w-1)
}

// release gives a share back.
func (s *shares) release() released {
	for {
		w := s.word.load()
		switch {
		case w-1 < most:
			if s.word.cas(w, w-1) {
				if w == 1 {
					return last
				}
				return kept
			}
		case w == 0:
			return already
		case !s.thaw(w):
			return kept
		}
	}
}

// count returns the number of shares.
func (s *shares) count() int { return int(s.word.load() & countMask) }
