package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The broker's side of failures that a proxy cannot make at a chosen moment. Those that
// it can, and those that need processes, are in remotetest.

// deafStore loses the acknowledgement of writes: they are written, and the node does
// not hear of it.
type deafStore struct {
	store
	lose atomic.Int32 // so many of the next writes
	as   error        // what the node is told
}

var errLostAck = errors.New("acknowledgement lost")

func (s *deafStore) put(ctx context.Context, w write) (uint64, error) {
	rev, err := s.store.put(ctx, w)
	if err == nil && s.lose.Add(-1) >= 0 {
		return 0, s.as
	}
	return rev, err
}

// deafJoin joins through a deafStore.
func deafJoin(t *testing.T, nc *nats.Conn, c Config) (*Node, *deafStore) {
	return deafJoinAfter(t, nc, c, 0)
}

// deafJoinAfter joins, and some acknowledgements are lost already then.
func deafJoinAfter(t *testing.T, nc *nats.Conn, c Config, lost int32) (*Node, *deafStore) {
	t.Helper()
	c.Grace, c.TTL = -1, 10*time.Minute
	c, err := c.withDefaults(nc)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := openStore(t.Context(), nc, c)
	if err != nil {
		t.Fatal(err)
	}
	s := &deafStore{store: inner, as: errConflict} // as if no answer had come in time
	s.lose.Store(lost)
	n, err := join(t.Context(), nc, c, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close(context.Background()) })
	s.as = errLostAck
	return n, s
}

func TestJoinLostAcknowledgement(t *testing.T) {
	t.Parallel()
	n, _ := deafJoinAfter(t, connect(t, startBroker(t)), Config{}, 1)
	if err := n.Valid(); err != nil || n.begun == 0 {
		t.Error(n.begun, err)
	}
}

// TestLostAcknowledgement: a renewal that was written without the node's knowledge
// makes the next one fail. That is not the end of the session.
func TestLostAcknowledgement(t *testing.T) {
	t.Parallel()
	n, s := deafJoin(t, connect(t, startBroker(t)), Config{})
	for lost := range int32(4) {
		before := n.lease.rev
		s.lose.Store(lost)
		for range lost {
			if err := n.renew(); !errors.Is(err, errLostAck) && !errors.Is(err, errConflict) {
				t.Fatal(err)
			}
		}
		until(t, "renewed", func() bool { return n.renew() == nil })
		if n.lease.rev <= before || n.Valid() != nil {
			t.Errorf("%d lost: revision %d after %d, %v", lost, n.lease.rev, before, n.Valid())
		}
	}
}

// TestLateAcknowledgement: a session lasts from the sending of the attempt that was
// written, not from that of the one which found it.
func TestLateAcknowledgement(t *testing.T) {
	t.Parallel()
	n, s := deafJoin(t, connect(t, startBroker(t)), Config{})
	s.lose.Store(1)
	n.renew()
	sent := n.lease.attempts[0].grant.sent
	n.renew()
	if got := n.grant.Load().sent; !got.Equal(sent) {
		t.Errorf("granted from %v, written at %v", got, sent)
	}
}

func TestAnnounceLostAcknowledgement(t *testing.T) {
	t.Parallel()
	n, s := deafJoin(t, connect(t, startBroker(t)), Config{})
	p := &session{}
	s.lose.Store(1)
	if _, err := Announce(t.Context(), n, "x", p); !errors.Is(err, errLostAck) {
		t.Fatal(err)
	}
	if _, err := n.Lookup(t.Context(), "x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a name that was not announced is found: %v", err)
	}
	a, err := Announce(t.Context(), n, "x", p)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := n.Lookup(t.Context(), "x"); err != nil || r != a.Ref() {
		t.Error(r, err)
	}
	runtime.KeepAlive(p)
}

// TestVerdict: a process that is absent from the broker is over long before its TTL.
func TestVerdict(t *testing.T) {
	t.Parallel()
	s := startBroker(t)
	other := joined(t, connect(t, s), Config{TTL: time.Minute, Grace: 200 * time.Millisecond})
	nc := connect(t, s)
	owner := joined(t, nc, Config{TTL: time.Minute})
	p := &session{}
	a, err := Announce(t.Context(), owner, "x", p)
	if err != nil {
		t.Fatal(err)
	}
	down := make(chan Down, 1)
	if _, err := other.Watch(t.Context(), a.Ref(), func(d Down) { down <- d }); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	if d := receive(t, down); d != (Down{a.Ref(), SessionExpired, true}) {
		t.Error(d)
	}
	if got := ask(t, other, a.Ref()); got != Gone {
		t.Error(got)
	}
	if _, err := Announce(t.Context(), other, "x", p); err != nil {
		t.Error("the name of a dead session is not free:", err)
	}
	if owner.Valid() == nil {
		t.Error("the owner believes in its session")
	}
}

// TestVerdictOnTheLiving: whoever is judged wrongly learns it at once, and acts no more.
func TestVerdictOnTheLiving(t *testing.T) {
	t.Parallel()
	owner, other := pair(t)
	r := Export(owner, &session{})
	if err := other.writeEnd(t.Context(), owner.id, endAbsent); err != nil {
		t.Fatal(err)
	}
	receive(t, owner.Lost())
	if err := owner.Valid(); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	if got := ask(t, other, r); got != Gone {
		t.Error(got)
	}
}

// TestUnknown: an owner that is unsure of its session does not say what it has.
func TestUnknown(t *testing.T) {
	t.Parallel()
	owner, other := pair(t)
	p := &session{}
	r := Export(owner, p)
	g := *owner.grant.Load()
	owner.grant.Store(&grant{g.sent, g.connection + 1})
	if got := ask(t, other, r); got != Unknown {
		t.Error(got)
	}
	if _, err := other.Hold(t.Context(), r); !errors.Is(err, ErrUnreachable) {
		t.Error(err)
	}
	owner.grant.Store(&g)
	if got := ask(t, other, r); got != Alive {
		t.Error(got)
	}
	runtime.KeepAlive(p)
}

// TestClocks: neither clock alone can keep a grant good.
func TestClocks(t *testing.T) {
	now := time.Now()
	g := grant{sent: now}
	for _, c := range []struct {
		at   time.Time
		good bool
	}{
		{now.Add(time.Second), true},
		{now.Add(time.Minute), false},
		{now.Round(0).Add(time.Second), true},
		{now.Round(0).Add(time.Minute), false}, // the monotonic clock stood still
	} {
		if got := g.good(c.at, 10*time.Second); got != c.good {
			t.Errorf("good at %v: %v", c.at, got)
		}
	}
}

// TestResync: whatever a link has lost on its way, a comparison finds it.
func TestResync(t *testing.T) {
	t.Parallel()
	owner, other := pair(t)
	down := make(chan Down, 10)
	watch := func(p *session) Ref {
		r := Export(owner, p)
		if _, err := other.Watch(t.Context(), r, func(d Down) { down <- d }); err != nil {
			t.Fatal(err)
		}
		return r
	}
	p, q := new(session), new(session)
	dead, kept := watch(p), watch(q)
	held, err := other.Hold(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	leaked, err := other.Hold(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	k := other.links.all()[0]

	// The owner has lost all watches; the notice of a death and a release never came.
	owner.owner.holderEnded(other.id)
	owner.Withdraw(dead)
	k.mu.Lock()
	k.takeLocked(leaked.at.id)
	k.mu.Unlock()
	k.compare()
	if d := receive(t, down); d != (Down{dead, AlreadyGone, true}) {
		t.Error(d)
	}
	until(t, "repaired", func() bool { s := owner.Stats(); return s.HeldBy == 1 && s.WatchBy == 1 })

	// A release that never came, alone.
	k.mu.Lock()
	k.takeLocked(held.at.id)
	k.mu.Unlock()
	k.compare()
	until(t, "released", func() bool { return owner.Stats().HeldBy == 0 })
	if owner.Withdraw(kept); receive(t, down) != (Down{kept, Closed, true}) {
		t.Error("a repaired watch does not work")
	}
	resyncs := other.Stats().Resyncs
	k.compare()
	if other.Stats().Resyncs != resyncs {
		t.Error("equal lists differ")
	}
	runtime.KeepAlive(p)
	runtime.KeepAlive(q)
}

// TestDeaf: a node that does not hear what is written finds it out, and asks.
func TestDeaf(t *testing.T) {
	t.Parallel()
	s := startBroker(t)
	owner := joined(t, connect(t, s), Config{})
	other := joined(t, connect(t, s), Config{})
	p, down, names := new(session), make(chan Down, 1), make(chan bool, 10)
	a, err := Announce(t.Context(), owner, "x", p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Watch(t.Context(), a.Ref(), func(d Down) { down <- d }); err != nil {
		t.Fatal(err)
	}
	if _, err := other.WatchName(t.Context(), "x", func(_ Ref, here bool) { names <- here }); err != nil {
		t.Fatal(err)
	}
	for _, sub := range other.subs {
		if sub.Subject == "weakref.kv.s.>" {
			if err := sub.Unsubscribe(); err != nil {
				t.Fatal(err)
			}
		}
	}
	owner.Close(t.Context())
	other.kick()
	until(t, "renewed", func() bool {
		other.view.mu.Lock()
		defer other.view.mu.Unlock()
		if other.view.renewed == other.view.self {
			return false
		}
		other.view.written = time.Now().Add(-other.config.TTL) // and should have been heard
		return true
	})
	other.view.check()
	if d := receive(t, down); d != (Down{a.Ref(), SessionEnded, true}) {
		t.Error(d)
	}
	for receive(t, names) {
	}
	runtime.KeepAlive(p)
}

// TestSlowConsumer: messages that were dropped because the process was slow are made up
// for.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	s := startBroker(t)
	owner := joined(t, connect(t, s), Config{})
	other := joined(t, connect(t, s), Config{})
	const many = 500
	objects, down := make([]*session, many), make(chan Down, many)
	refs := make([]Ref, many)
	for i := range objects {
		objects[i] = new(session)
		refs[i] = Export(owner, objects[i])
		if _, err := other.Watch(t.Context(), refs[i], func(d Down) { down <- d }); err != nil {
			t.Fatal(err)
		}
	}
	for _, sub := range other.subs {
		if err := sub.SetPendingLimits(1, 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	other.links.mu.Lock() // notices wait, and those that follow are dropped
	for i, r := range refs {
		owner.Withdraw(r)
		if i%50 == 0 {
			until(t, "told", func() bool {
				owner.owner.mu.Lock()
				defer owner.owner.mu.Unlock()
				return len(owner.owner.dead) == 0
			})
		}
	}
	until(t, "dropped", func() bool { return other.droppedMessages() > 0 })
	other.links.mu.Unlock()
	until(t, "drained", func() bool { n, _, _ := other.subs[0].Pending(); m, _, _ := other.subs[1].Pending(); return n+m == 0 })
	for _, sub := range other.subs {
		sub.SetPendingLimits(-1, -1)
	}
	other.view.check()
	for range many {
		receive(t, down)
	}
	runtime.KeepAlive(objects)
}

// TestBucketLost: sessions of a bucket that was lost, and made anew, are over.
func TestBucketLost(t *testing.T) {
	t.Parallel()
	s := startBroker(t)
	nc := connect(t, s)
	old := joined(t, nc, Config{TTL: 9 * time.Second, Memory: true})
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteStream(t.Context(), "KV_weakref"); err != nil {
		t.Fatal(err)
	}
	fresh := joined(t, connect(t, s), Config{TTL: 9 * time.Second, Memory: true})
	receive(t, old.Lost())
	if fresh.Token().Compare(old.Token()) <= 0 {
		t.Error("a session of the new bucket has no greater token")
	}
	if err := fresh.Valid(); err != nil {
		t.Error(err)
	}
}

// TestReap: the names of a session that died are removed from the broker.
func TestReap(t *testing.T) {
	t.Parallel()
	s := startBroker(t)
	other := joined(t, connect(t, s), Config{TTL: time.Minute, Grace: 100 * time.Millisecond})
	nc := connect(t, s)
	owner := joined(t, nc, Config{TTL: time.Minute})
	p := &session{}
	for _, name := range []string{"a", "b", "c"} {
		if _, err := Announce(t.Context(), owner, name, p); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "known to have names", func() bool {
		other.view.mu.Lock()
		defer other.view.mu.Unlock()
		peer := other.view.peers[owner.id]
		return peer != nil && peer.named
	})
	nc.Close()
	until(t, "reaped", func() bool {
		keys, err := other.store.keys(t.Context(), "n.>")
		return err == nil && len(keys) == 0
	})
	runtime.KeepAlive(p)
}

// TestCallbacksSurvive: a callback that panics, or ends its goroutine, stops nothing.
func TestCallbacksSurvive(t *testing.T) {
	t.Parallel()
	var c callbacks
	got := make(chan int, 10)
	c.add(
		func() { got <- 1 },
		func() { panic("on purpose") },
		func() { got <- 2 },
		func() { runtime.Goexit() },
		func() { got <- 3 },
	)
	c.add(func() { got <- 4 })
	for want := 1; want <= 4; want++ {
		if n := receive(t, got); n != want {
			t.Errorf("%d, want %d", n, want)
		}
	}
}

// TestOnLost: a session that is lost is told once, and one that is closed is not.
func TestOnLost(t *testing.T) {
	t.Parallel()
	s := startBroker(t)
	other, lost := joined(t, connect(t, s), Config{}), make(chan error, 2)
	n := joined(t, connect(t, s), Config{OnLost: func(err error) { lost <- err }})
	closed := joined(t, connect(t, s), Config{OnLost: func(err error) { t.Error("closed, and told:", err) }})
	closed.Close(t.Context())
	if err := other.writeEnd(t.Context(), n.id, endAbsent); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, lost); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	if err := n.Close(t.Context()); err != nil || len(lost) != 0 {
		t.Error(err, len(lost))
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	s := startBroker(t)
	silent, err := s.Connect(nats.NoEcho())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if _, err := Join(t.Context(), silent, Config{}); err == nil {
		t.Error("accepted a connection that does not hear itself")
	}
	nc := connect(t, s)
	for _, c := range []Config{
		{Bucket: "a.b"},
		{TTL: time.Millisecond},
		{TTL: 5 * time.Second, Replicas: 3},
	} {
		if _, err := Join(t.Context(), nc, c); err == nil {
			t.Errorf("accepted: %+v", c)
		}
	}
}

func TestRefText(t *testing.T) {
	r := Ref{SessionID{1, 2, 0xff}, 1<<48 | 77}
	text, _ := r.MarshalText()
	var got Ref
	if err := got.UnmarshalText(text); err != nil || got != r {
		t.Errorf("%s read as %v: %v", text, got, err)
	}
	for _, bad := range []string{"", ".", "12.3", r.String() + "g", r.String()[1:]} {
		if _, err := ParseRef(bad); err == nil {
			t.Errorf("%q is a Ref", bad)
		}
	}
}

// FuzzWire: no message, however short or wild, makes an owner or a holder fail.
func FuzzWire(f *testing.F) {
	s := startBroker(f)
	n := joined(f, connect(f, s), Config{})
	var id SessionID
	for _, op := range []byte{opAsk, opNamed, opHold, opWatch, opDigest, opRelease, opList, opDead, opCompare} {
		f.Add(append(head(op, id), 1, 1, 1, 1))
		f.Add([]byte{op})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n.owner.serve(&nats.Msg{Data: data})
		n.links.notified(data)
	})
}

// TestLateRemoval: the removal of a name that is written when another node has taken the
// name already does not free it, and what the first owner has left does not come back.
func TestLateRemoval(t *testing.T) {
	t.Parallel()
	first, second := pair(t)
	p := &session{}
	a, err := Announce(t.Context(), first, "x", p)
	if err != nil {
		t.Fatal(err)
	}
	first.owner.dropName(a) // Close has come so far
	b, err := Announce(t.Context(), second, "x", p)
	if err != nil {
		t.Fatal(err)
	}
	first.store.post(a.removal())
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := first.Lookup(t.Context(), "x"); err != nil || r != b.Ref() {
		t.Error(r, err)
	}
	until(t, "the first owner's key is removed", func() bool {
		keys, err := first.store.keys(t.Context(), "n.>")
		return err == nil && len(keys) == 1
	})
	runtime.KeepAlive(p)
}

// TestStaleRecord: a record that is older than what a watch of a name has seen changes
// nothing.
func TestStaleRecord(t *testing.T) {
	t.Parallel()
	n := joined(t, connect(t, startBroker(t)), Config{})
	var last atomic.Bool
	w := &nameWatch{node: n, key: "n.x", f: func(_ Ref, here bool) { last.Store(here) }}
	key := "n.x." + n.id.String()
	w.note(record{key: key, value: []byte{1}, rev: 5})
	w.note(record{key: key, end: endClosed, rev: 3})
	done := make(chan struct{})
	n.callbacks.add(func() { close(done) })
	receive(t, done)
	if !last.Load() {
		t.Error("a stale record was believed")
	}
}

// TestOverdue: an owner whose renewal is overdue is not valid.
func TestOverdue(t *testing.T) {
	t.Parallel()
	n := joined(t, connect(t, startBroker(t)), Config{TTL: time.Minute})
	g := *n.grant.Load()
	n.grant.Store(&grant{g.sent.Add(-n.config.TTL + n.config.margin()), g.connection})
	if err := n.Valid(); !errors.Is(err, ErrUnsure) {
		t.Error(err)
	}
	n.grant.Store(&grant{g.sent.Add(-n.config.TTL + 2*n.config.margin()), g.connection})
	if err := n.Valid(); err != nil {
		t.Error(err)
	}
}

// TestAbsent: an owner that is not connected, and whose session lasts, is not gone.
func TestAbsent(t *testing.T) {
	t.Parallel()
	s := startBroker(t)
	other := joined(t, connect(t, s), Config{TTL: time.Minute})
	nc := connect(t, s)
	owner := joined(t, nc, Config{TTL: time.Minute})
	p := &session{}
	a, err := Announce(t.Context(), owner, "x", p)
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	if got := ask(t, other, a.Ref()); got != Unknown {
		t.Error(got)
	}
	if _, err := other.Hold(t.Context(), a.Ref()); !errors.Is(err, ErrUnreachable) {
		t.Error(err)
	}
	if _, err := other.Lookup(t.Context(), "x"); !errors.Is(err, ErrUnreachable) {
		t.Error(err)
	}
	if _, err := Announce(t.Context(), other, "x", p); !errors.Is(err, ErrTaken) {
		t.Error(err)
	}
}

// TestExpiredEarly: a broker whose clock was set forward ends sessions before their time.
// Holders and watchers see that, and the owner learns it at once from what is written.
func TestExpiredEarly(t *testing.T) {
	t.Parallel()
	owner, other := pair(t)
	p := &session{}
	r := Export(owner, p)
	down := make(chan Down, 1)
	if _, err := other.Watch(t.Context(), r, func(d Down) { down <- d }); err != nil {
		t.Fatal(err)
	}
	if err := other.writeEnd(t.Context(), owner.id, endExpired); err != nil {
		t.Fatal(err)
	}
	if d := receive(t, down); d != (Down{r, SessionExpired, true}) {
		t.Error(d)
	}
	receive(t, owner.Lost())
	if _, err := Announce(t.Context(), owner, "x", p); !errors.Is(err, ErrLost) {
		t.Error("an owner whose session has expired announces:", err)
	}
	// One whose record vanished without a mark learns it when it renews.
	third := joined(t, connect(t, startBroker(t)), Config{})
	if err := third.store.purge(t.Context(), sessionKey(third.id), 0); err != nil {
		t.Fatal(err)
	}
	third.kick()
	receive(t, third.Lost())
}

// TestManyNames: names of objects that die at once are free, and are ended at the broker.
func TestManyNames(t *testing.T) {
	owner, other := pair(t)
	many := 3000
	if os.Getenv("WEAKREF_LONG") != "" {
		many = 100_000
	}
	objects := make([]*session, many)
	for i := range objects {
		objects[i] = new(session)
		if _, err := Announce(t.Context(), owner, fmt.Sprint("n", i), objects[i]); err != nil {
			t.Fatal(err)
		}
	}
	runtime.KeepAlive(objects)
	objects = nil
	began := time.Now()
	until(t, "no names", func() bool { runtime.GC(); return owner.Stats().Names == 0 })
	t.Logf("%d names were free after %v", many, time.Since(began))
	for i := 0; i < many; i += many / 10 {
		if _, err := other.Lookup(t.Context(), fmt.Sprint("n", i)); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	until(t, "the last is ended", func() bool {
		for _, i := range []int{0, many / 2, many - 1} {
			r, err := owner.store.last(t.Context(), fmt.Sprint("n.n", i, ".*"))
			if err != nil || r.end == "" {
				return false
			}
		}
		return true
	})
	t.Logf("and ended at the broker after %v", time.Since(began))
}

// staleStore is a broker that was cut off from its majority: it reads what it had then, and
// accepts no writes.
type staleStore struct {
	store
	stale atomic.Bool
	had   sync.Map // filter → record
}

func (s *staleStore) last(ctx context.Context, filter string) (record, error) {
	if s.stale.Load() {
		r, _ := s.had.Load(filter)
		had, _ := r.(record)
		return had, nil
	}
	r, err := s.store.last(ctx, filter)
	s.had.Store(filter, r)
	return r, err
}

func (s *staleStore) put(ctx context.Context, w write) (uint64, error) {
	if s.stale.Load() {
		return 0, context.DeadlineExceeded
	}
	return s.store.put(ctx, w)
}

// TestStaleReads: what a broker on a minority still says makes nobody appear alive, or gone.
func TestStaleReads(t *testing.T) {
	t.Parallel()
	s := startBroker(t)
	nc := connect(t, s)
	c, err := Config{Grace: -1, TTL: 10 * time.Minute}.withDefaults(nc)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := openStore(t.Context(), nc, c)
	if err != nil {
		t.Fatal(err)
	}
	cut := &staleStore{store: inner}
	reader, err := join(t.Context(), nc, c, cut)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cut.stale.Store(false); reader.Close(context.Background()) })
	p := &session{}
	var owners []*Node
	var names []*Name
	for i := range 3 {
		n := joined(t, connect(t, s), Config{TTL: 10 * time.Minute})
		a, err := Announce(t.Context(), n, fmt.Sprint("x", i), p)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := reader.Lookup(t.Context(), fmt.Sprint("x", i)); err != nil || r != a.Ref() {
			t.Fatal(r, err)
		}
		if _, err := cut.last(t.Context(), sessionKey(n.id)); err != nil { // it knows the session
			t.Fatal(err)
		}
		owners, names = append(owners, n), append(names, a)
	}
	for _, sub := range reader.subs { // what the majority writes does not reach it either
		if sub.Subject == "weakref.kv.s.>" {
			if err := sub.Unsubscribe(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cut.stale.Store(true)

	// A name that has another owner by now.
	names[0].Close(t.Context())
	if _, err := Announce(t.Context(), owners[1], "x0", p); err != nil {
		t.Fatal(err)
	}
	if r, err := reader.Lookup(t.Context(), "x0"); !errors.Is(err, ErrNotFound) {
		t.Error("of a name that was passed on:", r, err)
	}
	// One whose owner has ended.
	owners[2].Close(t.Context())
	if r, err := reader.Lookup(t.Context(), "x2"); !errors.Is(err, ErrUnreachable) {
		t.Error("of an owner that has ended:", r, err)
	}
	if got := ask(t, reader, names[2].Ref()); got != Unknown {
		t.Error("what cannot be confirmed is", got)
	}
	// One that has begun since, and then is not connected.
	lateNC := connect(t, s)
	late := joined(t, lateNC, Config{TTL: 10 * time.Minute})
	r := Export(late, p)
	if got := ask(t, reader, r); got != Alive {
		t.Error(got)
	}
	lateNC.Close()
	if got := ask(t, reader, r); got != Unknown {
		t.Error("a session that the broker does not know, and cannot end, is", got)
	}
	runtime.KeepAlive(p)
}

// TestExpiredLate: a broker whose clock was set back keeps a session that nobody renews. The
// others end it.
func TestExpiredLate(t *testing.T) {
	t.Parallel()
	s := startBroker(t)
	other := joined(t, connect(t, s), Config{})
	nc := connect(t, s)
	owner := joined(t, nc, Config{})
	p := &session{}
	r := Export(owner, p)
	down := make(chan Down, 1)
	if _, err := other.Watch(t.Context(), r, func(d Down) { down <- d }); err != nil {
		t.Fatal(err)
	}
	nc.Close() // it renews no more, and the TTL is long
	until(t, "heard of over the broker", func() bool {
		other.view.mu.Lock()
		defer other.view.mu.Unlock()
		peer := other.view.peers[owner.id]
		return peer != nil && peer.ttl == owner.config.TTL
	})
	other.view.ask(owner.id)
	if got := ask(t, other, r); got != Unknown {
		t.Error("before its TTL has passed it is", got)
	}
	silentFor(other, owner.id, owner.config.TTL+time.Second)
	if err := other.view.list(t.Context()); err != nil { // after a reconnection, the broker says that it is there
		t.Fatal(err)
	}
	other.view.check()
	if d := receive(t, down); d != (Down{r, SessionExpired, true}) {
		t.Error(d)
	}
	runtime.KeepAlive(p)
}

// silentFor lets a node have heard nothing of a peer for a time.
func silentFor(n *Node, id SessionID, d time.Duration) {
	n.view.mu.Lock()
	defer n.view.mu.Unlock()
	peer := n.view.peers[id]
	peer.heard, peer.since = peer.heard.Add(-d), peer.since.Add(-d)
}

// TestTheirTTL: a session lasts as long as it says, however short the TTL of who waits for
// its renewal is.
func TestTheirTTL(t *testing.T) {
	t.Parallel()
	s := startBroker(t)
	other := joined(t, connect(t, s), Config{TTL: time.Second})
	owner := joined(t, connect(t, s), Config{TTL: 10 * time.Minute})
	p := &session{}
	r := Export(owner, p)
	if got := ask(t, other, r); got != Alive {
		t.Fatal(got)
	}
	silentFor(other, owner.id, time.Minute)
	other.view.ask(owner.id)
	rec, err := owner.store.last(t.Context(), sessionKey(owner.id))
	if err != nil || rec.end != "" {
		t.Error("ended by another's TTL:", rec, err)
	}
	silentFor(other, owner.id, owner.config.TTL+time.Second)
	owner.kick() // and it was only late
	until(t, "renewed", func() bool {
		other.view.mu.Lock()
		defer other.view.mu.Unlock()
		return other.view.peers[owner.id].rev > rec.rev
	})
	other.view.ask(owner.id)
	if rec, err = owner.store.last(t.Context(), sessionKey(owner.id)); err != nil || rec.end != "" {
		t.Error("ended after a late renewal:", rec, err)
	}
	runtime.KeepAlive(p)
}
