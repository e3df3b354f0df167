package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/inspect"
	"github.com/weakref-go/weakref/leak"
	"github.com/weakref-go/weakref/metrics"
	"github.com/weakref-go/weakref/rc"
	"github.com/weakref-go/weakref/weaktest"
)

type object struct{ _ [4]*int }

// find returns the value of a series, or -1 if there is none.
func find(all []metrics.Sample, name string, values ...string) float64 {
	for _, s := range all {
		if s.Name == name && slices.Equal(s.Values, values) {
			return s.Value
		}
	}
	return -1
}

// check compares some series with what they should be.
func check(t *testing.T, all []metrics.Sample, want map[string]float64) {
	t.Helper()
	for key, v := range want {
		f := strings.Split(key, "|")
		if got := find(all, f[0], f[1:]...); got != v {
			t.Errorf("%s is %v, not %v", key, got, v)
		}
	}
}

// unique is a name for the containers of a test. They may be alive when it runs again.
func unique(t *testing.T) string { return fmt.Sprintf("%s %d", t.Name(), runs.Add(1)) }

var runs atomic.Int64

func TestMaps(t *testing.T) {
	id := unique(t)
	var src metrics.Source
	before := src.Read()
	v := new(object)
	a := &weakref.ValueMap[int, object]{Name: id, OnCollect: func(int) { panic("no") }}
	a.Store(1, v)
	a.Store(2, v)
	b := &weakref.ValueMap[int, object]{Name: id, OnCollect: func(int) { panic("no") }}
	b.Store(1, v)
	b.Store(2, new(object))
	s := &weakref.Set[object]{Name: id}
	s.Add(v)
	weaktest.Eventually(t, "the callback has panicked", func() bool { return b.Stats().Panics == 1 })
	n := id
	check(t, src.Read(), map[string]float64{
		"weakref.container.entries|ValueMap|" + n:   3,
		"weakref.container.collected|ValueMap|" + n: 1,
		"weakref.container.entries|Set|" + n:        1,
		"weakref.container.collected|Set|" + n:      0,
	})
	// Those of other tests may die meanwhile, which ends no panics.
	if p := find(src.Read(), "weakref.panics", "ValueMap") - max(find(before, "weakref.panics", "ValueMap"), 0); p != 1 {
		t.Errorf("%v panics", p)
	}
	if c := find(src.Read(), "weakref.containers", "ValueMap"); c < 2 {
		t.Errorf("%v maps", c)
	}
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
	runtime.KeepAlive(s)
	runtime.KeepAlive(v)
}

func TestCache(t *testing.T) {
	id := unique(t)
	var src metrics.Source
	v := new(object)
	c := &cache.Cache[int, object]{Name: id, Keep: 7, Load: func(_ context.Context, key int) (*object, error) {
		if key == 0 {
			return nil, errors.New("no")
		}
		return v, nil
	}}
	for _, key := range []int{0, 1, 1, 1, 2} {
		_, _ = c.Get(t.Context(), key)
	}
	c.Put(2, new(object))
	c.Invalidate(1)
	n := id
	check(t, src.Read(), map[string]float64{
		"weakref.container.entries|Cache|" + n:      1,
		"weakref.cache.size|" + n:                   1,
		"weakref.cache.kept|" + n:                   1,
		"weakref.cache.limit|" + n:                  7,
		"weakref.cache.gets|" + n + "|hit":          2,
		"weakref.cache.gets|" + n + "|miss":         3,
		"weakref.cache.weak_hits|" + n:              float64(c.Stats().WeakHits),
		"weakref.cache.joined|" + n:                 0,
		"weakref.cache.loads|" + n:                  3,
		"weakref.cache.load_errors|" + n:            1,
		"weakref.cache.load|" + n:                   c.Stats().LoadTime.Seconds(),
		"weakref.cache.refreshes|" + n:              0,
		"weakref.cache.removals|" + n + "|removed":  1,
		"weakref.cache.removals|" + n + "|replaced": 1,
		"weakref.cache.removals|" + n + "|evicted":  0,
	})
	runtime.KeepAlive(c)
	runtime.KeepAlive(v)
}

type listener struct {
	begun, hold chan struct{}
	_           [4]*int
	calls       int
}

func (l *listener) hear(int) {
	l.begun <- struct{}{}
	<-l.hold
}

func (l *listener) count(int) { l.calls++ }

func TestBus(t *testing.T) {
	id := unique(t)
	var src metrics.Source
	b := &event.Bus[int]{Name: id}
	l := &listener{begun: make(chan struct{}, 10), hold: make(chan struct{})}
	event.SubscribeWith(b, l, (*listener).hear, event.Options{Queue: 2})
	event.Subscribe(b, l, (*listener).count)
	b.Publish(1)
	<-l.begun
	for range 9 { // two wait, the others are dropped
		b.Publish(1)
	}
	n := id
	check(t, src.Read(), map[string]float64{
		"weakref.bus.listeners|" + n: 2,
		"weakref.bus.published|" + n: 10,
		"weakref.bus.delivered|" + n: 10,
		"weakref.bus.queued|" + n:    2,
		"weakref.bus.dropped|" + n:   7,
		"weakref.bus.unreached|" + n: 0,
	})
	close(l.hold)
	if err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(t, src.Read(), map[string]float64{"weakref.bus.queued|" + n: 0})
	runtime.KeepAlive(b)
	runtime.KeepAlive(l)
}

func TestQueueAndPool(t *testing.T) {
	id := unique(t)
	var src metrics.Source
	q := &weakref.Queue[int]{Name: id, Limit: 2}
	for i := range 5 {
		q.Put(i)
	}
	p := &rc.Pool[string, int]{Name: id, Open: func(_ context.Context, key string) (int, error) {
		if key == "" {
			return 0, errors.New("no")
		}
		return 1, nil
	}}
	h, err := p.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = p.Get(t.Context(), "")
	n := id
	check(t, src.Read(), map[string]float64{
		"weakref.queue.depth|" + n:                2,
		"weakref.queue.put|" + n:                  5,
		"weakref.queue.dropped|" + n:              3,
		"weakref.container.entries|Queue|" + n:    2,
		"weakref.pool.resources|" + n + "|in_use": 1,
		"weakref.pool.resources|" + n + "|idle":   0,
		"weakref.pool.opened|" + n:                1,
		"weakref.pool.open_errors|" + n:           1,
		"weakref.pool.closed|" + n:                0,
	})
	_ = h.Close()
	runtime.KeepAlive(q)
	runtime.KeepAlive(p)
}

func TestOfTheProcess(t *testing.T) {
	was := rc.Track(true)
	defer rc.Track(was)
	w := &leak.Watcher{Collections: 1, Age: time.Nanosecond, MaxPerHour: -1}
	src := metrics.Source{Watchers: []*leak.Watcher{w}}
	before := src.Read()
	retained, dies := new(object), new(object)
	leak.WatchBy(w, retained, "a test")
	leak.WatchBy(w, dies, "a test")
	check(t, src.Read(), map[string]float64{"weakref.leaks": 0, "weakref.leaks.watched": 2})
	runtime.KeepAlive(dies)
	weaktest.Eventually(t, "one is retained, the other has died", func() bool {
		all := src.Read()
		return find(all, "weakref.leaks") == 1 && find(all, "weakref.leaks.watched") == 1
	})
	h := rc.New(1, func(int) {})
	check(t, src.Read(), map[string]float64{"weakref.handles.open": 1 + find(before, "weakref.handles.open")})
	_ = h.Close()
	_ = h.Close()
	check(t, src.Read(), map[string]float64{
		"weakref.handles.open":               find(before, "weakref.handles.open"),
		"weakref.handle.faults|double_close": 1 + find(before, "weakref.handle.faults", "double_close"),
	})
	func() { rc.New(1, func(int) {}) }()
	weaktest.Eventually(t, "the leaked handle is counted", func() bool {
		return find(src.Read(), "weakref.handle.faults", "leak") == 1+find(before, "weakref.handle.faults", "leak")
	})
	runtime.KeepAlive(retained)
}

// TestTheDeadCount checks that containers of one name that come and go have one counter,
// which keeps what they had, and gauges, which do not.
func TestTheDeadCount(t *testing.T) {
	id := unique(t)
	var src metrics.Source
	v := new(object)
	n := id
	for round := 1; round <= 3; round++ {
		c := &cache.Cache[int, object]{Name: n}
		c.Put(1, v)
		for range 10 {
			c.Lookup(1)
		}
		check(t, src.Read(), map[string]float64{
			"weakref.cache.gets|" + n + "|hit":     float64(10 * round),
			"weakref.container.entries|Cache|" + n: 1,
			"weakref.cache.size|" + n:              1,
		})
		runtime.KeepAlive(c)
		c = nil
		weaktest.Eventually(t, "the cache is gone", func() bool { return find(src.Read(), "weakref.cache.size", n) == 0 })
		check(t, src.Read(), map[string]float64{
			"weakref.cache.gets|" + n + "|hit": float64(10 * round),
			"weakref.cache.size|" + n:          0,
		})
	}
	runtime.KeepAlive(v)
}

// TestChurn creates and drops containers while others read. No counter goes back, nothing
// is kept of the dead but their sums, and those are what the readers have seen.
func TestChurn(t *testing.T) {
	id := unique(t)
	n := 100_000
	if testing.Short() {
		n = 10_000
	}
	var src metrics.Source
	before := len(inspect.Containers())
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			last := make(map[*metrics.Series]float64)
			for ctx.Err() == nil {
				runtime.GC()
				for _, s := range src.Read() {
					if s.Counter && s.Value < last[s.Series] {
						t.Errorf("%s%v went from %v to %v", s.Name, s.Values, last[s.Series], s.Value)
					}
					last[s.Series] = s.Value
				}
			}
		})
	}
	v := new(object)
	names := []string{id + "a", id + "b"}
	for i := range n {
		q := &weakref.Queue[int]{Name: names[i%2]}
		q.Put(i)
		m := &weakref.ValueMap[int, object]{Name: names[i%2]}
		m.Store(i, v)
		if i%100 == 0 {
			m.Store(i+1, new(object))
		}
	}
	stop()
	wg.Wait()
	weaktest.Eventually(t, "few are left", func() bool {
		src.Read()
		return metrics.Known(&src) <= before+20
	})
	all := src.Read()
	if put := find(all, "weakref.queue.put", names[0]); put <= 0 || put > float64(n/2) {
		t.Errorf("%v events were put into %d queues, one into each", put, n/2)
	}
	for _, name := range names {
		if live := find(all, "weakref.container.entries", "ValueMap", name); live < 0 || live > 20 {
			t.Errorf("%v entries are left", live)
		}
	}
	runtime.KeepAlive(v)
}

// TestMaxNames checks that names without end do not make series without end, and that what
// has no name of its own is counted all the same.
func TestMaxNames(t *testing.T) {
	id := unique(t)
	src := metrics.Source{MaxNames: len(inspect.Containers()) + 5}
	src.Read() // those that other tests have left have their places
	room, rows := metrics.Room(&src), metrics.Rows(&src)
	v := new(object)
	sets := make([]weakref.Set[object], 100)
	for i := range sets {
		sets[i].Name = id + strings.Repeat("x", i)
		sets[i].Add(v)
	}
	for range 2 {
		if got := find(src.Read(), "weakref.container.entries", "Set", metrics.Other); room < 5 || got != float64(100-room) {
			t.Errorf("%v sets are under %s, with room for %d", got, metrics.Other, room)
		}
	}
	if got := metrics.Rows(&src); got > rows+room+2 {
		t.Errorf("%d rows, and %d before", got, rows)
	}
	runtime.KeepAlive(sets)
	runtime.KeepAlive(v)
}

func TestNamesAreText(t *testing.T) {
	id := unique(t)
	var src metrics.Source
	v := new(object)
	sets := make([]weakref.Set[object], 3)
	for i, name := range []string{"\xff" + id, "\xfe" + id, ""} {
		sets[i].Name = name
		sets[i].Add(v)
	}
	all := src.Read()
	for _, s := range all {
		for _, v := range s.Values {
			if !utf8.ValidString(v) {
				t.Errorf("%s of %q", s.Name, v)
			}
		}
	}
	check(t, all, map[string]float64{"weakref.container.entries|Set|\uFFFD" + id: 2})
	if find(all, "weakref.container.entries", "Set", "weakref.Set[github.com/weakref-go/weakref/metrics_test.object]") < 1 {
		t.Error("the set without a name is not found by its type")
	}
	runtime.KeepAlive(sets)
	runtime.KeepAlive(v)
}

// TestSeriesAreDistinct guards against two series with the same labels, which exporters
// refuse, and against labels that are missing.
func TestSeriesAreDistinct(t *testing.T) {
	id := unique(t)
	var src metrics.Source
	v := new(object)
	c := &cache.Cache[int, object]{Name: id}
	c.Put(1, v)
	b := &event.Bus[int]{Name: id}
	event.Subscribe(b, new(listener), (*listener).count)
	p := &rc.Pool[string, int]{Name: id, Open: func(context.Context, string) (int, error) { return 0, errors.New("no") }}
	_, _ = p.Get(t.Context(), "a")
	seen := make(map[string]bool)
	for _, s := range src.Read() {
		if len(s.Labels) != len(s.Values) || !slices.IsSorted(s.Labels) {
			t.Errorf("%s has labels %v with values %v", s.Name, s.Labels, s.Values)
		}
		key := s.Name + "|" + strings.Join(s.Values, "|")
		if seen[key] {
			t.Errorf("%s twice", key)
		}
		seen[key] = true
		if !slices.Contains(metrics.All(), s.Metric) {
			t.Errorf("%s is not among All", s.Name)
		}
	}
	runtime.KeepAlive(c)
	runtime.KeepAlive(b)
	runtime.KeepAlive(p)
	runtime.KeepAlive(v)
}

// TestOrder checks that the samples of a metric are in the order of their labels, whatever
// comes first.
func TestOrder(t *testing.T) {
	id := unique(t)
	var src metrics.Source
	var all []any
	defer func() { runtime.KeepAlive(all) }()
	for _, name := range []string{"b", "c", "a", "bb"} {
		m := &weakref.ValueMap[int, object]{Name: id + name}
		c := &cache.Cache[int, object]{Name: id + name}
		p := &rc.Pool[int, int]{Name: id + name, Open: func(context.Context, int) (int, error) { return 1, nil }}
		v := new(object)
		m.Store(1, v)
		c.Put(1, v)
		h, err := p.Get(context.Background(), 1)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		all = append(all, m, c, p, v)

		last := map[*metrics.Metric][]string{}
		for _, s := range src.Read() {
			if before, ok := last[s.Metric]; ok && slices.Compare(before, s.Values) >= 0 {
				t.Errorf("%s has %q after %q", s.Name, s.Values, before)
			}
			last[s.Metric] = s.Values
		}
	}
}

func TestMaxNamesIsNotNegative(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was taken")
		}
	}()
	src := metrics.Source{MaxNames: -1}
	src.Read()
}

func BenchmarkRead(b *testing.B) {
	v := new(object)
	sets := make([]weakref.ValueMap[int, object], 1000)
	for i := range sets {
		sets[i].Name = strings.Repeat("n", i%50) + string(rune('a'+i/50))
		sets[i].Store(1, v)
	}
	var src metrics.Source
	b.ReportAllocs()
	for b.Loop() {
		src.Read()
	}
	runtime.KeepAlive(sets)
	runtime.KeepAlive(v)
}
