package callback

import (
	"bytes"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !cond(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not so within ten seconds: %s", what)
		}
	}
}

// record is a list that calls add to.
type record struct {
	mu    sync.Mutex
	items []int
}

func (r *record) add(i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.items = append(r.items, i)
}

func (r *record) get() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]int(nil), r.items...)
}

func (r *record) wait(t *testing.T, n int) []int {
	t.Helper()
	waitFor(t, "all calls are made", func() bool { return len(r.get()) >= n })
	return r.get()
}

// captureLog returns what is logged while f runs.
func captureLog(f func()) string {
	var mu sync.Mutex
	var buf bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(lockedWriter{&mu, &buf}, nil)))
	defer slog.SetDefault(old)
	f()
	mu.Lock()
	defer mu.Unlock()
	return buf.String()
}

type lockedWriter struct {
	mu  *sync.Mutex
	buf *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

func TestOrder(t *testing.T) {
	var r record
	q := &Queue[int]{Call: r.add}
	const n = 1000
	for i := range n / 10 {
		batch := make([]int, 10)
		for j := range batch {
			batch[j] = 10*i + j
		}
		q.Push(batch)
	}
	for i, got := range r.wait(t, n) {
		if got != i {
			t.Fatalf("call %d was for %d", i, got)
		}
	}
}

func TestBlockedCallDelaysNobody(t *testing.T) {
	var r record
	release := make(chan struct{})
	q := &Queue[int]{Call: func(i int) {
		if i%3 == 0 {
			<-release
		}
		r.add(i)
	}}
	q.Push([]int{0, 1, 2, 3, 4, 5})
	r.wait(t, 4)
	q.Push([]int{6, 7}) // all who work are blocked
	r.wait(t, 5)
	close(release)
	if got := len(r.wait(t, 8)); got != 8 {
		t.Errorf("%d calls for 8 items", got)
	}
}

func TestBlockedCallWithNothingBehindIt(t *testing.T) {
	var r record
	release := make(chan struct{})
	q := &Queue[int]{Call: func(i int) {
		if i == 0 {
			<-release
		}
		r.add(i)
	}}
	q.Push([]int{0})
	waitFor(t, "the call has begun", func() bool { return q.Pending() == 0 })
	q.Push([]int{1})
	r.wait(t, 1)
	close(release)
	r.wait(t, 2)
}

func TestPanic(t *testing.T) {
	var r record
	q := &Queue[int]{What: "the test's callback", Call: func(i int) {
		if i%2 == 0 {
			panic("boom")
		}
		r.add(i)
	}}
	log := captureLog(func() {
		q.Push([]int{0, 1, 2, 3})
		r.wait(t, 2)
	})
	if q.Panics() != 2 {
		t.Errorf("%d panics, want 2", q.Panics())
	}
	for _, want := range []string{"boom", "the test's callback", "TestPanic"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not mention %q: %s", want, log)
		}
	}
}

func TestGoexit(t *testing.T) {
	var r record
	q := &Queue[int]{Call: func(i int) {
		if i%2 == 0 {
			runtime.Goexit()
		}
		r.add(i)
	}}
	captureLog(func() {
		q.Push([]int{0, 1, 2, 3, 4})
		r.wait(t, 2)
		waitFor(t, "nothing is pending", func() bool { return q.Pending() == 0 })
		q.Push([]int{5})
		r.wait(t, 3)
	})
}

func TestNoGoroutineRemains(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 100 {
		var r record
		q := &Queue[int]{Call: r.add}
		q.Push([]int{1, 2, 3})
		r.wait(t, 3)
	}
	waitFor(t, "as few goroutines as before", func() bool { return runtime.NumGoroutine() <= before })
}

// TestEachOnce pushes from many goroutines while calls are slow at random, so that
// workers take over from each other all the time.
func TestEachOnce(t *testing.T) {
	var r record
	q := &Queue[int]{Call: func(i int) {
		if i%50 == 0 {
			time.Sleep(patience + patience/2)
		}
		r.add(i)
	}}
	const n = 400
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := w; i < n; i += 4 {
				q.Push([]int{i})
			}
		})
	}
	wg.Wait()
	seen := make(map[int]int)
	for _, i := range r.wait(t, n) {
		seen[i]++
	}
	for i := range n {
		if seen[i] != 1 {
			t.Errorf("%d was called %d times", i, seen[i])
		}
	}
}

// TestTurn checks that a goroutine whose call took long ends, although there is more
// to do: another has taken over, and calls would no longer come one after the other.
func TestTurn(t *testing.T) {
	q := Queue[int]{items: []int{1, 2}}
	item, turn, ok := q.take(0)
	if item != 1 || !ok {
		t.Fatalf("take = %d, %v", item, ok)
	}
	q.taken++ // as the timer does when it starts another goroutine
	if item, _, ok := q.take(turn); ok {
		t.Errorf("a goroutine that has lost its turn takes %d", item)
	}
	if item, _, ok := q.take(q.taken); item != 2 || !ok {
		t.Errorf("the one that has its turn gets %d, %v", item, ok)
	}
}
