package suite

import (
	"slices"
	"testing"
	"time"
)

func TestBuckets(t *testing.T) {
	last := -1
	for d := uint64(0); d < 1<<40; d += 1 + d/50 {
		b := bucket(d)
		if b < last || b >= len(latencies{}.counts) {
			t.Fatalf("%d is in bucket %d, after %d", d, b, last)
		}
		if low := floor(b); low > float64(d) || low < 0.96*float64(d) {
			t.Fatalf("%d is in the bucket from %v", d, low)
		}
		last = b
	}
}

func TestPercentiles(t *testing.T) {
	var l latencies
	for d := range 1000 {
		l.counts[bucket(uint64(d))]++
		l.n++
	}
	for q, want := range map[float64]float64{0.5: 500, 0.99: 990, 0: 0} {
		if got := l.at(q); got < 0.96*want || got > want {
			t.Errorf("at(%v) = %v, want about %v", q, got, want)
		}
	}
}

// TestRecord makes sure that a call that takes long is seen.
func TestRecord(t *testing.T) {
	var l latencies
	calls := 0
	l.record(func(i int) {
		if calls++; i == 20 {
			time.Sleep(2 * time.Millisecond)
		}
	}, func() bool { return calls >= 64 })
	if l.n != calls || calls != 64 || l.max < 2*time.Millisecond {
		t.Errorf("%d of %d calls recorded, the longest %v", l.n, calls, l.max)
	}
}

func TestTraces(t *testing.T) {
	const space, requests = 1000, 20_000
	for _, trace := range traces {
		list := trace.keys(space, requests)
		if len(list) != requests || !slices.Equal(list, trace.keys(space, requests)) {
			t.Errorf("%s is not the same twice", trace.name)
		}
	}
	counts := func(list []int) map[int]int {
		m := map[int]int{}
		for _, k := range list {
			m[k]++
		}
		return m
	}
	most := 0
	for _, n := range counts(zipf(space, requests)) {
		most = max(most, n)
	}
	if most < requests/20 {
		t.Errorf("the most popular key of zipf comes %d times of %d", most, requests)
	}
	once := 0
	for k, n := range counts(scan(space, requests)) {
		if k >= space && n == 1 {
			once++
		}
	}
	if once < requests/4 || once > requests*2/5 {
		t.Errorf("%d of %d requests of scan come once", once, requests)
	}
	for k, n := range counts(loop(space, requests)) {
		if n != requests*4/space {
			t.Errorf("loop has %d %d times", k, n)
		}
	}
	seen := counts(shift(space, requests)[:requests/20])
	in := 0
	for k, n := range seen {
		if k < space/10 {
			in += n
		}
	}
	if in < requests/20*8/10 {
		t.Errorf("%d of %d requests are in the first working set", in, requests/20)
	}
}

// forgetful is a map that has lost its entries.
type forgetful struct{ subject[int, *object] }

func (forgetful) Loads(keys []int) int { return 0 }

// TestWrongSubject makes sure that a case does not measure what does not work.
func TestWrongSubject(t *testing.T) {
	f := &fixture[int, *object]{
		make:  func() subject[int, *object] { return forgetful{new(ours[int])} },
		kind:  intValues,
		n:     100,
		scale: 10_000,
	}
	defer func() {
		if recover() == nil {
			t.Error("look-ups that find nothing are measured")
		}
	}()
	f.look(1, true)(new(stopwatch), 10)
}

// TestRepeat makes sure that the time of a repeated operation is that of one.
func TestRepeat(t *testing.T) {
	for _, allocates := range []bool{false, true} {
		var sink *object
		c := Case{Batch: 4, Loop: func(timer Timer, count int) {
			w := timer.(*stopwatch)
			w.StartTimer()
			defer w.StopTimer()
			for range count {
				if allocates {
					sink = new(object)
				}
				for start := time.Now(); time.Since(start) < time.Microsecond; {
				}
			}
		}}
		metrics := repeat(c, time.Millisecond)
		_ = sink
		if ns := metrics[0].Value; ns < 1000 {
			t.Errorf("%v ns/op, want 1000 or more", ns)
		}
		if allocs := metrics[1].Value; allocates != (allocs > 0.9) {
			t.Errorf("%v allocs/op, allocating %v", allocs, allocates)
		}
	}
}
