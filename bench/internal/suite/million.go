package suite

import (
	"runtime"
	"sync/atomic"
	"time"
)

// nothing is the control of the measurements with a million entries: the same
// objects, alive or dying, in no map. What calls are held up by then is the
// collector's, or the scheduler's.
const nothing = "no-map"

// millionSets measures what a million entries mean for those who use the map at the
// same time: while collections run, and when all entries but a few die.
func millionSets(scale Scale) []Set {
	n := scale.of(1_000_000)
	impls := append(weakValues[int](),
		impl[int, *object]{nothing, nil},
		impl[int, *object]{StrongXsync, newXsync[int, *object]})
	var sets []Set
	for _, i := range impls {
		name := Name{Group: "Million", Impl: i.name, N: n}
		quick := i.name == ValueMap || i.name == Recipe || i.name == nothing
		sets = append(sets, Set{Name: name, Slow: !quick, Cases: func() []Case {
			m := &million{make: i.make, n: n, quiet: 300 * time.Millisecond / time.Duration(scale)}
			list := []Case{
				{Name: name.op("load-while-collecting"), Probe: m.collecting},
			}
			if i.name != StrongXsync {
				list = append(list,
					Case{Name: name.op("load-while-dying"), Probe: func() []Metric { return m.dying(false) }},
					Case{Name: name.op("store-while-dying"), Probe: func() []Metric { return m.dying(true) }})
			}
			return list
		}})
	}
	return sets
}

func (n Name) op(op string) Name {
	n.Op, n.Threads = op, 1
	return n
}

// million is a map with n entries that will die, and a few that stay and are used.
type million struct {
	make  func() subject[int, *object]
	n     int
	quiet time.Duration // how long calls are measured with nothing going on

	s       subject[int, *object]
	keys    []int // of the values that stay
	stay    []*object
	mortals []*object
}

// begin makes the map. There is none in the control, where calls go to a map with
// only what stays.
func (m *million) begin() {
	m.s, m.mortals = nil, nil
	settle()
	runtime.GC()
	stay := min(1000, m.n/2)
	m.keys, m.stay, m.mortals = numbers(m.n, stay), newValues(stay), newValues(m.n)
	if m.make == nil {
		m.s = new(ours[int])
	} else {
		m.s = m.make()
		for i, k := range numbers(0, m.n) {
			m.s.Store(k, m.mortals[i])
		}
	}
	for i, k := range m.keys {
		m.s.Store(k, m.stay[i])
	}
}

func (m *million) load(i int) {
	if !m.s.Load(m.keys[i%len(m.keys)]) {
		panic("not measured: a value that is held is not there")
	}
}

// store replaces a value by a new one.
func (m *million) store(i int) {
	i %= len(m.keys)
	v := new(object)
	m.s.Store(m.keys[i], v)
	m.stay[i] = v
}

func after(d time.Duration) func() bool {
	end := time.Now().Add(d)
	return func() bool { return time.Now().After(end) }
}

// collecting measures look-ups while nothing dies and collections run, one after
// the other.
func (m *million) collecting() []Metric {
	m.begin()
	runtime.GC()
	settle()
	var undisturbed latencies
	undisturbed.record(m.load, after(m.quiet))

	var done atomic.Bool
	go func() {
		for range 5 {
			runtime.GC()
		}
		done.Store(true)
	}()
	var disturbed latencies
	disturbed.record(m.load, done.Load)
	runtime.KeepAlive(m)
	return append(undisturbed.metrics("quiet-"), disturbed.metrics("")...)
}

// dying measures calls from the death of the million until the map is clean.
func (m *million) dying(stores bool) []Metric {
	m.begin()
	call := m.load
	if stores {
		call = m.store
	}
	runtime.GC()
	settle()
	var undisturbed, disturbed latencies
	undisturbed.record(call, after(m.quiet))

	before := footprint()
	begin, _ := cpu()
	start := time.Now()
	m.mortals = nil
	var clean time.Duration
	var done atomic.Bool
	go func() {
		runtime.GC()
		m.waitClean()
		clean = time.Since(start)
		done.Store(true)
	}()
	disturbed.record(call, done.Load)
	for !done.Load() {
		time.Sleep(time.Millisecond)
	}
	settle()
	end, _ := cpu()
	back := before - footprint()
	runtime.KeepAlive(m)
	return append(append(undisturbed.metrics("quiet-"), disturbed.metrics("")...),
		Metric{float64(clean) / 1e6, "clean-ms"},
		Metric{float64(end-begin) / 1e6, "cpu-ms"},
		Metric{float64(back) / float64(m.n), "back-B/entry"})
}

// waitClean waits until no dead entry is left.
func (m *million) waitClean() {
	s, ok := m.s.(interface{ Clean(live int) bool })
	end := time.Now().Add(time.Minute)
	for ok && !s.Clean(len(m.keys)) {
		mustBe(time.Now().Before(end), "dead entries stay")
		time.Sleep(100 * time.Microsecond)
	}
}
