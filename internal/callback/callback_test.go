package callback

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref/internal/bubble"
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
	var q Queue[int]
	l := lane[int]{queue: &q, items: []int{1, 2}}
	item, turn, ok := l.take(0)
	if item != 1 || !ok {
		t.Fatalf("take = %d, %v", item, ok)
	}
	l.taken++ // as the timer does when it starts another goroutine
	l.late++
	if item, _, ok := l.take(turn); ok {
		t.Errorf("a goroutine that has lost its turn takes %d", item)
	}
	if l.late != 0 {
		t.Errorf("%d calls are late, none are under way", l.late)
	}
	if item, _, ok := l.take(l.taken); item != 2 || !ok {
		t.Errorf("the one that has its turn gets %d, %v", item, ok)
	}
}

// TestManyBlockedCalls has one call in ten block for good. Each of those behind 300 of
// them had patience 300 times.
func TestManyBlockedCalls(t *testing.T) {
	sum := time.Duration(0)
	for late := range 300 {
		sum += patienceBeside(late)
	}
	if sum > 15*patience {
		t.Errorf("patience with 300 calls that block is %v in all", sum)
	}
	var r record
	release := make(chan struct{})
	q := &Queue[int]{Call: func(i int) {
		if i%10 == 0 {
			<-release
		}
		r.add(i)
	}}
	const n = 1000
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	q.Push(items)
	r.wait(t, n-n/10)
	close(release)
	r.wait(t, n)
	waitFor(t, "nobody is late", func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return q.outside.late == 0
	})
}

// TestInBubbles pushes to one queue from outside, and from bubbles, one of which is over
// by the time. The goroutine or the timer of a bubble must not make the calls of others,
// which would wait for its clock, or for ever.
func TestInBubbles(t *testing.T) {
	var mu sync.Mutex
	calls := make(map[int]bubble.ID)
	block := make(chan struct{})
	q := &Queue[int]{Call: func(i int) {
		mu.Lock()
		calls[i] = bubble.Current()
		mu.Unlock()
		if i == 100 {
			<-block
		}
	}}
	called := func(i int) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			_, ok := calls[i]
			return ok
		}
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			synctest.Test(t, func(t *testing.T) {
				here := bubble.Current()
				q.Push([]int{2 * i, 2*i + 1})
				synctest.Wait()
				mu.Lock()
				defer mu.Unlock()
				if calls[2*i] != here || calls[2*i+1] != here {
					t.Errorf("pushed in bubble %d, called in %v", here, calls)
				}
			})
		})
	}
	wg.Wait()
	q.Push([]int{100})
	waitFor(t, "the call that blocks has begun", called(100))
	q.Push([]int{101})
	waitFor(t, "another is made beside it", called(101))
	close(block)
	mu.Lock()
	defer mu.Unlock()
	if calls[100] != 0 || calls[101] != 0 {
		t.Error("calls of no bubble were made in one")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.bubbles) != 0 {
		t.Errorf("%d bubbles are left", len(q.bubbles))
	}
}

// TestSlowInBubble checks that calls may sleep in a bubble, and that one that blocks
// delays none but itself.
func TestSlowInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r record
		block := make(chan struct{})
		q := &Queue[int]{Call: func(i int) {
			if i == 0 {
				<-block
			}
			time.Sleep(time.Second)
			r.add(i)
		}}
		q.Push([]int{0, 1, 2})
		time.Sleep(10 * time.Second)
		if got := r.get(); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("called %v, while 0 blocks", got)
		}
		close(block)
		time.Sleep(10 * time.Second)
	})
}

func TestDrain(t *testing.T) {
	var r record
	q := &Queue[int]{What: "the test's callback", Call: func(i int) {
		runtime.Gosched()
		r.add(i)
	}}
	q.Push(make([]int, 100))
	if err := Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(r.get()); n != 100 {
		t.Errorf("%d of 100 calls have been made", n)
	}
}

func TestDrainSaysWhatIsLeft(t *testing.T) {
	release, begun := make(chan struct{}), make(chan struct{})
	q := &Queue[int]{What: "the test's callback", Call: func(i int) {
		if i == 0 {
			close(begun)
		}
		<-release
	}}
	q.Push([]int{0})
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Drain(ctx); err != context.Canceled {
		t.Errorf("Drain = %v", err)
	}
	q.Push([]int{1})
	waitFor(t, "both are under way", func() bool {
		return Left() == "the test's callback: 0 have not begun, 2 are running"
	})
	var other Queue[int]
	if got := Left(&other); strings.Contains(got, ";") {
		t.Errorf("nothing is pending elsewhere: %s", got)
	}
	close(release)
	if err := Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestDrainFromCallback waits for itself.
func TestDrainFromCallback(t *testing.T) {
	got := make(chan error, 1)
	inside := make(chan bool, 1)
	q := &Queue[int]{What: "the test's callback", Call: func(int) {
		inside <- Inside(context.Background())
		got <- Drain(context.Background())
	}}
	q.Push([]int{1})
	if err := <-got; err != ErrSelf || !<-inside {
		t.Errorf("Drain of a callback = %v", err)
	}
	Drain(t.Context())
	if Inside(t.Context()) {
		t.Error("the test is not a callback")
	}
}

func TestDrainAcrossBubbles(t *testing.T) {
	var r record
	begun := make(chan bool, 1)
	q := &Queue[int]{Call: func(i int) {
		begun <- true
		time.Sleep(time.Millisecond)
		r.add(i)
	}}
	q.Push([]int{1})
	<-begun
	synctest.Test(t, func(t *testing.T) {
		q.Push([]int{2})
		if err := Drain(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if got := r.get(); len(got) != 2 {
		t.Errorf("called %v after Drain", got)
	}
}

// BenchmarkPush measures one push and call while n items wait.
func BenchmarkPush(b *testing.B) {
	for _, n := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			q := &Queue[int]{Call: func(int) {}}
			batch := make([]int, n)
			for i := 0; i < b.N; i += n {
				q.Push(batch)
			}
			Drain(context.Background())
		})
	}
}
