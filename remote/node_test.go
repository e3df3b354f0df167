package remote

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref/remote/embed"
)

// session is an object of the tests: large enough to be an allocation of its own.
type session struct {
	user string
	_    [64]byte
}

// patience is how long a test waits for something that must come.
const patience = 30 * time.Second

func startBroker(t testing.TB) *embed.Server {
	t.Helper()
	s, err := embed.Start(embed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func connect(t testing.TB, s *embed.Server) *nats.Conn {
	t.Helper()
	nc, err := s.Connect(nats.ReconnectWait(20*time.Millisecond), nats.MaxReconnects(-1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func joined(t testing.TB, nc *nats.Conn, c Config) *Node {
	t.Helper()
	if c.Grace == 0 {
		c.Grace = -1 // a loaded machine must not look like an absent process
	}
	if c.TTL == 0 {
		c.TTL = 10 * time.Minute // nor like one that stands still
	}
	n, err := Join(t.Context(), nc, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close(context.Background()) })
	return n
}

// pair returns two nodes of one broker, each with a connection of its own.
func pair(t testing.TB) (owner, other *Node) {
	s := startBroker(t)
	return joined(t, connect(t, s), Config{}), joined(t, connect(t, s), Config{})
}

// collectUntil runs the collector until a channel delivers.
func collectUntil[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	deadline := time.After(patience)
	for {
		runtime.GC()
		select {
		case v := <-c:
			return v
		case <-deadline:
			t.Fatal("did not come")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func receive[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("did not come")
		panic("unreachable")
	}
}

// until waits for a condition.
func until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func ask(t testing.TB, n *Node, r Ref) State {
	t.Helper()
	states, err := n.Ask(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return states[0]
}

func TestAsk(t *testing.T) {
	owner, other := pair(t)
	p := &session{user: "ada"}
	r := Export(owner, p)
	for _, n := range []*Node{owner, other} {
		if got := ask(t, n, r); got != Alive {
			t.Errorf("a live object is %v", got)
		}
	}
	if got, ok := Local[session](owner, r); !ok || got != p {
		t.Error("the owner does not find its object")
	}
	if _, ok := Local[int](owner, r); ok {
		t.Error("found as another type")
	}
	if _, ok := Local[session](other, r); ok {
		t.Error("found in another process")
	}
	runtime.KeepAlive(p)
	p = nil
	until(t, "gone", func() bool { runtime.GC(); return ask(t, other, r) == Gone })
	if got := ask(t, other, Ref{owner.id, 12345}); got != Gone {
		t.Errorf("what never was is %v", got)
	}
	if got := ask(t, other, Ref{SessionID{1}, r.number}); got != Gone {
		t.Errorf("the object of a session that never was is %v", got)
	}
}

func TestAskMany(t *testing.T) {
	owner, other := pair(t)
	const many = 50_000
	objects, refs := make([]*session, many), make([]Ref, many+1)
	for i := range objects {
		objects[i] = new(session)
		refs[i] = Export(owner, objects[i])
	}
	for i := 0; i < many; i += 2 {
		owner.Withdraw(refs[i])
	}
	refs[many] = Export(other, objects[0])
	states, err := other.Ask(t.Context(), refs...)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range states {
		if want := (i%2 == 0 && i != many); (s == Gone) != want || s == Unknown {
			t.Fatalf("object %d is %v", i, s)
		}
	}
	runtime.KeepAlive(objects)
}

func TestHoldKeeps(t *testing.T) {
	owner, other := pair(t)
	p := &session{}
	r := Export(owner, p)
	h, err := other.Hold(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(p)
	p = nil
	for range 5 {
		runtime.GC()
	}
	if got := ask(t, other, r); got != Alive {
		t.Fatalf("a held object is %v", got)
	}
	if held := owner.Held(); len(held) != 1 || held[0].Holder != other.id || held[0].Ref != r {
		t.Errorf("held: %v", held)
	}
	h.Close()
	if !errors.Is(h.Err(), ErrClosed) {
		t.Error(h.Err())
	}
	until(t, "gone", func() bool { runtime.GC(); return ask(t, other, r) == Gone })
	if _, err := other.Hold(t.Context(), r); !errors.Is(err, ErrGone) {
		t.Errorf("a hold on what is gone: %v", err)
	}
}

func TestHoldEndsWithTheHolder(t *testing.T) {
	owner, other := pair(t)
	r := Export(owner, &session{})
	if _, err := other.Hold(t.Context(), r); errors.Is(err, ErrGone) {
		t.Skip("collected before it was held")
	}
	other.Close(t.Context())
	until(t, "gone", func() bool { runtime.GC(); return ask(t, owner, r) == Gone })
}

func TestWatch(t *testing.T) {
	owner, other := pair(t)
	down := make(chan Down, 10)
	watch := func(p *session) Ref {
		r := Export(owner, p)
		if _, err := other.Watch(t.Context(), r, func(d Down) { down <- d }); err != nil {
			t.Fatal(err)
		}
		return r
	}
	p := new(session)
	r := watch(p)
	runtime.KeepAlive(p)
	p = nil
	if d := collectUntil(t, down); d != (Down{r, Collected, true}) {
		t.Error(d)
	}
	if _, err := other.Watch(t.Context(), r, func(d Down) { down <- d }); err != nil {
		t.Fatal(err)
	}
	if d := receive(t, down); d != (Down{r, AlreadyGone, true}) {
		t.Error(d)
	}
	p = new(session)
	r = watch(p)
	owner.Withdraw(r)
	if d := receive(t, down); d != (Down{r, Closed, true}) {
		t.Error(d)
	}
	r = watch(p)
	owner.Close(t.Context())
	if d := receive(t, down); d != (Down{r, SessionEnded, true}) {
		t.Error(d)
	}
	if _, err := other.Watch(t.Context(), r, func(d Down) { down <- d }); err != nil {
		t.Fatal(err)
	}
	if d := receive(t, down); d != (Down{r, SessionEnded, true}) {
		t.Error(d)
	}
	runtime.KeepAlive(p)
	if s := other.Stats(); s.Watches != 0 || s.Sessions != 0 {
		t.Error("left:", s)
	}
}

func TestWatchStopped(t *testing.T) {
	owner, other := pair(t)
	p := new(session)
	r := Export(owner, p)
	stop, err := other.Watch(t.Context(), r, func(d Down) { t.Error(d) })
	if err != nil {
		t.Fatal(err)
	}
	stop()
	stop()
	until(t, "released", func() bool { return owner.Stats().WatchBy == 0 })
	owner.Withdraw(r)
	runtime.KeepAlive(p)
}

func TestNames(t *testing.T) {
	owner, other := pair(t)
	type event struct {
		ref  Ref
		here bool
	}
	heard := make(chan event, 10)
	if _, err := other.WatchName(t.Context(), "user/ada*", func(r Ref, here bool) { heard <- event{r, here} }); err != nil {
		t.Fatal(err)
	}
	if e := receive(t, heard); e.here {
		t.Error("taken before it was announced")
	}
	if _, err := other.Lookup(t.Context(), "user/ada*"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	p := &session{}
	a, err := Announce(t.Context(), owner, "user/ada*", p)
	if err != nil {
		t.Fatal(err)
	}
	if e := receive(t, heard); e != (event{a.Ref(), true}) {
		t.Error(e)
	}
	for _, n := range []*Node{owner, other} {
		if r, err := n.Lookup(t.Context(), "user/ada*"); err != nil || r != a.Ref() {
			t.Error(r, err)
		}
		if _, err := Announce(t.Context(), n, "user/ada*", &session{}); !errors.Is(err, ErrTaken) {
			t.Error(err)
		}
	}
	runtime.KeepAlive(p)
	p = nil
	if e := collectUntil(t, heard); e != (event{a.Ref(), false}) {
		t.Error(e)
	}
	q := &session{}
	b, err := Announce(t.Context(), other, "user/ada*", q)
	if err != nil {
		t.Fatal(err)
	}
	if b.Token().Compare(a.Token()) <= 0 {
		t.Error("a later owner has no greater token")
	}
	if e := receive(t, heard); e != (event{b.Ref(), true}) {
		t.Error(e)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if e := receive(t, heard); e != (event{b.Ref(), false}) {
		t.Error(e)
	}
	if got := ask(t, owner, b.Ref()); got != Alive {
		t.Error("the ref has ended with its name:", got)
	}
	c, err := Announce(t.Context(), owner, "user/ada*", q)
	if err != nil {
		t.Fatal(err)
	}
	receive(t, heard)
	owner.Close(t.Context())
	if e := receive(t, heard); e != (event{c.Ref(), false}) {
		t.Error(e)
	}
	if _, err := other.Lookup(t.Context(), "user/ada*"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	runtime.KeepAlive(q)
}

func TestClosed(t *testing.T) {
	owner, other := pair(t)
	p := new(session)
	r, down := Export(other, p), make(chan Down, 1)
	h, err := owner.Hold(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Watch(t.Context(), r, func(d Down) { down <- d }); err != nil {
		t.Fatal(err)
	}
	if err := owner.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := owner.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := receive(t, down); d != (Down{r, WatcherLost, false}) {
		t.Error(d)
	}
	receive(t, h.Done())
	_, askErr := owner.Ask(t.Context(), r)
	_, holdErr := owner.Hold(t.Context(), r)
	_, watchErr := owner.Watch(t.Context(), r, func(Down) {})
	_, lookupErr := owner.Lookup(t.Context(), "x")
	_, announceErr := Announce(t.Context(), owner, "x", p)
	_, watchNameErr := owner.WatchName(t.Context(), "x", func(Ref, bool) {})
	for _, err := range []error{h.Err(), owner.Valid(), askErr, holdErr, watchErr, lookupErr, announceErr, watchNameErr} {
		if !errors.Is(err, ErrLost) {
			t.Errorf("after Close: %v", err)
		}
	}
	runtime.KeepAlive(p)
}

// TestOneOfManyStops: of several watchers of an object, one stops, and the others are told.
func TestOneOfManyStops(t *testing.T) {
	t.Parallel()
	owner, other := pair(t)
	const watchers = 4
	for stopped := range watchers {
		p := new(session)
		r := Export(owner, p)
		down := make(chan int, watchers)
		var stops [watchers]func()
		for i := range watchers {
			var err error
			if stops[i], err = other.Watch(t.Context(), r, func(Down) { down <- i }); err != nil {
				t.Fatal(err)
			}
		}
		stops[stopped]()
		until(t, "released", func() bool { return owner.Stats().WatchBy == watchers-1 })
		owner.Withdraw(r)
		told := map[int]bool{}
		for range watchers - 1 {
			told[receive(t, down)] = true
		}
		if len(told) != watchers-1 || told[stopped] {
			t.Errorf("%d has stopped, and these were told: %v", stopped, told)
		}
		runtime.KeepAlive(p)
	}
}
