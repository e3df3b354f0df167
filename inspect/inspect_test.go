package inspect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/inspect"
	"github.com/weakref-go/weakref/rc"
	"github.com/weakref-go/weakref/weaktest"
)

type session struct{ _ [4]*int }

func (*session) hear(string) {}

type strHash struct{}

func (strHash) Hash(h *maphash.Hash, s string) { h.WriteString(s) }
func (strHash) Equal(a, b string) bool         { return a == b }

// named returns the newest container of a name. Those of earlier runs of a test may be
// listed until they are collected.
func named(t *testing.T, name string) (newest inspect.Container) {
	t.Helper()
	for _, c := range inspect.Containers() {
		if c.Name == name && c.ID > newest.ID {
			newest = c
		}
	}
	if newest.ID == 0 {
		t.Fatalf("no container is named %q", name)
	}
	return newest
}

func listed(id uint64) bool {
	return slices.ContainsFunc(inspect.Containers(), func(c inspect.Container) bool { return c.ID == id })
}

// TestEveryKind checks that each kind of container is listed from its first use on, with
// the numbers that its own Stats has.
func TestEveryKind(t *testing.T) {
	p := new(session)
	for kind, test := range map[string]struct {
		begin func(name string) (keep any, stats func() any)
		typ   string
	}{
		"ValueMap": {func(name string) (any, func() any) {
			m := &weakref.ValueMap[string, session]{Name: name}
			m.Store("a", p)
			return m, func() any { return m.Stats() }
		}, "weakref.ValueMap[string,github.com/weakref-go/weakref/inspect_test.session]"},
		"KeyMap": {func(name string) (any, func() any) {
			m := &weakref.KeyMap[session, int]{Name: name, OnCollect: func(int) {}}
			m.Store(p, 1)
			return m, func() any { return m.Stats() }
		}, "weakref.KeyMap[github.com/weakref-go/weakref/inspect_test.session,int]"},
		"Set": {func(name string) (any, func() any) {
			s := &weakref.Set[session]{Name: name}
			s.Add(p)
			return s, func() any { return s.Stats() }
		}, "weakref.Set[github.com/weakref-go/weakref/inspect_test.session]"},
		"Interner": {func(name string) (any, func() any) {
			in := &weakref.Interner[string]{Name: name}
			return []any{in, in.Intern("a")}, func() any { return in.Stats() }
		}, "weakref.Interner[string]"},
		"InternerFunc": {func(name string) (any, func() any) {
			in := &weakref.InternerFunc[string]{Name: name, Hasher: strHash{}}
			return []any{in, in.Intern("a")}, func() any { return in.Stats() }
		}, "weakref.InternerFunc[string]"},
		"Cache": {func(name string) (any, func() any) {
			c := &cache.Cache[int, session]{Name: name, Keep: 10}
			c.Put(1, p)
			return c, func() any { return c.Stats() }
		}, "cache.Cache[int,github.com/weakref-go/weakref/inspect_test.session]"},
		"Bus": {func(name string) (any, func() any) {
			b := &event.Bus[string]{Name: name}
			event.Subscribe(b, p, (*session).hear)
			return b, func() any { return b.Stats() }
		}, "event.Bus[string]"},
		"Queue": {func(name string) (any, func() any) {
			q := &weakref.Queue[int]{Name: name}
			q.Put(1)
			return q, func() any { return q.Stats() }
		}, "weakref.Queue[int]"},
		"Pool": {func(name string) (any, func() any) {
			pool := &rc.Pool[string, int]{Name: name, Open: func(context.Context, string) (int, error) { return 1, nil }}
			h, err := pool.Get(context.Background(), "a")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = h.Close() })
			return pool, func() any { return pool.Stats() }
		}, "rc.Pool[string,int]"},
	} {
		t.Run(kind, func(t *testing.T) {
			name := t.Name()
			keep, stats := test.begin(name)
			c := named(t, name)
			if c.Kind != kind || c.Type != test.typ || c.Len != 1 || c.ID == 0 {
				t.Errorf("listed as %+v", c)
			}
			for before := fmt.Sprint(stats()); ; {
				got, after := fmt.Sprint(named(t, name).Stats), fmt.Sprint(stats())
				if before != after {
					before = after // upkeep came between
					continue
				}
				if got != after {
					t.Errorf("Stats are %s, its own %s", got, after)
				}
				break
			}
			if again := named(t, name); again.ID != c.ID {
				t.Errorf("number %d, then %d", c.ID, again.ID)
			}
			runtime.KeepAlive(keep)
			runtime.KeepAlive(p)
			keep, stats = nil, nil
			if kind == "Pool" {
				return // its handle is open until the test ends
			}
			weaktest.Eventually(t, "it is not listed any more", func() bool { return !listed(c.ID) })
		})
	}
}

// TestUnnamed checks that a type is not taken for a name.
func TestUnnamed(t *testing.T) {
	var c cache.Cache[int8, session]
	var b event.Bus[int8]
	c.Len()
	b.Len()
	for _, typ := range []string{"cache.Cache[int8,github.com/weakref-go/weakref/inspect_test.session]", "event.Bus[int8]"} {
		all := inspect.Containers()
		i := slices.IndexFunc(all, func(c inspect.Container) bool { return c.Type == typ })
		if i < 0 || all[i].Name != "" || all[i].Title() != typ {
			t.Errorf("%s: place %d of %v", typ, i, all)
		}
	}
	runtime.KeepAlive(&c)
	runtime.KeepAlive(&b)
}

// TestListedAThousandTimes checks that listing keeps nothing alive.
func TestListedAThousandTimes(t *testing.T) {
	m := &weakref.ValueMap[string, session]{Name: t.Name()}
	v := new(session)
	m.Store("a", v)
	id := named(t, t.Name()).ID
	for range 1000 {
		inspect.Take()
	}
	for range inspect.Keys(id) {
		break
	}
	value := weakref.Make(v)
	runtime.KeepAlive(m)
	weaktest.MustCollect(t, value)
	weaktest.Eventually(t, "the map is not listed", func() bool { return !listed(id) })
}

// TestChurn creates and drops containers while others list them, and passes of upkeep
// run. In the end little is left.
func TestChurn(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 5_000
	}
	before := len(inspect.Containers())
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	v := new(session)
	counts := make(map[uint64]uint64)
	wg.Go(func() {
		for ctx.Err() == nil {
			runtime.GC()
			for _, c := range inspect.Take().Containers {
				if c.Collected() < counts[c.ID] {
					t.Errorf("the counter of %d went back", c.ID)
				}
				counts[c.ID] = c.Collected()
			}
		}
	})
	for i := range n {
		m := new(weakref.ValueMap[int, session])
		m.Store(i, v)
		if i%100 == 0 {
			m.Store(i+1, new(session))
		}
	}
	stop()
	wg.Wait()
	weaktest.Eventually(t, "few are left", func() bool { return len(inspect.Containers()) <= before+10 })
	runtime.KeepAlive(v)
}

func TestRecordCreation(t *testing.T) {
	was := inspect.RecordCreation(true)
	defer inspect.RecordCreation(was)
	m := &weakref.ValueMap[string, session]{Name: t.Name()}
	v := new(session)
	m.Store("a", v)
	c := named(t, t.Name())
	if first, _, _ := strings.Cut(c.Created.String(), "\n"); !strings.Contains(first, "inspect_test.TestRecordCreation ") {
		t.Errorf("created at\n%v", c.Created)
	}
	if !inspect.RecordCreation(false) {
		t.Error("it was on")
	}
	other := &weakref.ValueMap[string, session]{Name: t.Name() + "2"}
	other.Store("a", v)
	if c := named(t, t.Name()+"2"); c.Created != nil {
		t.Errorf("recorded while off: %v", c.Created)
	}
	runtime.KeepAlive(m)
	runtime.KeepAlive(other)
}

func TestKeys(t *testing.T) {
	v := new(session)
	m := &weakref.ValueMap[string, session]{Name: t.Name()}
	m.Store("a", v)
	m.Store("b", v)
	keys := slices.Collect(inspect.Keys(named(t, t.Name()).ID))
	slices.SortFunc(keys, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	if fmt.Sprint(keys) != "[a b]" {
		t.Errorf("keys %v", keys)
	}
	c := &cache.Cache[int, session]{Name: t.Name() + "cache"}
	c.Put(7, v)
	if keys := slices.Collect(inspect.Keys(named(t, c.Name).ID)); fmt.Sprint(keys) != "[7]" {
		t.Errorf("keys %v", keys)
	}
	for range inspect.Keys(1 << 60) {
		t.Error("a key of no container")
	}
	runtime.KeepAlive(m)
	runtime.KeepAlive(c)
	runtime.KeepAlive(v)
}

func TestSince(t *testing.T) {
	v := new(session)
	m := &weakref.ValueMap[int, session]{Name: t.Name()}
	m.Store(0, v)
	gone := &weakref.ValueMap[int, session]{Name: t.Name() + " gone"}
	gone.Store(0, v)
	old := inspect.Take()
	id := named(t, gone.Name).ID
	runtime.KeepAlive(gone)
	gone = nil
	weaktest.Eventually(t, "one has gone", func() bool { return !listed(id) })
	for i := range 100 {
		m.Store(i, v)
	}
	fresh := &weakref.ValueMap[int, session]{Name: t.Name() + "\nnew\x1b[31m"}
	fresh.Store(0, v)
	d := inspect.Take().Since(old)
	if c := d.Changes[0]; c.Name != m.Name || c.Growth != 99 || c.New {
		t.Errorf("first: %+v", c)
	}
	i := slices.IndexFunc(d.Changes, func(c inspect.Change) bool { return c.Name == fresh.Name })
	if i < 0 || !d.Changes[i].New || d.Changes[i].Growth != 1 {
		t.Errorf("the new one is %d in %v", i, d)
	}
	if !slices.ContainsFunc(d.Gone, func(c inspect.Container) bool { return c.ID == id }) {
		t.Errorf("gone: %v", d.Gone)
	}
	text := d.String()
	if !strings.Contains(text, "+99") || !strings.Contains(text, "gone") || strings.Contains(text, "\x1b") {
		t.Errorf("printed as %q", text)
	}
	if _, err := json.Marshal(d); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(v)
	runtime.KeepAlive(m)
	runtime.KeepAlive(fresh)
}

func TestSnapshotForms(t *testing.T) {
	was := rc.Track(true)
	defer rc.Track(was)
	v := new(session)
	m := &weakref.ValueMap[int, session]{Name: t.Name() + "\x1b"}
	m.Store(0, v)
	var open []*rc.Strong[int]
	for range 3 {
		open = append(open, rc.New(1, func(int) {}))
	}
	s := inspect.Take()
	if len(s.Handles) != 1 || s.Handles[0].Open != 3 || !strings.Contains(s.Handles[0].Made.String(), "TestSnapshotForms") {
		t.Errorf("handles %+v", s.Handles)
	}
	b, err := json.Marshal(s)
	var back struct {
		Containers []struct {
			ID         uint64
			Name, Type string
			Stats      struct{ Len int }
		}
		Handles []struct{ Made []string }
	}
	if err != nil || json.Unmarshal(b, &back) != nil || len(back.Containers) != len(s.Containers) || len(back.Handles[0].Made) == 0 {
		t.Errorf("JSON %s, %v", b, err)
	}
	if text := s.String(); strings.Contains(text, "\x1b") || !strings.Contains(text, "TestSnapshotForms") {
		t.Errorf("printed as %q", text)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("now", "weakref", s)
	if !strings.Contains(log.String(), "weakref.ValueMap.containers=") || !strings.Contains(log.String(), "weakref.openHandles=3") {
		t.Errorf("logged as %s", log.String())
	}
	for _, h := range open {
		_ = h.Close()
	}
	if s := inspect.Take(); len(s.Handles) != 0 {
		t.Errorf("handles %+v", s.Handles)
	}
	runtime.KeepAlive(m)
	runtime.KeepAlive(v)
}

// TestHandlesOfOnePlace guards against a line of the list for each way through package rc.
func TestHandlesOfOnePlace(t *testing.T) {
	was := rc.Track(true)
	defer rc.Track(was)
	pool := &rc.Pool[string, int]{Open: func(context.Context, string) (int, error) { return 1, nil }}
	var open []*rc.Strong[int]
	for range 3 {
		h, err := pool.Get(t.Context(), "a") // opens, then finds it open
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, h)
	}
	if hs := inspect.Take().Handles; len(hs) != 1 || hs[0].Open != 3 || strings.Contains(hs[0].Made.String(), "goexit") {
		t.Errorf("handles %+v", hs)
	}
	for _, h := range open {
		_ = h.Close()
	}
}

func TestSampler(t *testing.T) {
	v := new(session)
	m := &weakref.ValueMap[int, session]{Name: t.Name()}
	m.Store(0, v)
	id := named(t, t.Name()).ID
	s := inspect.Sampler{Keep: 3}
	if s.Growth(id) != 0 || s.Points(id) != nil {
		t.Error("points without a sample")
	}
	for i := range 5 {
		m.Store(i, v)
		s.Sample()
	}
	var lens []int
	for _, p := range s.Points(id) {
		lens = append(lens, p.Len)
	}
	if !slices.Equal(lens, []int{3, 4, 5}) || s.Growth(id) != 2 {
		t.Errorf("lengths %v, growth %d", lens, s.Growth(id))
	}
	runtime.KeepAlive(v)
	runtime.KeepAlive(m)
}

// TestSamplerRuns checks that Run samples at once and then in turn, and ends.
func TestSamplerRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &weakref.ValueMap[int, session]{Name: t.Name()}
		v := new(session)
		m.Store(0, v)
		id := named(t, t.Name()).ID
		ctx, stop := context.WithCancel(t.Context())
		var s inspect.Sampler
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(35 * time.Second)
		if n := len(s.Points(id)); n != 4 {
			t.Errorf("%d samples in 35 seconds", n)
		}
		stop()
		if err := <-done; err != context.Canceled {
			t.Errorf("Run returned %v", err)
		}
		runtime.KeepAlive(m)
		runtime.KeepAlive(v)
	})
}

// TestAcrossBubbles lists what a bubble has from outside, and the other way round.
func TestAcrossBubbles(t *testing.T) {
	outside := &cache.Cache[int, session]{Name: t.Name() + " outside", ExpireAfterWrite: time.Hour}
	v := new(session)
	outside.Put(1, v)
	list := make(chan struct{})
	listedOutside := make(chan bool, 1)
	name := t.Name() + " inside"
	go func() {
		<-list
		listedOutside <- slices.ContainsFunc(inspect.Take().Containers, func(c inspect.Container) bool { return c.Name == name })
	}()
	inside := &cache.Cache[int, session]{Name: name, ExpireAfterWrite: time.Hour}
	synctest.Test(t, func(t *testing.T) {
		inside.Put(1, v)
		named(t, name)
		for range inspect.Keys(named(t, outside.Name).ID) {
			break
		}
	})
	close(list)
	if !<-listedOutside {
		t.Error("not listed outside")
	}
	runtime.KeepAlive(v)
	runtime.KeepAlive(inside)
	runtime.KeepAlive(outside)
}

func BenchmarkContainers(b *testing.B) {
	v := new(session)
	maps := make([]weakref.ValueMap[int, session], 1000)
	for i := range maps {
		maps[i].Store(i, v)
	}
	for b.Loop() {
		inspect.Containers()
	}
	runtime.KeepAlive(maps)
	runtime.KeepAlive(v)
}
