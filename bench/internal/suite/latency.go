package suite

import (
	"math/bits"
	"time"
)

// latencies counts how long single calls took, in buckets that are exact to 3 %. The
// reading of the clock is in it, some tens of nanoseconds.
type latencies struct {
	counts [64 << fine]int
	n      int
	max    time.Duration
}

// fine is the number of bits of a time that tell buckets of the same magnitude
// apart.
const fine = 5

func bucket(d uint64) int {
	if d < 1<<fine {
		return int(d)
	}
	magnitude := bits.Len64(d) - fine - 1
	return magnitude<<fine + int(d>>magnitude)
}

// floor returns the shortest time in a bucket.
func floor(bucket int) float64 {
	if bucket < 2<<fine {
		return float64(bucket)
	}
	magnitude := bucket>>fine - 1
	return float64(uint64(bucket-magnitude<<fine) << magnitude)
}

// record makes calls until stop says so, which is asked every sixteen calls.
func (l *latencies) record(call func(i int), stop func() bool) {
	last := time.Now()
	for i := 0; ; i++ {
		if i%16 == 0 {
			if stop() {
				return
			}
			last = time.Now() // stop is not part of a call
		}
		call(i)
		now := time.Now()
		d := now.Sub(last)
		l.counts[bucket(uint64(d))]++
		l.n++
		l.max = max(l.max, d)
		last = now
	}
}

// at returns the time within which the q-th part of the calls was done.
func (l *latencies) at(q float64) float64 {
	rest := int(q * float64(l.n))
	for i, count := range l.counts {
		if rest -= count; rest < 0 {
			return floor(i)
		}
	}
	return float64(l.max)
}

// metrics returns percentiles, each with the prefix in its unit.
func (l *latencies) metrics(prefix string) []Metric {
	return []Metric{
		{l.at(0.5), prefix + "p50-ns"},
		{l.at(0.99), prefix + "p99-ns"},
		{l.at(0.999), prefix + "p99.9-ns"},
		{l.at(0.9999), prefix + "p99.99-ns"},
		{float64(l.max), prefix + "max-ns"},
	}
}
