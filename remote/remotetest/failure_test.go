package remotetest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/embed"
	"github.com/weakref-go/weakref/remote/remotetest"
)

type session struct {
	user string
	_    [64]byte
}

const patience = 40 * time.Second

func TestMain(m *testing.M) {
	remotetest.Main(m, remotetest.BrokerRole(map[string]remotetest.Role{"node": nodeRole, "replica": replicaRole}))
}

// nodeRole is a node in a process of its own, which does as it is told.
func nodeRole(commands *bufio.Scanner, answer func(string, ...any)) {
	ctx := context.Background()
	var n *remote.Node
	var objects []*session
	for commands.Scan() {
		switch f := strings.Fields(commands.Text()); f[0] {
		case "join": // url, TTL, grace
			nc, err := connectTo(f[1])
			if err == nil {
				ttl, _ := time.ParseDuration(f[2])
				grace, _ := time.ParseDuration(f[3])
				n, err = remote.Join(ctx, nc, remote.Config{TTL: ttl, Grace: grace})
			}
			if err != nil {
				answer("%v", err)
				continue
			}
			answer("%s", n.Session())
		case "announce":
			objects = append(objects, &session{user: f[1]})
			a, err := remote.Announce(ctx, n, f[1], objects[len(objects)-1])
			if err != nil {
				answer("%v", err)
				continue
			}
			answer("%s", a.Ref())
		case "hold":
			r, _ := remote.ParseRef(f[1])
			_, err := n.Hold(ctx, r)
			answer("%v", err)
		case "valid":
			answer("%v", n.Valid())
		}
	}
	runtime.KeepAlive(objects)
}

func connectTo(url string) (*nats.Conn, error) {
	return nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond),
		nats.ReconnectJitter(time.Millisecond, time.Millisecond), nats.RetryOnFailedConnect(true), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
}

// listening starts a broker that other processes reach.
func listening(t *testing.T, o embed.Options) *embed.Server {
	t.Helper()
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	s, err := embed.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// before starts a proxy before a broker.
func before(t *testing.T, s *embed.Server) *remotetest.Proxy {
	t.Helper()
	proxy, err := remotetest.NewProxy(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	return proxy
}

// cutUntil cuts all connections again and again until done returns.
func cutUntil(proxy *remotetest.Proxy, done func()) {
	ended := make(chan struct{})
	go func() { done(); close(ended) }()
	for {
		select {
		case <-ended:
			return
		case <-time.After(40 * time.Millisecond):
			proxy.Cut()
		}
	}
}

// cluster starts three brokers.
func cluster(t *testing.T) *remotetest.Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("takes some ten seconds")
	}
	c, err := remotetest.StartCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func join(t *testing.T, url string, c remote.Config) *remote.Node {
	t.Helper()
	nc, err := connectTo(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if c.Grace == 0 {
		c.Grace = -1
	}
	n, err := remote.Join(t.Context(), nc, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		n.Close(ctx)
	})
	return n
}

// child starts a node in a process of its own.
func child(t *testing.T, url string, ttl, grace time.Duration) *remotetest.Child {
	t.Helper()
	c, err := remotetest.Start("node")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	call(t, c, "join", url, ttl.String(), grace.String())
	return c
}

func call(t *testing.T, c *remotetest.Child, command ...string) string {
	t.Helper()
	a, err := c.Call(patience, command...)
	if err != nil {
		t.Fatal(command, err)
	}
	return a
}

func announced(t *testing.T, c *remotetest.Child, name string) remote.Ref {
	t.Helper()
	answer := call(t, c, "announce", name)
	r, err := remote.ParseRef(answer)
	if err != nil {
		t.Fatal(answer)
	}
	return r
}

func watch(t *testing.T, n *remote.Node, r remote.Ref) <-chan remote.Down {
	t.Helper()
	down := make(chan remote.Down, 2)
	if _, err := n.Watch(t.Context(), r, func(d remote.Down) { down <- d }); err != nil {
		t.Fatal(err)
	}
	return down
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("did not come")
		panic("unreachable")
	}
}

func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func ask(t *testing.T, n *remote.Node, r remote.Ref) remote.State {
	t.Helper()
	s, err := n.Ask(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return s[0]
}

// long is a TTL that does not pass in a test: what happens, happens by a verdict.
const long = 10 * time.Minute

func TestKilledOwner(t *testing.T) {
	t.Parallel()
	s := listening(t, embed.Options{})
	n := join(t, s.URL(), remote.Config{TTL: long, Grace: 200 * time.Millisecond})
	c := child(t, s.URL(), long, -1)
	r := announced(t, c, "ada")
	held, err := n.Hold(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	down := watch(t, n, r)
	names := make(chan bool, 10)
	if _, err := n.WatchName(t.Context(), "ada", func(_ remote.Ref, here bool) { names <- here }); err != nil {
		t.Fatal(err)
	}
	c.Kill()
	if d := receive(t, down); d != (remote.Down{Ref: r, Reason: remote.SessionExpired, Confirmed: true}) {
		t.Error(d)
	}
	receive(t, held.Done())
	if !errors.Is(held.Err(), remote.ErrGone) {
		t.Error(held.Err())
	}
	for receive(t, names) {
	}
	if got := ask(t, n, r); got != remote.Gone {
		t.Error(got)
	}
	if _, err := n.Lookup(t.Context(), "ada"); !errors.Is(err, remote.ErrNotFound) {
		t.Error(err)
	}
}

func TestKilledHolder(t *testing.T) {
	t.Parallel()
	s := listening(t, embed.Options{})
	n := join(t, s.URL(), remote.Config{TTL: long, Grace: 200 * time.Millisecond})
	c := child(t, s.URL(), long, -1)
	p := new(session)
	r := remote.Export(n, p)
	if a := call(t, c, "hold", r.String()); a != "<nil>" {
		t.Fatal(a)
	}
	runtime.KeepAlive(p)
	p = nil
	runtime.GC()
	if got := ask(t, n, r); got != remote.Alive {
		t.Fatal(got)
	}
	c.Kill()
	until(t, "released", func() bool { runtime.GC(); return ask(t, n, r) == remote.Gone })
}

// TestKilledTogether: a prober that dies with what it probes does not hide the death.
func TestKilledTogether(t *testing.T) {
	t.Parallel()
	s := listening(t, embed.Options{})
	n := join(t, s.URL(), remote.Config{TTL: long, Grace: 200 * time.Millisecond})
	var children []*remotetest.Child
	var downs []<-chan remote.Down
	for i := range 3 {
		c := child(t, s.URL(), long, 200*time.Millisecond)
		children = append(children, c)
		downs = append(downs, watch(t, n, announced(t, c, fmt.Sprint("n", i))))
	}
	for _, c := range children {
		go c.Kill()
	}
	for _, d := range downs {
		receive(t, d)
	}
}

// TestStoppedOwner: a process that stood still for longer than its TTL does nothing as
// an owner afterwards.
func TestStoppedOwner(t *testing.T) {
	t.Parallel()
	s := listening(t, embed.Options{})
	n := join(t, s.URL(), remote.Config{TTL: long})
	c := child(t, s.URL(), 5*time.Second, -1)
	r := announced(t, c, "ada")
	down := watch(t, n, r)
	if a := call(t, c, "valid"); a != "<nil>" {
		t.Fatal(a)
	}
	if err := c.Stop(); errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	if s, err := n.Ask(ctx, r); err != nil || s[0] != remote.Unknown {
		t.Error("a stopped owner is", s, err)
	}
	cancel()
	if d := receive(t, down); d.Reason != remote.SessionExpired || !d.Confirmed {
		t.Error(d)
	}
	p := new(session)
	if _, err := remote.Announce(t.Context(), n, "ada", p); err != nil {
		t.Fatal(err)
	}
	if err := c.Continue(); err != nil {
		t.Fatal(err)
	}
	if a := call(t, c, "valid"); a == "<nil>" {
		t.Error("a stopped owner is valid after its TTL")
	}
	if got := ask(t, n, r); got != remote.Gone {
		t.Error(got)
	}
	runtime.KeepAlive(p)
}

// TestBlackHole: who is cut off gives up before others see it gone, whichever way is
// cut.
func TestBlackHole(t *testing.T) {
	for name, ways := range map[string][]remotetest.Direction{
		"both":        {remotetest.ToBroker, remotetest.FromBroker},
		"to broker":   {remotetest.ToBroker},
		"from broker": {remotetest.FromBroker},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listening(t, embed.Options{})
			proxy := before(t, s)
			n := join(t, s.URL(), remote.Config{TTL: long})
			owner := join(t, proxy.URL(), remote.Config{TTL: 3 * time.Second})
			p := new(session)
			r := remote.Export(owner, p)
			down := watch(t, n, r)
			proxy.Swallow(true, ways...)
			var lost, seen time.Time
			var both sync.WaitGroup
			both.Go(func() { <-owner.Lost(); lost = time.Now() })
			both.Go(func() { <-down; seen = time.Now() })
			both.Wait()
			if !lost.Before(seen) {
				t.Errorf("others saw it gone %v before the owner did", lost.Sub(seen))
			}
			t.Logf("the owner gave up %v earlier", seen.Sub(lost))
			runtime.KeepAlive(p)
		})
	}
}

// TestResets: connections that break, again and again, lose nothing.
func TestResets(t *testing.T) {
	t.Parallel()
	s := listening(t, embed.Options{})
	proxy := before(t, s)
	n := join(t, s.URL(), remote.Config{})
	owner := join(t, proxy.URL(), remote.Config{})
	other := join(t, proxy.URL(), remote.Config{})
	p, q := new(session), new(session)
	r, dies := remote.Export(owner, p), remote.Export(owner, q)
	if _, err := n.Hold(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	down := watch(t, n, dies)
	toOther := watch(t, other, dies)
	for range 50 {
		proxy.Cut()
		until(t, "valid again", func() bool { return owner.Valid() == nil && other.Valid() == nil })
	}
	proxy.Refuse(true)
	proxy.Cut()
	owner.Withdraw(dies) // its notices are lost, or late
	runtime.KeepAlive(p)
	p = nil
	runtime.GC()
	proxy.Refuse(false)
	for _, d := range []<-chan remote.Down{down, toOther} {
		if d := receive(t, d); d.Ref != dies || !d.Confirmed {
			t.Error(d)
		}
	}
	until(t, "asked", func() bool { return ask(t, n, r) != remote.Unknown })
	if got := ask(t, n, r); got != remote.Alive {
		t.Error("a held object is", got)
	}
	runtime.KeepAlive(q)
}

// TestRestart: a broker that keeps files ends no session by a restart; one that does
// not ends all of them.
func TestRestart(t *testing.T) {
	for _, memory := range []bool{false, true} {
		t.Run(fmt.Sprint("memory=", memory), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := listening(t, embed.Options{Dir: dir})
			addr := strings.TrimPrefix(s.URL(), "nats://")
			c := remote.Config{Memory: memory, TTL: 15 * time.Second, Grace: 300 * time.Millisecond}
			if memory {
				c.TTL = 5 * time.Second // which must pass
			}
			a, b := join(t, s.URL(), c), join(t, s.URL(), c)
			p := new(session)
			name, err := remote.Announce(t.Context(), a, "x", p)
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
			listening(t, embed.Options{Dir: dir, Addr: addr})
			if memory {
				receive(t, a.Lost())
				receive(t, b.Lost())
				return
			}
			until(t, "found again", func() bool {
				r, err := b.Lookup(t.Context(), "x")
				if errors.Is(err, remote.ErrLost) || errors.Is(err, remote.ErrNotFound) {
					t.Fatal(err)
				}
				return err == nil && r == name.Ref()
			})
			until(t, "valid again", func() bool { return a.Valid() == nil && b.Valid() == nil })
			runtime.KeepAlive(p)
		})
	}
}

// TestHandOver: a reference that is handed on keeps living while the giver holds it until
// the receiver does, and whatever the giver's death then does.
func TestHandOver(t *testing.T) {
	t.Parallel()
	s := listening(t, embed.Options{})
	owner := join(t, s.URL(), remote.Config{TTL: long, Grace: 200 * time.Millisecond})
	giver := child(t, s.URL(), long, -1)
	receiver := join(t, s.URL(), remote.Config{TTL: long})
	p := new(session)
	r := remote.Export(owner, p)
	if a := call(t, giver, "hold", r.String()); a != "<nil>" {
		t.Fatal(a)
	}
	runtime.KeepAlive(p)
	p = nil
	runtime.GC()
	if _, err := receiver.Hold(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	giver.Kill()
	until(t, "the giver is over", func() bool { return owner.Stats().HeldBy == 1 })
	runtime.GC()
	runtime.GC()
	if got := ask(t, owner, r); got != remote.Alive {
		t.Error(got)
	}
}

// TestNoConsumers: reconnections leave nothing behind at the broker.
func TestNoConsumers(t *testing.T) {
	t.Parallel()
	s := listening(t, embed.Options{})
	proxy := before(t, s)
	n := join(t, proxy.URL(), remote.Config{})
	if _, err := n.WatchName(t.Context(), "x", func(remote.Ref, bool) {}); err != nil {
		t.Fatal(err)
	}
	for _, stored := range []bool{false, true} {
		attach(t, n, tierOptions{Name: fmt.Sprint("v", stored), Stored: stored}, nil)
	}
	before := n.Conn().NumSubscriptions()
	rounds := 200
	if testing.Short() {
		rounds = 30
	}
	for i := range uint64(rounds) {
		proxy.Cut()
		until(t, "valid again", func() bool { return n.Conn().Stats().Reconnects > i && n.Valid() == nil })
	}
	if after := n.Conn().NumSubscriptions(); after != before {
		t.Errorf("%d subscriptions, %d after %d reconnections", before, after, rounds)
	}
	js, err := jetstream.New(n.Conn())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"KV_weakref", "LOG_weakref-vfalse", "LOG_weakref-vtrue", "KV_weakref-vtrue"} {
		stream, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(name, err)
		}
		if left := stream.CachedInfo().State.Consumers; left != 0 {
			t.Errorf("%s has %d consumers", name, left)
		}
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	var nodes []*remote.Node
	var names []*remote.Name
	p := new(session)
	for i := range 3 {
		n := join(t, c.URL(i), remote.Config{Replicas: 3})
		a, err := remote.Announce(t.Context(), n, fmt.Sprint("n", i), p)
		if err != nil {
			t.Fatal(err)
		}
		nodes, names = append(nodes, n), append(names, a)
	}
	leader := -1
	until(t, "a leader", func() bool { leader = c.Leader("KV_weakref"); return leader >= 0 })
	c.Brokers[leader].Kill()
	until(t, "valid again", func() bool {
		for _, n := range nodes {
			if n.Valid() != nil {
				return false
			}
		}
		return true
	})
	until(t, "names found", func() bool {
		for i, n := range nodes {
			if r, err := n.Lookup(t.Context(), fmt.Sprint("n", (i+1)%3)); err != nil || r != names[(i+1)%3].Ref() {
				return false
			}
		}
		return true
	})

	// Of three brokers one is left: it may serve reads, but nothing can be confirmed by it.
	second := (leader + 1) % 3
	c.Brokers[second].Kill()
	gone := names[0].Ref()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if s, err := nodes[1].Ask(ctx, gone, remote.Ref{}); err == nil && s[1] == remote.Gone {
		t.Error("a session was confirmed dead without a majority")
	}
	runtime.KeepAlive(p)
}
