package rc

// Freezing lets the cycle collector decide in one step over many values that
// other goroutines may be using, without ever making one of them wait.
//
// The collector freezes a value by writing the current epoch into its word. A
// goroutine that wants to count a frozen value up or down first calls off the
// decision, by changing verdict from undecided to called off, and only then
// thaws the word and goes on. When the collector has looked at all it wants to
// look at it changes verdict from undecided to committed. One of the two
// compare-and-swaps wins:
//
//   - if the collector's wins, no frozen word has changed since it was frozen, so
//     what the collector read was true at that moment, of all values at once, and
//     all of them are dead from that moment;
//   - if the other wins, no value has died and the collector thaws the rest.
//
// This is a multi-word compare-and-swap in the manner of Harris, Fraser and
// Pratt, "A Practical Multi-Word Compare-and-Swap Operation" (DISC 2002), with
// the difference that those who come across an operation under way call it off
// and do not help it, since only the collector can lose by that.
//
// There is one collector, so there is one verdict, and the epoch tells whose it
// is. The epoch in a word is what makes the thawing swap safe: it fails if the
// value was thawed and frozen anew in the meantime. An epoch comes again after
// 2³² of them. To be fooled a goroutine would have to stop between two loads
// while the collector freezes exactly that many sets of values, many minutes of
// doing nothing else.
var verdict word // epoch << 2 | state

const (
	undecided = iota + 1
	calledOff
	committed
)

// nextEpoch opens a new decision. Only the collector calls it, when no value is
// frozen.
func nextEpoch() (epoch uint64) {
	epoch = verdict.load()>>2 + 1
	if epoch > lastEpoch {
		epoch = 1
	}
	verdict.store(epoch<<2 | undecided)
	return epoch
}

// commit decides that all frozen values die; it reports false if that has been
// called off.
func commit(epoch uint64) bool {
	return verdict.cas(epoch<<2|undecided, epoch<<2|committed)
}

// freeze puts the epoch into the word and reports whether the value is alive.
// Only the collector calls it, for a value that is not frozen.
func (s *shares) freeze(epoch uint64) bool {
	for {
		w := s.word.load()
		if w&countMask == 0 {
			return false
		}
		if s.word.cas(w, w|epoch<<epochShift) {
			return true
		}
	}
}

// frozen returns the count of a value frozen in this epoch; it reports false if
// someone has thawed it.
func (s *shares) frozen(epoch uint64) (n int, ok bool) {
	w := s.word.load()
	return int(w & countMask), w>>epochShift == epoch
}

// melt takes the epoch out of the word again, if it is still there. The
// collector calls it for a value that it does not drop.
func (s *shares) melt(epoch uint64) {
	w := s.word.load()
	if w>>epochShift == epoch {
		s.word.cas(w, w&countMask) // fails only if someone else has thawed it
	}
}

// condemn makes a value that the collector has decided to drop dead for good,
// also for those who do not look at the verdict.
func (s *shares) condemn() { s.word.store(condemned) }

// thaw is called by a goroutine that read w, which is not a plain count, and
// wants to change it. It reports false if the value is dead; otherwise the
// caller looks at the word again.
func (s *shares) thaw(w uint64) (alive bool) {
	if w&countMask == 0 {
		return false
	}
	epoch := w >> epochShift
	v := verdict.load()
	switch v {
	case epoch<<2 | committed:
		return false
	case epoch<<2 | undecided:
		verdict.cas(v, epoch<<2|calledOff) // look again, whoever won
	case epoch<<2 | calledOff:
		s.word.cas(w, w&countMask)
	}
	// Otherwise the decision is over and the collector has changed the word.
	return true
}

// touch calls off a decision about the value without changing its count; it
// reports false if the value is dead.
func (s *shares) touch() (alive bool) {
	for {
		w := s.word.load()
		if w-1 < most {
			return true
		}
		if !s.thaw(w) {
			return false
		}
	}
}

// callOff decides that no frozen value dies, if nothing has been decided yet.
func callOff(epoch uint64) {
	verdict.cas(epoch<<2|undecided, epoch<<2|calledOff)
}
