package suite

import (
	"runtime"
	"time"
)

// churnSets has entries come and go: a million inserts, of whose values the newest
// hundred thousand are held. A strong map needs to be told of each that goes.
func churnSets(scale Scale) []Set {
	live, inserts := scale.of(100_000), scale.of(1_000_000)
	var sets []Set
	add := func(i impl[int, *object], forget func(subject[int, *object], int)) {
		name := Name{Group: "Churn", Impl: i.name, Op: "churn", N: live, Threads: 1}
		sets = append(sets, Set{Name: Name{Group: name.Group, Impl: name.Impl, N: live}, Cases: func() []Case {
			return []Case{{Name: name, Probe: func() []Metric { return churn(i.make(), live, inserts, forget) }}}
		}})
	}
	for _, i := range weakValues[int]() {
		add(i, nil)
	}
	add(impl[int, *object]{StrongXsync, newXsync[int, *object]}, subject[int, *object].Delete)
	add(impl[int, *object]{Floor, func() subject[int, *object] { return newBare(live) }}, nil)
	return sets
}

func churn(s subject[int, *object], live, inserts int, forget func(subject[int, *object], int)) []Metric {
	held := make([]*object, live)
	before, base, peak := mallocs(), resident(), int64(0)
	begin, _ := cpu()
	start := time.Now()
	for i := range inserts {
		v := new(object)
		s.Store(i, v)
		held[i%live] = v
		if forget != nil && i >= live {
			forget(s, i-live)
		}
		if i%(1<<13) == 0 {
			peak = max(peak, resident())
		}
	}
	wall := time.Since(start)
	settle()
	end, _ := cpu()
	peak = max(peak, resident())
	mustBe(s.Load(inserts-1), "the last entry is not there")
	runtime.KeepAlive(held)
	return []Metric{
		{float64(end-begin) / float64(inserts), "cpu-ns/op"},
		{float64(wall) / float64(inserts), "ns/op"},
		{float64(mallocs()-before) / float64(inserts), "allocs/op"},
		{float64(peak-base) / (1 << 20), "peak-MiB"},
	}
}
