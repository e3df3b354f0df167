package leak_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/rerun"
	"github.com/weakref-go/weakref/leak"
	"github.com/weakref-go/weakref/weaktest"
)

// The test binary may be started to read a dump.
func TestMain(m *testing.M) {
	if os.Getenv("LEAK_TEST_NO_HELPER") == "" {
		leak.Helper()
	}
	os.Exit(m.Run())
}

type session struct {
	user string
	_    *session
	_    [4]int
}

// store holds sessions in one way or another.
type store struct {
	byName map[string]*session
	all    []*session
	hooks  []func()
}

var sessions store

// recorder takes what a watcher reports.
type recorder struct {
	mu    sync.Mutex
	leaks []*leak.Leak
	log   bytes.Buffer
}

func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(b)
}

func (r *recorder) found() []*leak.Leak {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*leak.Leak(nil), r.leaks...)
}

func (r *recorder) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// newWatcher makes a watcher that is quick to suspect.
func newWatcher() (*leak.Watcher, *recorder) {
	r := new(recorder)
	w := &leak.Watcher{
		Collections: 2, Age: 1, MaxPerHour: 100,
		InProcess: !heap.CanFork,
		Logger:    slog.New(slog.NewTextHandler(r, nil)),
		OnLeak: func(l *leak.Leak) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.leaks = append(r.leaks, l)
		},
	}
	return w, r
}

// leaking adds a session to the store that should die.
//
//go:noinline
func leaking(w *leak.Watcher, name string) {
	s := &session{user: name}
	if sessions.byName == nil {
		sessions.byName = map[string]*session{}
	}
	sessions.byName[name] = s
	leak.WatchBy(w, s, "session closed")
}

func TestLeakIsExplainedOnce(t *testing.T) {
	defer func() { sessions = store{} }()
	w, r := newWatcher()
	for i := range 3 {
		leaking(w, fmt.Sprint("user-", i))
	}
	weaktest.Eventually(t, "a leak is reported", func() bool { return len(r.found()) > 0 })
	l := r.found()[0]
	if l.Type != "*leak_test.session" && l.Type != "leak_test.session" || l.Reason != "session closed" || l.Count == 0 || l.Collections < 2 {
		t.Errorf("leak %+v", l)
	}
	if l.Answer == nil || len(l.Answer.Paths) == 0 || l.Answer.Paths[0].Root.Kind != heap.RootGlobal {
		t.Fatalf("no path from a global variable: %v", l)
	}
	if l.Answer.Retained.Bytes == 0 {
		t.Errorf("the object retains nothing: %+v", l.Answer)
	}
	// More of the same are counted, not reported.
	for i := range 20 {
		leaking(w, fmt.Sprint("another-", i))
	}
	weaktest.Eventually(t, "all of them are retained", func() bool {
		rep := w.Report()
		return len(rep) == 1 && rep[0].Count == 23 && rep[0].Seen > 1
	})
	if n := len(r.found()); n != 1 {
		t.Errorf("%d leaks reported, want one: %v", n, r.found())
	}
	if log := r.logged(); strings.Count(log, "level=WARN") != 1 || !strings.Contains(log, "session closed") {
		t.Errorf("log:\n%s", log)
	}
	// What dies after all is not reported any more.
	sessions = store{}
	weaktest.Eventually(t, "nothing is retained", func() bool { return len(w.Report()) == 0 })
	runtime.KeepAlive(w)
}

func TestTwoWaysToLeak(t *testing.T) {
	defer func() { sessions = store{} }()
	w, r := newWatcher()
	leaking(w, "in the map")
	weaktest.Eventually(t, "the first leak is reported", func() bool { return len(r.found()) == 1 })
	func() {
		s := new(session)
		sessions.all = append(sessions.all, nil, s)
		leak.WatchBy(w, s, "request done")
	}()
	weaktest.Eventually(t, "the second leak is reported", func() bool { return len(r.found()) == 2 })
	if a, b := r.found()[0], r.found()[1]; a.Signature == b.Signature || b.Reason != "request done" {
		t.Errorf("leaks\n%v\n%v", a, b)
	}
	runtime.KeepAlive(w)
}

// Objects of one type and reason that are held in several ways are as many leaks, each
// with its own number.
func TestEachWayIsCounted(t *testing.T) {
	defer func() { sessions = store{} }()
	w, r := newWatcher()
	w.Threshold = 60
	for i := range 30 {
		leaking(w, fmt.Sprint("in the map ", i))
	}
	func() {
		for range 20 {
			s := new(session)
			sessions.all = append(sessions.all, s)
			leak.WatchBy(w, s, "session closed")
		}
		for range 10 {
			s := new(session)
			sessions.hooks = append(sessions.hooks, func() { s.user = "" })
			leak.WatchBy(w, s, "session closed")
		}
	}()
	weaktest.Eventually(t, "three leaks are reported", func() bool { return len(r.found()) == 3 })
	check := func(what string, leaks []*leak.Leak) {
		t.Helper()
		var counts []int
		for _, l := range leaks {
			counts = append(counts, l.Count)
		}
		slices.Sort(counts)
		if !slices.Equal(counts, []int{10, 20, 30}) {
			t.Errorf("%s: %d", what, counts)
		}
	}
	check("found", r.found())
	check("report", w.Report())
	runtime.KeepAlive(w)
}

// A reason with a number in it is not remembered for ever.
func TestKindsAreForgotten(t *testing.T) {
	w, _ := newWatcher()
	for i := range 100 {
		func() {
			s := new(session)
			leak.WatchBy(w, s, fmt.Sprint("session ", i, " closed"))
		}()
	}
	weaktest.Eventually(t, "no kind is left", func() bool { return leak.Kinds(w) == 0 })
}

//go:noinline
func dying(w *leak.Watcher) weakref.Ref[session] {
	s := new(session)
	leak.WatchBy(w, s, "session closed")
	return weakref.Make(s)
}

// Watching keeps nothing alive, and what dies is nothing to report.
func TestNoLeak(t *testing.T) {
	w, r := newWatcher()
	for range 100 {
		weaktest.MustCollect(t, dying(w))
	}
	for range 5 {
		weaktest.Collect(t)
	}
	if len(r.found()) != 0 || len(w.Report()) != 0 || r.logged() != "" {
		t.Errorf("reported %v, retained %v, log %s", r.found(), w.Report(), r.logged())
	}
}

// What is young is not retained, however many collections there are.
func TestStats(t *testing.T) {
	w, _ := newWatcher()
	w.MaxPerHour = -1
	stays := new(session)
	leak.WatchBy(w, stays, "session closed")
	dies := dying(w)
	if st := w.Stats(); st.Watched != 2 || st.Retained != 0 {
		t.Errorf("%+v before a collection", st)
	}
	weaktest.MustCollect(t, dies)
	weaktest.Eventually(t, "one is retained, the other is gone", func() bool { return w.Stats() == leak.Stats{Watched: 1, Retained: 1} })
	runtime.KeepAlive(stays)
}

func TestAge(t *testing.T) {
	defer func() { sessions = store{} }()
	w, r := newWatcher()
	w.Age = 1 << 62
	leaking(w, "young")
	for range 10 {
		weaktest.Collect(t)
	}
	if len(w.Report()) != 0 || len(r.found()) != 0 {
		t.Errorf("retained %v", w.Report())
	}
}

func TestThreshold(t *testing.T) {
	defer func() { sessions = store{} }()
	w, r := newWatcher()
	w.Threshold = 3
	leaking(w, "a")
	leaking(w, "b")
	weaktest.Eventually(t, "two are retained", func() bool {
		rep := w.Report()
		return len(rep) == 1 && rep[0].Count == 2
	})
	weaktest.Collect(t)
	if rep := w.Report(); len(r.found()) != 0 || rep[0].Answer != nil || !strings.Contains(rep[0].String(), "not explained yet") {
		t.Errorf("below the threshold, reported %v", rep[0])
	}
	leaking(w, "c")
	weaktest.Eventually(t, "the leak is explained", func() bool { return len(r.found()) == 1 })
	runtime.KeepAlive(w)
}

func TestRate(t *testing.T) {
	defer func() { sessions = store{} }()
	w, r := newWatcher()
	w.MaxPerHour = 1
	leaking(w, "a")
	weaktest.Eventually(t, "the first leak is explained", func() bool { return len(r.found()) == 1 })
	func() {
		s := new(session)
		sessions.all = append(sessions.all, s)
		leak.WatchBy(w, s, "another reason")
	}()
	weaktest.Eventually(t, "the second is retained", func() bool { return len(w.Report()) == 2 })
	for range 3 {
		weaktest.Collect(t)
	}
	if n := len(r.found()); n != 1 {
		t.Errorf("%d explanations, want one", n)
	}
	w, r = newWatcher()
	w.MaxPerHour = -1
	leaking(w, "never")
	weaktest.Eventually(t, "it is retained", func() bool { return len(w.Report()) == 1 })
	weaktest.Collect(t)
	if len(r.found()) != 0 {
		t.Errorf("explained although that was not allowed: %v", r.found())
	}
	runtime.KeepAlive(w)
}

// Without Helper, the process reads small dumps itself, and none that are large.
func TestWithoutHelper(t *testing.T) {
	if os.Getenv("LEAK_TEST_NO_HELPER") == "" {
		if out, err := rerun.Test("TestWithoutHelper", "LEAK_TEST_NO_HELPER=1"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	w, r := newWatcher()
	leaking(w, "small")
	weaktest.Eventually(t, "the leak is explained", func() bool { return len(r.found()) == 1 })
	if l := r.found()[0]; l.Answer == nil {
		t.Errorf("no path: %v", l)
	}
	runtime.KeepAlive(w)

	w, r = newWatcher()
	w.MaxRead = 1
	leaking(w, "large")
	weaktest.Eventually(t, "the leak is reported", func() bool { return len(r.found()) > 0 })
	if l := r.found()[0]; l.Answer != nil || !strings.Contains(l.Unexplained, "leak.Helper") {
		t.Errorf("leak %v", l)
	}
	runtime.KeepAlive(w)
}

func TestHookThatPanics(t *testing.T) {
	defer func() { sessions = store{} }()
	w, r := newWatcher()
	w.OnLeak = func(*leak.Leak) { panic("boom") }
	leaking(w, "a")
	weaktest.Eventually(t, "the panic is logged", func() bool { return strings.Contains(r.logged(), "boom") })
	runtime.KeepAlive(w)
}

// Where there is no explanation, the leak is reported all the same.
func TestNoExplanation(t *testing.T) {
	defer func() { sessions = store{} }()
	w, r := newWatcher()
	w.Dir = "/nowhere/at/all"
	leaking(w, "a")
	weaktest.Eventually(t, "the leak is reported", func() bool { return len(r.found()) > 0 })
	if l := r.found()[0]; l.Answer != nil || !strings.Contains(l.String(), "no path") || !strings.Contains(l.Unexplained, "nowhere") {
		t.Errorf("leak %v", l)
	}
	runtime.KeepAlive(w)
}

func TestUnsupported(t *testing.T) {
	w, r := newWatcher()
	for range 3 {
		leak.WatchBy(w, new(struct{}), "never mind")
		leak.WatchBy(w, new(int8), "never mind")
		leak.WatchBy[session](w, nil, "never mind")
	}
	if n := strings.Count(r.logged(), "cannot be watched"); n != 3 {
		t.Errorf("%d messages, want one for each type:\n%s", n, r.logged())
	}
}

// A watcher is not kept alive by its watching.
func TestWatcherIsCollected(t *testing.T) {
	defer func() { sessions = store{} }()
	weaktest.MustCollect(t, func() weakref.Ref[leak.Watcher] {
		w, _ := newWatcher()
		leaking(w, "a")
		dying(w)
		return weakref.Make(w)
	}())
}

func TestConcurrent(t *testing.T) {
	defer func() { sessions = store{} }()
	w, _ := newWatcher()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				dying(w)
				if len(w.Report()) > 1 {
					t.Error("more than one kind")
				}
			}
		})
	}
	wg.Go(func() {
		for range 5 {
			runtime.GC()
		}
	})
	wg.Wait()
	weaktest.Eventually(t, "all are gone", func() bool { return len(w.Report()) == 0 })
}
