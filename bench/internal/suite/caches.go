package suite

import (
	"context"
	"runtime"
	"sync/atomic"
)

// cacheSets measures caches of ten thousand values, a tenth of the keys.
func cacheSets(scale Scale) []Set {
	size := scale.of(10_000)
	var sets []Set
	for _, i := range cacheImpls {
		name := Name{Group: "Caches", Impl: i.name, N: size}
		sets = append(sets, Set{Name: name, Cases: func() []Case { return i.cases(name) }})
	}
	return sets
}

func (i cacheImpl) cases(name Name) []Case {
	size := name.N
	var list []Case
	probe := func(op string, run func() []Metric) {
		list = append(list, Case{Name: name.op(op), Probe: run})
	}
	probe("memory", func() []Metric { return i.memory(size) })
	for _, t := range traces {
		probe(t.name, func() []Metric { return i.hits(size, t.keys(10*size, 50*size)) })
	}
	probe("shared", func() []Metric { return i.shared(size, zipf(10*size, 50*size)) })
	for _, threads := range Threads() {
		c := Case{Name: name.op("hit"), Batch: size, Loop: i.hot(size, threads)}
		c.Threads = threads
		list = append(list, c)
	}
	list = append(list, Case{Name: name.op("miss"), Batch: size, Loop: i.cold(size, false)})
	if i.context {
		list = append(list, Case{Name: name.op("miss-cancellable"), Batch: size, Loop: i.cold(size, true)})
	}
	return list
}

// with calls use with a new cache, and closes it.
func (i cacheImpl) with(size int, use func(c cached, loads *atomic.Int64)) {
	i.within(context.Background(), size, use)
}

// within is with for a cache that is asked with a context.
func (i cacheImpl) within(ctx context.Context, size int, use func(c cached, loads *atomic.Int64)) {
	var loads atomic.Int64
	c := i.make(ctx, size, &loads)
	use(c, &loads)
	if c.close != nil {
		c.close()
	}
	runtime.KeepAlive(c)
}

// memory measures the bytes that a full cache takes beside its values.
func (i cacheImpl) memory(size int) (m []Metric) {
	before := settled()
	i.with(size, func(c cached, _ *atomic.Int64) {
		for k := range 2 * size {
			c.get(k)
		}
		m = memory(before, size, 64)
		runtime.KeepAlive(c.get)
	})
	return m
}

// hits measures the part of the requests that need no loading. Nobody holds a
// value.
func (i cacheImpl) hits(size int, requests []int) (m []Metric) {
	i.with(size, func(c cached, loads *atomic.Int64) {
		for _, k := range requests {
			mustBe(c.get(k) != nil, "no value")
		}
		percent := func(hits int) float64 { return 100 * float64(hits) / float64(len(requests)) }
		m = []Metric{{percent(len(requests) - int(loads.Load())), "hit-%"}}
		if c.kept != nil {
			m = append(m, Metric{percent(int(c.kept())), "kept-hit-%"})
		}
	})
	return m
}

// shared has four times as many users as the cache has room for, each of whom holds
// the value of his newest request, and counts the loads of what somebody held at
// that moment.
func (i cacheImpl) shared(size int, requests []int) (m []Metric) {
	type user struct {
		key   int
		value *object
	}
	i.with(size, func(c cached, loads *atomic.Int64) {
		users := make([]user, 4*size)
		newest := map[int]*object{} // by key
		holders := map[int]int{}
		duplicates, r := 0, random(17)
		for _, k := range requests {
			v := c.get(k)
			if holders[k] > 0 && newest[k] != v {
				duplicates++
			}
			u := &users[r.IntN(len(users))]
			if u.value != nil {
				if holders[u.key]--; holders[u.key] == 0 {
					delete(holders, u.key)
					delete(newest, u.key)
				}
			}
			*u = user{k, v}
			holders[k]++
			newest[k] = v
		}
		runtime.KeepAlive(users)
		m = []Metric{
			{float64(loads.Load()), "loads"},
			{float64(duplicates), "duplicates"},
			{100 * (1 - float64(loads.Load())/float64(len(requests))), "hit-%"},
		}
	})
	return m
}

// hot measures requests for values that are there: half of what fits.
func (i cacheImpl) hot(size, threads int) func(Timer, int) {
	return func(t Timer, count int) {
		keys := numbers(0, size/2)
		i.with(size, func(c cached, loads *atomic.Int64) {
			held := map[int]*object{} // or the weak would go
			for range 3 {
				for _, k := range keys {
					held[k] = c.get(k)
				}
			}
			parallel(threads, t, func(thread int) {
				for _, piece := range around(keys, thread*size/4, count) {
					for _, k := range piece {
						if c.get(k) == nil {
							panic("not measured: no value")
						}
					}
				}
			})
			runtime.KeepAlive(held)
		})
	}
}

// cold measures requests for values that were never there, in a full cache, with a
// context that can end or cannot.
func (i cacheImpl) cold(size int, canEnd bool) func(Timer, int) {
	return func(t Timer, count int) {
		ctx := context.Background()
		if canEnd {
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			defer cancel()
		}
		i.within(ctx, size, func(c cached, loads *atomic.Int64) {
			for k := range size {
				c.get(k)
			}
			keys := numbers(size, count)
			t.StartTimer()
			for _, k := range keys {
				c.get(k)
			}
			t.StopTimer()
			mustBe(loads.Load() >= int64(count), "%d loads of %d", loads.Load(), count)
		})
	}
}
