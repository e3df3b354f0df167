package gcclock

import "runtime/metrics"

// signals decides what the two signals say together.
type signals struct {
	cycle  uint64 // ends of marking so far
	inTime bool   // "swept" has come since the last one, and not for a cycle before
	queued uint64 // cleanups that had been queued by then, in the life of the process
}

// fewCleanups fit into the block in which the runtime collects them on each processor, so
// that none is handed over before the end of the sweep. A block holds 20 on 64-bit machines
// and some 40 on others.
const fewCleanups = 20

// swept takes note of the signal "swept" that was set up in some cycle. Its object dies in
// the next, or in the one after that if it was made while the next was being marked. If it
// died in the next and says so later than that, the last cycle may just be being swept.
func (s *signals) swept(armed uint64) {
	if armed+1 >= s.cycle {
		s.inTime = true
	}
}

// marked takes note of the signal "marked", and reports whether upkeep must run because
// it may have come too early after the previous cycle, or not at all. queued is how many
// cleanups have been queued by now.
func (s *signals) marked(queued uint64) (run bool) {
	run = !s.inTime || queued-s.queued >= fewCleanups
	*s = signals{cycle: s.cycle + 1, queued: queued}
	return run
}

// cleanupsQueued returns how many cleanups the runtime has queued, up to now.
func cleanupsQueued() uint64 {
	sample := [1]metrics.Sample{{Name: "/gc/cleanups/queued:cleanups"}}
	if metrics.Read(sample[:]); sample[0].Value.Kind() != metrics.KindUint64 {
		return 0 // Go has no such figure any more; a death may take three collections
	}
	return sample[0].Value.Uint64()
}
