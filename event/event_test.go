package event_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/internal/boxtest"
	"github.com/weakref-go/weakref/weaktest"
)

func TestMain(m *testing.M) { boxtest.Main(m) }

// light reports whether to do less: in the second run, with boxed handles, too.
func light() bool { return testing.Short() || boxtest.InUse() }

// order is an event.
type order struct{ n int }

// mailer is a listener that notes what it receives.
type mailer struct {
	name string
	log  *journal
	on   func(order) // called by handle; it may refer to the mailer
}

func (m *mailer) handle(o order) {
	m.log.add(m.name, o.n)
	if m.on != nil {
		m.on(o)
	}
}

func (m *mailer) other(o order) { m.log.add(m.name+"'", o.n) }

// journal is what was received, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(name string, n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, name+strings.Repeat(".", n))
}

func (j *journal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := strings.Join(j.lines, " ")
	j.lines = nil
	return s
}

func (j *journal) want(t *testing.T, want string) {
	t.Helper()
	if got := j.take(); got != want {
		t.Errorf("received %q, want %q", got, want)
	}
}

// waitFor polls without collecting. If that does not help, weaktest says what is still
// held.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !cond(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(deadline) {
			weaktest.Eventually(t, what, cond)
			t.Fatalf("not so within twenty seconds, but after another collection: %s", what)
		}
	}
}

func TestPublishInOrder(t *testing.T) {
	var b event.Bus[order]
	if n := b.Publish(order{0}); n != 0 {
		t.Errorf("a publish to nobody reached %d", n)
	}
	var j journal
	var all []*mailer
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		m := &mailer{name: name, log: &j}
		all = append(all, m)
		event.Subscribe(&b, m, (*mailer).handle)
	}
	event.Subscribe(&b, all[0], (*mailer).other)
	if n := b.Publish(order{1}); n != 7 {
		t.Errorf("reached %d, want 7", n)
	}
	j.want(t, "a. b. c. d. e. f. a'.")
	if n := b.Len(); n != 7 {
		t.Errorf("Len = %d, want 7", n)
	}
	runtime.KeepAlive(all)
}

func TestPlainFunction(t *testing.T) {
	var b event.Bus[string]
	var got []string
	owner := &mailer{name: "x"}
	event.Subscribe(&b, owner, func(m *mailer, s string) { got = append(got, m.name+s) })
	b.Publish("1")
	if !slices.Equal(got, []string{"x1"}) {
		t.Errorf("received %q", got)
	}
}

// big is an event that does not fit into registers.
type big struct {
	a [40]int
	s string
	e error
}

func TestEventsOfAnyShape(t *testing.T) {
	owner := &mailer{name: "x"}
	var bigs event.Bus[big]
	want := big{s: "text", e: errors.New("error")}
	want.a[39] = 7
	var got big
	event.Subscribe(&bigs, owner, func(m *mailer, e big) { got = e })
	bigs.Publish(want)
	if got != want {
		t.Errorf("received %v, want %v", got, want)
	}

	var nothings event.Bus[struct{}]
	n := 0
	event.Subscribe(&nothings, owner, func(*mailer, struct{}) { n++ })
	nothings.Publish(struct{}{})

	var floats event.Bus[[2]float64]
	var pair [2]float64
	event.Subscribe(&floats, owner, func(_ *mailer, e [2]float64) { pair = e })
	floats.Publish([2]float64{1.5, 2.5})

	var anys event.Bus[any]
	var box any
	event.Subscribe(&anys, owner, func(_ *mailer, e any) { box = e })
	anys.Publish("x")
	if n != 1 || pair != [2]float64{1.5, 2.5} || box != "x" {
		t.Errorf("received %d, %v, %v", n, pair, box)
	}
	runtime.KeepAlive(owner)
}

func TestTwiceIsOnce(t *testing.T) {
	var b event.Bus[order]
	var j journal
	m := &mailer{name: "m", log: &j}
	s1 := event.Subscribe(&b, m, (*mailer).handle)
	s2 := event.Subscribe(&b, m, (*mailer).handle)
	s3 := event.Subscribe(&b, m, (*mailer).other)
	if s1 != s2 || s1 == s3 {
		t.Error("the same owner and function make two subscriptions, or others one")
	}
	b.Publish(order{1})
	j.want(t, "m. m'.")
	s2.Close()
	b.Publish(order{2})
	j.want(t, "m'..")
	if s4 := event.Subscribe(&b, m, (*mailer).handle); s4 == s1 {
		t.Error("a closed subscription is used again")
	}
	b.Publish(order{3})
	j.want(t, "m'... m...")
}

// TestArguments gives every exported function nil, negative and huge arguments.
func TestArguments(t *testing.T) {
	var none context.Context
	var b event.Bus[int]
	for name, c := range map[string]struct {
		call func()
		want string
	}{
		"nil owner":   {func() { event.Subscribe(&b, (*mailer)(nil), func(*mailer, int) {}) }, "nil"},
		"tiny owner":  {func() { event.Subscribe(&b, new(int), func(*int, int) {}) }, "weakref.Box"},
		"empty owner": {func() { event.Subscribe(&b, &struct{}{}, func(*struct{}, int) {}) }, "weakref.Box"},
		"nil handler": {func() { event.Subscribe(&b, new(mailer), nil) }, "handler"},
		"bad queue":   {subscribeWith(&b, event.Options{Queue: -2}), "Queue"},
		"least queue": {subscribeWith(&b, event.Options{Queue: math.MinInt}), "Queue"},
		"bad policy":  {subscribeWith(&b, event.Options{Queue: 1, Full: 3}), "Full"},
		"negative":    {subscribeWith(&b, event.Options{Queue: 1, Full: -1}), "Full"},
		"no queue":    {subscribeWith(&b, event.Options{Full: event.Wait}), "Full"},
		"never full":  {subscribeWith(&b, event.Options{Queue: event.Unbounded, Full: event.DropOldest}), "Full"},
		"nil bus":     {func() { event.Subscribe[int](nil, new(mailer), func(*mailer, int) {}) }, "nil pointer"},
		"nil context": {func() { b.PublishContext(none, 1) }, "nil pointer"},
		"nil flush":   {func() { b.Flush(none) }, "nil pointer"},
		"nil close":   {func() { event.Subscribe(&b, new(mailer), func(*mailer, int) {}).CloseWait(none) }, "nil pointer"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				v := recover()
				if text := fmt.Sprint(v); !strings.Contains(text, c.want) {
					t.Errorf("panicked with %v, want something about %q", v, c.want)
				}
			}()
			c.call()
		})
	}
	boxed := weakref.Box(7)
	event.Subscribe(&b, boxed, func(*weakref.Boxed[int], int) {})
	if b.Len() != 1 {
		t.Error("a boxed int cannot listen")
	}
	new(event.Subscription).Close()
	if err := new(event.Subscription).CloseWait(none); err != nil {
		t.Error(err)
	}
	for _, o := range []event.Options{{Priority: math.MaxInt}, {Priority: math.MinInt}, {Queue: math.MaxInt}, {Queue: event.Unbounded}} {
		m := &mailer{log: new(journal)}
		s := event.SubscribeWith(&b, m, func(*mailer, int) {}, o)
		if n := b.Publish(1); n != 2 {
			t.Errorf("%+v: reached %d, want 2", o, n)
		}
		s.Close()
		runtime.KeepAlive(m)
	}
	if err := b.Flush(t.Context()); err != nil { // nothing is left under way by what panicked
		t.Error(err)
	}
	runtime.KeepAlive(boxed)
}

// TestHookSetTooLate checks that it is not ignored without a word.
func TestHookSetTooLate(t *testing.T) {
	for name, set := range map[string]func(*event.Bus[int]){
		"OnPanic":   func(b *event.Bus[int]) { b.OnPanic = func(event.Listener, *weakref.PanicError) {} },
		"OnCollect": func(b *event.Bus[int]) { b.OnCollect = func(event.Listener) {} },
		"OnActive":  func(b *event.Bus[int]) { b.OnActive = func(bool) {} },
	} {
		var b event.Bus[int]
		b.Publish(1)
		set(&b)
		func() {
			defer func() {
				if v := recover(); v == nil {
					t.Errorf("%s was set after the first use, and nobody minds", name)
				}
			}()
			subscribeWith(&b, event.Options{})()
		}()
	}
}

func subscribeWith(b *event.Bus[int], o event.Options) func() {
	return func() { event.SubscribeWith(b, new(mailer), func(*mailer, int) {}, o) }
}

// subscribeDropped subscribes listeners that nobody keeps.
//
//go:noinline
func subscribeDropped(b *event.Bus[order], j *journal, n int) (last weakref.Ref[mailer]) {
	for range n {
		m := &mailer{name: "dropped", log: j}
		event.Subscribe(b, m, (*mailer).handle)
		last = weakref.Make(m)
	}
	return last
}

func TestSubscriptionDoesNotKeep(t *testing.T) {
	var b event.Bus[order]
	var j journal
	kept := &mailer{name: "kept", log: &j}
	event.Subscribe(&b, kept, (*mailer).handle)
	weaktest.MustCollect(t, subscribeDropped(&b, &j, 1000))
	weaktest.Eventually(t, "the dead have left", func() bool { return b.Len() == 1 })
	if st := b.Stats(); st.Collected != 1000 || st.Unreached != 1000 || st.Capacity > 300 {
		t.Errorf("%+v", st)
	}
	b.Publish(order{1})
	j.want(t, "kept.")
	runtime.KeepAlive(kept)
}

// TestDeadLeaveByThemselves checks that nobody needs to call the bus.
func TestDeadLeaveByThemselves(t *testing.T) {
	var b event.Bus[order]
	subscribeDropped(&b, new(journal), 100)
	runtime.GC()
	runtime.GC()
	if boxtest.InUse() { // upkeep that looks at a boxed handle meanwhile saves its target
		weaktest.Collect(t)
	}
	waitFor(t, "the bus is empty", func() bool { return b.Len() == 0 })
}

func TestBusIsCollectable(t *testing.T) {
	keep := &mailer{name: "kept", log: new(journal)}
	made := func() weakref.Ref[event.Bus[order]] {
		b := &event.Bus[order]{OnCollect: func(event.Listener) {}}
		event.Subscribe(b, keep, (*mailer).handle)
		event.SubscribeWith(b, keep, (*mailer).other, event.Options{Queue: 64})
		b.Publish(order{1})
		return weakref.Make(b)
	}()
	weaktest.MustCollect(t, made)
	runtime.KeepAlive(keep)
}

func TestOnCollect(t *testing.T) {
	var mu sync.Mutex
	var got []event.Listener
	b := event.Bus[order]{OnCollect: func(l event.Listener) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, l)
	}}
	var j journal
	func() {
		m := &mailer{name: "m", log: &j}
		event.Subscribe(&b, m, (*mailer).handle)
		b.Publish(order{1})
		event.Subscribe(&b, m, (*mailer).other)
		runtime.KeepAlive(m)
	}()
	weaktest.Eventually(t, "both have died and are reported", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return b.Len() == 0 && len(got) == 2
	})
	if st := b.Stats(); st.Collected != 2 || st.Unreached != 1 {
		t.Errorf("%+v", st)
	}
	slices.SortFunc(got, func(a, b event.Listener) int { return strings.Compare(a.Handler, b.Handler) })
	for i, want := range []string{"(*mailer).handle", "(*mailer).other"} {
		if l := got[i]; l.Owner != reflect.TypeFor[mailer]() || !strings.HasSuffix(l.Handler, want) || l.Received != (i == 0) {
			t.Errorf("%+v", l)
		}
	}
	if s := got[1].String(); !strings.Contains(s, "other of a *event_test.mailer") {
		t.Errorf("String = %q", s)
	}
}

func TestClosedIsNotCollected(t *testing.T) {
	b := event.Bus[order]{OnCollect: func(l event.Listener) { t.Errorf("%v was closed", l) }}
	func() { event.Subscribe(&b, &mailer{}, (*mailer).handle).Close() }()
	weaktest.Collect(t)
	if st := b.Stats(); st.Collected != 0 || st.Len != 0 {
		t.Errorf("%+v", st)
	}
}

// TestHandlerIsReleased checks that neither death nor Close leaves a closure behind.
func TestHandlerIsReleased(t *testing.T) {
	var b event.Bus[order]
	kept := &mailer{log: new(journal)}
	event.Subscribe(&b, kept, (*mailer).handle)
	subscribe := func(owner *mailer) (weakref.Ref[mailer], *event.Subscription) {
		captured := &mailer{name: "captured"}
		s := event.Subscribe(&b, owner, func(*mailer, order) { captured.name = "" })
		return weakref.Make(captured), s
	}
	captured, _ := subscribe(&mailer{})
	weaktest.MustCollect(t, captured)
	captured, s := subscribe(kept)
	s.Close()
	s = nil
	weaktest.MustCollect(t, captured)
	runtime.KeepAlive(kept)
}

func TestChangesFromHandlers(t *testing.T) {
	var b event.Bus[order]
	var j journal
	a, c, d := &mailer{name: "a", log: &j}, &mailer{name: "c", log: &j}, &mailer{name: "d", log: &j}
	sa := event.Subscribe(&b, a, (*mailer).handle)
	sc := event.Subscribe(&b, c, (*mailer).handle)
	a.on = func(o order) {
		if o.n == 1 {
			sc.Close()
			event.Subscribe(&b, d, (*mailer).handle)
			b.Publish(order{2})
			sa.Close()
		}
	}
	if n := b.Publish(order{1}); n != 1 {
		t.Errorf("reached %d, want 1", n)
	}
	j.want(t, "a. a.. d..")
	b.Publish(order{3})
	j.want(t, "d...")
	runtime.KeepAlive([]*mailer{a, c, d})
}

// TestClosedInReplacedList closes a listener after the list, in which a publish under way
// will come upon it, has been replaced.
func TestClosedInReplacedList(t *testing.T) {
	var b event.Bus[order]
	var j journal
	a, c := &mailer{name: "a", log: &j}, &mailer{name: "c", log: &j}
	event.Subscribe(&b, a, (*mailer).handle)
	sc := event.Subscribe(&b, c, (*mailer).handle)
	b.Publish(order{1})
	j.want(t, "a. c.")
	more := make([]quiet, 100)
	a.on = func(order) {
		for i := range more {
			event.Subscribe(&b, &more[i], (*quiet).handle)
		}
		sc.Close()
	}
	b.Publish(order{2})
	j.want(t, "a..")
	runtime.KeepAlive([]any{a, c, more})
}

// silence has nothing logged until the test ends.
func silence(t *testing.T) {
	old := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { slog.SetDefault(old) })
}

func TestPanic(t *testing.T) {
	silence(t)
	var got []*weakref.PanicError
	b := event.Bus[order]{Name: "orders", OnPanic: func(l event.Listener, err *weakref.PanicError) {
		if !strings.Contains(l.String(), "(*mailer).handle of a *event_test.mailer") || !l.Received {
			t.Errorf("%+v", l)
		}
		got = append(got, err)
		panic("in the hook")
	}}
	var j journal
	boom := errors.New("boom")
	var all []*mailer
	for i, name := range []string{"a", "b", "c", "d"} {
		m := &mailer{name: name, log: &j}
		if i%2 == 0 {
			m.on = func(order) { panic(boom) }
		}
		all = append(all, m)
		event.Subscribe(&b, m, (*mailer).handle)
	}
	if n := b.Publish(order{1}); n != 4 {
		t.Errorf("reached %d, want 4", n)
	}
	j.want(t, "a. b. c. d.")
	if len(got) != 2 || !errors.Is(got[0], boom) || !strings.Contains(string(got[0].Stack), "TestPanic") {
		t.Fatalf("reported %v", got)
	}
	if st := b.Stats(); st.Panics != 2 || st.Delivered != 4 || st.Published != 1 {
		t.Errorf("%+v", st)
	}
	runtime.KeepAlive(all)
}

// TestGoexit checks that a handler that ends its goroutine leaves the bus whole.
func TestGoexit(t *testing.T) {
	var b event.Bus[order]
	m := &mailer{log: new(journal), on: func(order) { runtime.Goexit() }}
	s := event.Subscribe(&b, m, (*mailer).handle)
	for range 20 { // more than there are places at first
		var wg sync.WaitGroup
		wg.Go(func() { b.Publish(order{1}) })
		wg.Wait()
	}
	s.Close() // does not wait for the goroutines that are no more
	if st := b.Stats(); st.Published != 20 || st.Delivered != 20 || st.Panics != 0 {
		t.Errorf("%+v", st)
	}
	runtime.KeepAlive(m)
}

func TestPublishContext(t *testing.T) {
	var b event.Bus[order]
	var j journal
	ctx, cancel := context.WithCancel(t.Context())
	a, c := &mailer{name: "a", log: &j, on: func(o order) {
		if o.n == 2 {
			cancel()
		}
	}}, &mailer{name: "c", log: &j}
	event.Subscribe(&b, a, (*mailer).handle)
	event.Subscribe(&b, c, (*mailer).handle)
	if n, err := b.PublishContext(ctx, order{1}); n != 2 || err != nil {
		t.Errorf("reached %d, %v", n, err)
	}
	if n, err := b.PublishContext(ctx, order{2}); n != 1 || err != context.Canceled {
		t.Errorf("reached %d, %v", n, err)
	}
	if n, err := b.PublishContext(ctx, order{3}); n != 0 || err != context.Canceled {
		t.Errorf("reached %d, %v", n, err)
	}
	j.want(t, "a. c. a..")
	runtime.KeepAlive([]*mailer{a, c})
}

// blocker is a listener whose handler blocks until it is told to go on.
type blocker struct {
	entered chan struct{}
	release chan struct{}
	calls   atomic.Int32
	inside  atomic.Int32
}

func newBlocker() *blocker {
	return &blocker{entered: make(chan struct{}, 1000), release: make(chan struct{})}
}

func (b *blocker) handle(order) {
	b.calls.Add(1)
	b.inside.Add(1)
	defer b.inside.Add(-1)
	b.entered <- struct{}{}
	<-b.release
}

// async runs f and returns a channel that is closed when it has returned.
func async(f func()) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	return done
}

func isOpen(done <-chan struct{}) bool {
	select {
	case <-done:
		return false
	default:
		return true
	}
}

func TestCloseWait(t *testing.T) {
	var b event.Bus[order]
	l := newBlocker()
	s := event.Subscribe(&b, l, (*blocker).handle)
	const publishers = 20
	var wg sync.WaitGroup
	for range publishers {
		wg.Go(func() { b.Publish(order{1}) })
	}
	for range publishers {
		<-l.entered
	}
	closed := async(func() {
		if err := s.CloseWait(t.Context()); err != nil || l.inside.Load() != 0 {
			t.Errorf("CloseWait returned %v while %d handlers were running", err, l.inside.Load())
		}
	})
	waitFor(t, "it is closed", func() bool { return b.Len() == 0 })
	if n := b.Publish(order{2}); n != 0 {
		t.Error("a closed listener received an event")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.CloseWait(ctx); err != context.Canceled {
		t.Errorf("CloseWait with a context that has ended returned %v", err)
	}
	s.Close() // does not wait
	for range publishers {
		if !isOpen(closed) {
			t.Error("CloseWait did not wait")
		}
		l.release <- struct{}{}
	}
	<-closed
	wg.Wait()
}

// TestCloseDoesNotWait closes a subscription under a lock that the handler wants, and one
// that a publish under way has not come to.
func TestCloseDoesNotWait(t *testing.T) {
	var b event.Bus[order]
	var mu sync.Mutex
	entered := make(chan bool)
	l := &mailer{on: func(order) {
		entered <- true
		mu.Lock()
		defer mu.Unlock()
	}, log: new(journal)}
	after := &mailer{name: "after", log: new(journal)}
	s1 := event.Subscribe(&b, l, (*mailer).handle)
	s2 := event.Subscribe(&b, after, (*mailer).handle)
	mu.Lock()
	published := async(func() { b.Publish(order{1}) })
	<-entered
	s1.Close()
	s2.Close()
	mu.Unlock()
	<-published
	after.log.want(t, "")
	runtime.KeepAlive([]any{l, after})
}

// TestCloseWaitFromHandler is what the documentation advises against: the context ends it.
func TestCloseWaitFromHandler(t *testing.T) {
	var b event.Bus[order]
	var s *event.Subscription
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := &mailer{log: new(journal), on: func(order) {
		if err := s.CloseWait(ctx); err != context.Canceled {
			t.Errorf("CloseWait returned %v", err)
		}
		if err := b.Flush(ctx); err != context.Canceled {
			t.Errorf("Flush returned %v", err)
		}
	}}
	s = event.Subscribe(&b, m, (*mailer).handle)
	b.Publish(order{1})
	if err := s.CloseWait(t.Context()); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(m)
}

// TestCloseFromItsHandlers checks the listener that wants one event only, with two
// publishers at once: neither call of Close may wait for the other's handler.
func TestCloseFromItsHandlers(t *testing.T) {
	var b event.Bus[order]
	var both sync.WaitGroup
	both.Add(2)
	m := &mailer{log: new(journal)}
	var s *event.Subscription
	m.on = func(order) {
		both.Done()
		both.Wait()
		s.Close()
	}
	s = event.Subscribe(&b, m, (*mailer).handle)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { b.Publish(order{1}) })
	}
	wg.Wait()
	runtime.KeepAlive(m)
}

// TestHandlersCloseEachOther checks that calls of Close that would wait for each
// other do not, in a ring of three, on two buses.
func TestHandlersCloseEachOther(t *testing.T) {
	for range 50 {
		var buses [2]event.Bus[order]
		const n = 3
		var all sync.WaitGroup
		all.Add(n)
		var subs [n]*event.Subscription
		var ms [n]*mailer
		for i := range n {
			ms[i] = &mailer{log: new(journal), on: func(o order) {
				if o.n != i {
					return
				}
				all.Done()
				all.Wait()
				subs[(i+1)%n].Close()
			}}
			subs[i] = event.Subscribe(&buses[i%2], ms[i], (*mailer).handle)
		}
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { buses[i%2].Publish(order{i}) })
		}
		wg.Wait()
		runtime.KeepAlive(&ms)
	}
}

func TestListeners(t *testing.T) {
	var b event.Bus[order]
	for l := range b.Listeners() {
		t.Errorf("%v listens to an empty bus", l)
	}
	m := &mailer{log: new(journal)}
	s := event.Subscribe(&b, m, (*mailer).handle)
	b.Publish(order{1})
	event.Subscribe(&b, m, (*mailer).other)
	var got []string
	for l := range b.Listeners() {
		state := "waits"
		if l.Received {
			state = "received"
			s.Close()
		}
		got = append(got, l.Handler[strings.LastIndex(l.Handler, ".")+1:]+" "+state)
	}
	if !slices.Equal(got, []string{"handle received", "other waits"}) {
		t.Errorf("got %q", got)
	}
	for range b.Listeners() {
		break
	}
	runtime.KeepAlive(m)
}

// TestNewOwnerAtOldAddress checks that a listener is not mistaken for a dead one whose
// memory it got. Without the check of the owner it would get the old subscription.
func TestNewOwnerAtOldAddress(t *testing.T) {
	var b event.Bus[order]
	var j journal
	for range 20 {
		subscribeDropped(&b, &j, 200)
		runtime.GC()
		var mine journal
		kept := make([]*mailer, 200)
		for i := range kept {
			kept[i] = &mailer{name: "k", log: &mine}
			event.Subscribe(&b, kept[i], (*mailer).handle)
		}
		b.Sweep()
		b.Publish(order{1})
		if got := strings.Count(mine.take(), "k"); got != len(kept) {
			t.Fatalf("%d of %d received", got, len(kept))
		}
		runtime.KeepAlive(kept)
	}
}

func TestPublishDoesNotAllocate(t *testing.T) {
	var b event.Bus[order]
	ms := make([]*quiet, 100)
	for i := range ms {
		ms[i] = new(quiet)
		event.Subscribe(&b, ms[i], (*quiet).handle)
	}
	if n := testing.AllocsPerRun(100, func() { b.Publish(order{1}) }); n != 0 {
		t.Errorf("a publish allocates %v times", n)
	}
	runtime.KeepAlive(ms)
}

// quiet is a listener that does nothing.
type quiet struct{ _ [2]*quiet }

func (*quiet) handle(order) {}

// witness is a listener that notes calls after CloseWait. closed is not atomic: the race
// detector looks at it too, and nothing but CloseWait orders it.
type witness struct {
	closed bool
	calls  atomic.Int64
	late   atomic.Int64
}

func (w *witness) handle(order) {
	w.calls.Add(1)
	if w.closed {
		w.late.Add(1)
	}
}

// TestCloseWaitIsExact closes listeners, with and without queues, while others publish
// without a pause: no handler starts after CloseWait has returned.
func TestCloseWaitIsExact(t *testing.T) {
	rounds := 2_000
	if light() {
		rounds = 500
	}
	var b event.Bus[order]
	stop := make(chan struct{})
	var publishers, closers sync.WaitGroup
	for range 2 {
		publishers.Go(func() {
			for isOpen(stop) {
				for range 100 {
					b.Publish(order{1})
				}
			}
		})
	}
	var all [3][]*witness
	for g := range all { // several closers at once wait for each other's phases
		closers.Go(func() {
			for i := range rounds / len(all) {
				w := new(witness)
				s := event.SubscribeWith(&b, w, (*witness).handle, event.Options{Queue: i % 2})
				for range 1000 {
					if w.calls.Load() > 0 {
						break
					}
				}
				if err := s.CloseWait(t.Context()); err != nil {
					t.Error(err)
				}
				w.closed = true
				all[g] = append(all[g], w)
			}
		})
	}
	closers.Wait()
	close(stop)
	publishers.Wait()
	if err := b.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	for i, w := range slices.Concat(all[:]...) {
		if n := w.late.Load(); n != 0 {
			t.Fatalf("listener %d received %d events after CloseWait", i, n)
		}
	}
}
