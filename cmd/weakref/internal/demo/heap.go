package demo

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// heapBytes returns the size of the objects on the heap, dead ones that the
// collector has not yet found included. After a forced collection there are none.
// It does not stop the program, unlike [runtime.ReadMemStats].
func heapBytes() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// settle collects until that changes nothing any more, and returns the size of the
// heap. entries and trees are what a strategy has; what it does after a collection, it
// does in the background, so settle gives it time.
func settle(state func() (entries, trees int)) uint64 {
	const enough = 3 // collections in a row that changed nothing
	var heap uint64
	var entries, trees int
	for same, wait := 0, 4*time.Millisecond; same < enough; wait = min(2*wait, 32*time.Millisecond) {
		runtime.GC()
		time.Sleep(wait)
		h := heapBytes()
		e, t := state()
		if near(h, heap) && e == entries && t == trees {
			same++
		} else {
			same = 0
		}
		heap, entries, trees = h, e, t
	}
	return heap
}

// near reports whether two sizes are within a thousandth of each other.
func near(a, b uint64) bool {
	return max(a, b)-min(a, b) <= max(a, b)/1000
}

// sample is the size of the heap at a time.
type sample struct {
	at   time.Duration
	heap uint64
}

// timeline is the size of the heap over time. It takes a bounded memory, all of it
// before it begins, so that measuring does not change what is measured: when it is
// full, it keeps the higher of every two samples and goes on half as often.
type timeline struct {
	start   time.Time
	peak    uint64
	samples []sample
	merge   int    // samples to make one of
	merged  int    // samples in high
	high    sample // the highest of those
}

const (
	timelineLength = 1000
	timelinePeriod = 10 * time.Millisecond
)

func newTimeline() *timeline {
	return &timeline{samples: make([]sample, 0, timelineLength), merge: 1}
}

// record takes samples until it is told to stop, which waits for the last one.
func (l *timeline) record() (stop func()) {
	l.start = time.Now()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(timelinePeriod)
		defer tick.Stop()
		for {
			l.sample()
			select {
			case <-end:
				l.sample()
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(end); <-ended }
}

func (l *timeline) sample() { l.add(sample{time.Since(l.start), heapBytes()}) }

func (l *timeline) add(s sample) {
	l.peak = max(l.peak, s.heap)
	if l.merged == 0 || s.heap >= l.high.heap {
		l.high = s
	}
	if l.merged++; l.merged < l.merge {
		return
	}
	if len(l.samples) == cap(l.samples) {
		l.halve()
	}
	l.samples = append(l.samples, l.high)
	l.merged = 0
}

func (l *timeline) halve() {
	half := len(l.samples) / 2
	for i := range half {
		a, b := l.samples[2*i], l.samples[2*i+1]
		if a.heap > b.heap {
			b = a
		}
		l.samples[i] = b
	}
	l.samples = l.samples[:half]
	l.merge *= 2
}
