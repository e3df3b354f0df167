package suite

import (
	"runtime"
	"runtime/metrics"
	"slices"
	"time"
)

// footprint returns the bytes that live on the heap after a collection, and those of
// the collector's records beside it, which MemStats counts as OtherSys.
func footprint() int64 {
	settle()
	runtime.GC()
	settle()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.OtherSys)
}

// settled is footprint after as many collections as it takes for everything to be
// gone that is not needed: one finds it dead, the upkeep that follows makes new
// garbage, and a cleanup has its object live until the next.
func settled() int64 {
	footprint()
	footprint()
	return footprint()
}

// memory returns what entries have added to the footprint before, in bytes for each
// beyond known, after one collection and after three.
func memory(before int64, entries int, known float64) []Metric {
	per := func(bytes int64) float64 { return float64(bytes-before)/float64(entries) - known }
	one := per(footprint())
	footprint()
	return []Metric{{one, "B/entry"}, {per(footprint()), "B/entry-after-three"}}
}

// resident returns the bytes that the runtime has from the system.
func resident() int64 {
	s := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}

// settle waits until the process does nothing in the background: cleanups,
// sweeping of maps. It gives up after ten seconds.
func settle() {
	const slice = 3 * time.Millisecond
	last, ok := cpu()
	if !ok {
		time.Sleep(50 * time.Millisecond)
		return
	}
	quiet := 0
	for end := time.Now().Add(10 * time.Second); quiet < 3 && time.Now().Before(end); {
		time.Sleep(slice)
		now, _ := cpu()
		if quiet++; now-last > slice/10 {
			quiet = 0
		}
		last = now
	}
}

// collection is what a forced collection costs, with all that it sets off.
type collection struct {
	cpu, wall time.Duration
}

// collect returns the median of several forced collections.
func collect(rounds int) collection {
	var all [2][]time.Duration
	for range rounds {
		c := collectOnce()
		all[0] = append(all[0], c.cpu)
		all[1] = append(all[1], c.wall)
	}
	for _, list := range all {
		slices.Sort(list)
	}
	return collection{all[0][rounds/2], all[1][rounds/2]}
}

func collectOnce() collection {
	settle()
	begin, _ := cpu()
	start := time.Now()
	runtime.GC()
	wall := time.Since(start)
	settle()
	end, _ := cpu()
	return collection{end - begin, wall}
}

// stopwatch is a Timer that adds up time and allocations.
type stopwatch struct {
	elapsed time.Duration
	mallocs uint64

	start  time.Time
	before uint64
}

func (s *stopwatch) StartTimer() {
	s.before = mallocs()
	s.start = time.Now()
}

func (s *stopwatch) StopTimer() {
	s.elapsed += time.Since(s.start)
	s.mallocs += mallocs() - s.before
}

// Measure runs a case for about atLeast and returns its figures.
func Measure(c Case, atLeast time.Duration) []Metric {
	tidy()
	if c.Probe != nil {
		return c.Probe()
	}
	return repeat(c, atLeast)
}

var collectedAt uint64 // mallocs when tidy last collected

// tidy collects what the case before has left, if it left anything.
func tidy() {
	if mallocs()-collectedAt < 10_000 {
		return
	}
	runtime.GC()
	settle()
	collectedAt = mallocs()
}

// repeat measures a Loop in several windows. The time of an operation that does not
// allocate is the median of them, so that a moment in which the machine does
// something else does not count. Of one that allocates it is the mean, since
// collections, which may come in few windows, are part of what it costs.
func repeat(c Case, atLeast time.Duration) []Metric {
	const windows = 5
	count := c.Batch
	for {
		var w stopwatch
		c.Loop(&w, count) // warms up, too
		if w.elapsed >= atLeast/windows {
			break
		}
		count *= 2
	}
	var sum stopwatch
	var all []float64
	for range windows {
		before := sum.elapsed
		c.Loop(&sum, count)
		all = append(all, float64(sum.elapsed-before)/float64(count))
	}
	slices.Sort(all)
	time := all[windows/2]
	allocs := float64(sum.mallocs) / float64(windows*count*max(1, c.Threads))
	if allocs > 0.01 {
		time = float64(sum.elapsed) / float64(windows*count)
	}
	return []Metric{{time, "ns/op"}, {allocs, "allocs/op"}}
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
