package demo

import (
	"runtime"
	"testing"
	"time"
)

func TestTimeline(t *testing.T) {
	l := newTimeline()
	const n = 10 * timelineLength
	for i := range n {
		heap := uint64(i % 10)
		if i == 4321 {
			heap = 1000
		}
		l.add(sample{time.Duration(i), heap})
	}
	if cap(l.samples) != timelineLength || len(l.samples) < timelineLength/2 {
		t.Errorf("%d samples in memory for %d", len(l.samples), cap(l.samples))
	}
	if l.peak != 1000 {
		t.Errorf("the peak is %d", l.peak)
	}
	found := false
	for i, s := range l.samples {
		found = found || s == sample{4321, 1000}
		if i > 0 && s.at <= l.samples[i-1].at {
			t.Fatalf("sample %d at %d comes after one at %d", i, s.at, l.samples[i-1].at)
		}
	}
	if !found {
		t.Error("the peak is not among the samples")
	}
	if last := l.samples[len(l.samples)-1].at; last < n*9/10 {
		t.Errorf("the last sample is of %d of %d", last, n)
	}
}

var ballast []byte

func TestRecordSeesThePeak(t *testing.T) {
	l := newTimeline()
	before := settle(func() (int, int) { return 0, 0 })
	stop := l.record()
	ballast = make([]byte, 32<<20)
	l2 := heapBytes()
	stop() // takes a last sample
	ballast = nil
	after := settle(func() (int, int) { return 0, 0 })
	if l.peak < before+32<<20 || l2 < before+32<<20 {
		t.Errorf("the peak is %d, from %d", l.peak, before)
	}
	if after >= before+16<<20 {
		t.Errorf("%d before, %d after", before, after)
	}
	if len(l.samples) < 2 {
		t.Errorf("%d samples", len(l.samples))
	}
}

func TestCensus(t *testing.T) {
	var c census
	parse := c.counting(files(1, 20).parse)
	kept := make([]*Tree, 5)
	for i := range 20 {
		tree, err := parse(t.Context(), "p0/f0.go")
		if err != nil {
			t.Fatal(err)
		}
		kept[i%5] = tree
	}
	if _, err := parse(t.Context(), "missing.go"); err == nil {
		t.Error("no error")
	}
	settle(func() (int, int) { _, alive, _ := c.count(); return alive, 0 })
	if born, alive, most := c.count(); born != 20 || alive != 5 || most < 5 || most > 20 {
		t.Errorf("%d born, %d alive, at most %d", born, alive, most)
	}
	runtime.KeepAlive(kept)
}
