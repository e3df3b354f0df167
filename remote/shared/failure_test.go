package shared_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/embed"
	"github.com/weakref-go/weakref/remote/shared"
	"github.com/weakref-go/weakref/weaktest"
)

// TestMissedEntry: a replica that has missed an entry of the log knows it at the next one.
func TestMissedEntry(t *testing.T) {
	src := &source{}
	all := replicas(t, 2, src, options{})
	a, b := all[0], all[1]
	for range 5 {
		b.get(t, "a")
		missed := b.tier.Stats().Missed
		// An entry whose predecessor is not the one that was heard, as if that was lost.
		m := nats.NewMsg(b.tier.Prefix() + "log")
		m.Header.Set("Nats-Sequence", "1000000")
		m.Header.Set("Nats-Last-Sequence", "999999")
		m.Data = append([]byte{'h'}, make([]byte, 16)...)
		if err := a.node.Conn().PublishMsg(m); err != nil {
			t.Fatal(err)
		}
		eventually(t, "noticed", func() bool { return b.tier.Stats().Missed > missed })
		if _, ok := b.Lookup("a"); ok {
			t.Error("an entry is left")
		}
		if err := b.tier.Sync(t.Context()); err != nil { // this finds that the false entry was none
			t.Fatal(err)
		}
	}
	eventually(t, "all is well", func() bool {
		return a.tier.Sync(t.Context()) == nil && b.tier.Sync(t.Context()) == nil && !a.tier.Stats().Deaf && !b.tier.Stats().Deaf
	})
}

// TestDeaf: a replica that hears nothing stops trusting its entries after MaxStale, and from
// then on loads alone, or fails.
func TestDeaf(t *testing.T) {
	for _, fail := range []bool{false, true} {
		t.Run(fmt.Sprint("fail=", fail), func(t *testing.T) {
			t.Parallel()
			src := &source{}
			o := options{MaxStale: 900 * time.Millisecond, FailWhenDeaf: fail}
			all := replicas(t, 2, src, o)
			a, b := all[0], all[1]
			b.get(t, "a")
			b.tier.Deafen()
			src.version.Store(1)
			if err := a.tier.Invalidate(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			if v, ok := b.Lookup("a"); !ok || v.Version != 0 {
				t.Log("the entry has gone already") // a slow machine
			}
			if err := b.tier.Invalidate(timeout(t, 200*time.Millisecond), "a"); !errors.Is(err, context.DeadlineExceeded) {
				t.Error("a deaf replica has heard its own invalidation:", err)
			}
			eventually(t, "deaf", func() bool { return b.tier.Stats().Deaf })
			if fail {
				if _, err := b.Get(t.Context(), "a"); !errors.Is(err, shared.ErrDeaf) {
					t.Error(err)
				}
				return
			}
			if v := b.get(t, "a"); v.Version != 1 {
				t.Error("version", v.Version)
			}
			src.version.Store(2)
			eventually(t, "what was loaded while deaf goes, too", func() bool { return b.get(t, "a").Version == 2 })
			if s := b.tier.Stats(); s.Alone < 2 {
				t.Error(s)
			}
			if s := a.tier.Stats(); s.Deaf {
				t.Error(s)
			}
			if v := a.get(t, "b"); v.Version != 2 { // whoever b is asked by, it refuses
				t.Error(v)
			}
		})
	}
}

func timeout(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestDeafOwner: the keys of a replica that cannot answer go to the next, for all.
func TestDeafOwner(t *testing.T) {
	src := &source{}
	all := replicas(t, 4, src, options{})
	key := keyOf(t, all[1], all[0].node)
	for _, r := range all {
		r.get(t, key)
	}
	all[0].tier.Deafen()
	src.version.Store(1)
	if err := all[1].tier.Invalidate(t.Context(), key); err != nil { // which 0 does not hear
		t.Fatal(err)
	}
	for _, r := range all[1:] {
		if err := r.tier.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if v := r.get(t, key); v.Version != 1 {
			t.Error("version", v.Version)
		}
	}
	if n := src.loads.Load(); n != 2 {
		t.Errorf("%d loads", n)
	}
}

// TestClimb: replicas that differ in whom they know load a key once nevertheless.
func TestClimb(t *testing.T) {
	src := &source{load: func(context.Context, string) error { time.Sleep(20 * time.Millisecond); return nil }}
	all := replicas(t, 5, src, options{})
	const keys = 20
	for k := range keys {
		key := fmt.Sprint("k", k)
		for i, r := range all { // each knows some others
			r.tier.Forget(all[(i+1+k)%5].node.Session())
			r.tier.Forget(all[(i+2+k)%5].node.Session())
		}
		var asking sync.WaitGroup
		for _, r := range all {
			asking.Go(func() { r.get(t, key) })
		}
		asking.Wait()
		for _, r := range all { // which makes it known again
			if err := r.tier.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Who knows of nobody above himself loads: there may be several of those, but not all.
	if n := src.loads.Load(); n > 3*keys {
		t.Errorf("%d loads of %d keys", n, keys)
	}
	for _, r := range all {
		eventually(t, "idle", r.tier.Idle)
	}
}

// TestOldFlight: who has heard of an invalidation does not get what a batch elsewhere has
// loaded before it.
func TestOldFlight(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		o.Name = "users"
		s := broker(t, embed.Options{})
		var version, loads atomic.Int64
		begun, goOn := make(chan bool), make(chan bool)
		load := func(_ context.Context, keys []string) (map[string]*user, error) {
			found := map[string]*user{}
			v := version.Load()
			if loads.Add(1) == 1 {
				begun <- true
				<-goOn
			}
			for _, k := range keys {
				found[k] = &user{k, v}
			}
			return found, nil
		}
		var all []*replica
		for range 2 {
			r := &replica{Cache: &cache.Cache[string, user]{Keep: 10, LoadMany: load}, node: node(t, s, remote.Config{})}
			r.attach(t, o)
			all = append(all, r)
		}
		acquaint(t, all)
		a, b := all[0], all[1]
		mine := keyOf(t, b, a.node)
		got := make(chan error)
		go func() { _, err := a.GetMany(context.Background(), []string{mine, keyOf(t, a, b.node)}); got <- err }()
		<-begun
		version.Store(1)
		if err := b.tier.Invalidate(t.Context(), mine); err != nil {
			t.Fatal(err)
		}
		if err := a.tier.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		newer := make(chan *user)
		go func() { v, _ := b.Get(context.Background(), mine); newer <- v }()
		select {
		case v := <-newer:
			if v == nil || v.Version != 1 {
				t.Error(v)
			}
		case <-time.After(patience):
			t.Error("waits for what was loaded before")
		}
		close(goOn)
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
}

// keyOf returns a key that belongs to a node.
func keyOf(t *testing.T, r *replica, n *remote.Node) string {
	t.Helper()
	for i := range 10_000 {
		if k := fmt.Sprint("k", i); r.tier.Owner(k) == n.Session().String() {
			return k
		}
	}
	t.Fatal("no key belongs to", n.Session())
	return ""
}

// TestOwnerLeaves: when a replica ends, with or without its node, others have its keys.
func TestOwnerLeaves(t *testing.T) {
	for name, end := range map[string]func(*replica){
		"tier":       func(r *replica) { r.tier.Close() },
		"node":       func(r *replica) { r.node.Close(context.Background()) },
		"connection": func(r *replica) { r.node.Conn().Close() },
	} {
		t.Run(name, func(t *testing.T) {
			src := &source{}
			all := replicas(t, 3, src, options{})
			key := keyOf(t, all[1], all[0].node)
			end(all[0])
			all[1].get(t, key)
			all[2].get(t, key)
			if n := src.loads.Load(); n != 1 {
				t.Errorf("%d loads", n)
			}
			if v, err := all[0].Get(t.Context(), "new"); err != nil || v.Name != "new" {
				t.Error("a replica that has ended does not load:", err)
			}
			if s := all[0].tier.Stats(); s.Alone != 1 || !s.Deaf {
				t.Error(s)
			}
			if err := all[0].tier.Invalidate(t.Context(), "a"); err == nil {
				t.Error("a replica that has ended announces")
			}
		})
	}
}

// TestOthersInTheBucket: nodes without a replica do no harm.
func TestOthersInTheBucket(t *testing.T) {
	src := &source{}
	s := broker(t, embed.Options{})
	all := []*replica{attach(t, node(t, s, remote.Config{}), src, options{}), attach(t, node(t, s, remote.Config{}), src, options{})}
	for range 5 {
		node(t, s, remote.Config{})
	}
	for k := range 20 {
		for _, r := range all {
			r.get(t, fmt.Sprint("k", k))
		}
	}
	if n := src.loads.Load(); n != 20 {
		t.Errorf("%d loads", n)
	}
	for _, r := range all {
		if s := r.tier.Stats(); s.Alone != 0 {
			t.Error(s)
		}
	}
}

// TestBrokerGone: without a broker each replica loads for itself.
func TestBrokerGone(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		o.LoadTimeout, o.MaxStale = 10*time.Second, 900*time.Millisecond
		src := &source{}
		s := broker(t, embed.Options{})
		r := attach(t, node(t, s, remote.Config{}), src, o)
		r.get(t, "a")
		s.Close()
		eventually(t, "not connected", func() bool { return !r.node.Conn().IsConnected() })
		r.get(t, "b")
		if s := r.tier.Stats(); s.Alone != 1 {
			t.Error(s)
		}
		eventually(t, "entries go", func() bool { _, ok := r.Lookup("a"); return !ok })
		r.get(t, "a")
	})
}

// TestBucketLost: a bucket in memory that is lost is made anew, and nobody keeps what it had.
func TestBucketLost(t *testing.T) {
	src := &source{}
	all := replicas(t, 2, src, options{Stored: true, Memory: true, MaxStale: 900 * time.Millisecond})
	for _, r := range all {
		r.get(t, "a")
	}
	js, err := all[0].node.Conn().JetStream()
	if err != nil {
		t.Fatal(err)
	}
	for _, stream := range []string{"KV_weakref-users", "LOG_weakref-users"} {
		if err := js.DeleteStream(stream); err != nil {
			t.Fatal(err)
		}
	}
	src.version.Store(1)
	eventually(t, "new everywhere", func() bool { return all[0].get(t, "a").Version == 1 && all[1].get(t, "a").Version == 1 })
	if err := all[0].tier.Invalidate(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	all[0].get(t, "a")
	eventually(t, "stored again", func() bool {
		all[0].get(t, fmt.Sprint(src.loads.Load()))
		return all[0].tier.Stats().Loaded > 3
	})
}

// TestFull: a bucket that is full makes room, and a value that is too large for it, or for a
// message, is loaded by each.
func TestFull(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		o.MaxBytes = 20_000
		s := broker(t, embed.Options{})
		type page struct{ Text []byte }
		var loads atomic.Int32
		var all []*cache.Cache[int, page]
		var tiers []*shared.Tier[int, page]
		for range 2 {
			c := &cache.Cache[int, page]{Keep: 100, Load: func(_ context.Context, n int) (*page, error) {
				loads.Add(1)
				return &page{make([]byte, n)}, nil
			}}
			tier, err := shared.Attach(t.Context(), node(t, s, remote.Config{}), c, shared.Options[int, page]{Name: "pages", Stored: o.Stored, MaxBytes: o.MaxBytes})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { tier.Close() })
			all, tiers = append(all, c), append(tiers, tier)
		}
		get := func(c *cache.Cache[int, page], n int) {
			t.Helper()
			if p, err := c.Get(t.Context(), n); err != nil || len(p.Text) != n {
				t.Error(n, err)
			}
		}
		for n := range 40 {
			get(all[n%2], 1000+n)
		}
		for _, c := range all {
			get(c, 2_000_000) // more than a message may have
		}
		if err := tiers[0].Invalidate(t.Context(), 1001); err != nil {
			t.Error("a full bucket takes no invalidation:", err)
		}
		if got := loads.Load(); got != 42 {
			t.Errorf("%d loads", got)
		}
		for _, tier := range tiers {
			if s := tier.Stats(); s.Missed != 0 || s.Deaf {
				t.Error(s)
			}
		}
	})
}

// TestLockIsLost: the value of a loader whose lock was replaced is not stored.
func TestLockIsLost(t *testing.T) {
	begun, goOn := make(chan bool, 10), make(chan bool)
	src := &source{load: func(context.Context, string) error { begun <- true; <-goOn; return nil }}
	all := replicas(t, 2, src, options{Stored: true})
	got := make(chan *user)
	go func() { v, _ := all[0].Get(context.Background(), "a"); got <- v }()
	<-begun
	src.version.Store(1)
	if err := all[1].tier.Invalidate(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	<-got
	if v := all[1].get(t, "a"); v.Version != 1 {
		t.Errorf("version %d was stored", v.Version)
	}
	if s := all[0].tier.Stats(); s.Unstored != 1 {
		t.Error(s)
	}
}

// TestKeys: keys that their Codec does not bring back are not mistaken for others.
func TestKeys(t *testing.T) {
	type key struct {
		Part   string
		hidden int
	}
	s := broker(t, embed.Options{})
	var all []*cache.Cache[key, user]
	for range 2 {
		c := &cache.Cache[key, user]{Keep: 10, Load: func(_ context.Context, k key) (*user, error) {
			return &user{Name: fmt.Sprint(k.Part, k.hidden)}, nil
		}}
		tier, err := shared.Attach(t.Context(), node(t, s, remote.Config{}), c, shared.Options[key, user]{Name: "keys"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tier.Close() })
		all = append(all, c)
	}
	for i := range 20 {
		for _, c := range all {
			if v, err := c.Get(t.Context(), key{"a", i}); err != nil || v.Name != fmt.Sprint("a", i) {
				t.Error(i, v, err)
			}
		}
	}
}

// fragile is a Codec that fails for some values.
type fragile struct{ shared.JSON[user] }

func (c fragile) Encode(u *user) ([]byte, error) {
	switch u.Name[0] {
	case 'p':
		panic("no")
	case 'e':
		return nil, errors.New("no")
	case 'd':
		return []byte("nonsense"), nil
	}
	return c.JSON.Encode(u)
}

// TestCodec: what cannot travel is loaded by each.
func TestCodec(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		o.Codec = fragile{}
		src := &source{}
		all := replicas(t, 2, src, o)
		for _, k := range []string{"p1", "p2", "e1", "e2", "d1", "d2", "a"} {
			for _, r := range all {
				r.get(t, k)
			}
		}
		if n := src.loads.Load(); n != 6*2+1 {
			t.Errorf("%d loads", n)
		}
	})
}

// TestNonsense: messages that make no sense harm nobody.
func TestNonsense(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		src := &source{}
		all := replicas(t, 2, src, o)
		nc, prefix := all[0].node.Conn(), all[0].tier.Prefix()
		self := prefix + all[1].node.Session().String()
		for _, data := range [][]byte{{}, {'q'}, {'c'}, {'v'}, {'k'}, {'q', 0, 0, 0}, {'q', 0, 0, 255, 255, 1}, {'q', 0, 0, 0, 3, 'x'}, {'q', 0, 0, 0, 3, '"', 'x', '"'}, {'q', 0, 0, 0, 3, '"', 'y', '"'}, {'q', 0, 0, 0, 1, 'x'}, []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")} {
			for _, subject := range []string{self + ".q", self + ".r.zz", self + ".r.1", self + ".r.-", prefix + "log"} {
				if err := nc.PublishRequest(subject, prefix+"nobody", data); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := nc.Request(self+".q", []byte{'q', 0, 0, 0, 1, 'x'}, patience); err != nil {
			t.Error("no answer to a question about a key that is none:", err)
		}
		for k := range 10 {
			for _, r := range all {
				r.get(t, fmt.Sprint("k", k))
			}
		}
		js, err := nc.JetStream()
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range [][]byte{{}, {'l'}, {'d'}, {'d', '{'}, {'x'}, make([]byte, 30)} { // records and entries
			subjects := []string{prefix + "append"}
			if o.Stored {
				subjects = append(subjects, "$KV.weakref-users.v.=22n=22")
			}
			for _, subject := range subjects {
				if _, err := js.Publish(subject, data); err != nil {
					t.Fatal(err)
				}
			}
			for _, r := range all {
				r.Invalidate("n")
				r.get(t, "n")
			}
		}
		for _, r := range all {
			eventually(t, "idle", r.tier.Idle)
		}
	})
}

// TestTierDoesNotKeepTheCache: a replica ends when its cache is collected.
func TestTierDoesNotKeepTheCache(t *testing.T) {
	src := &source{}
	s := broker(t, embed.Options{})
	n := node(t, s, remote.Config{})
	before := n.Conn().NumSubscriptions()
	c := &cache.Cache[string, user]{Keep: 10, Load: src.get}
	if _, err := shared.Attach(t.Context(), n, c, options{Name: "users"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	died := make(chan bool)
	runtime.AddCleanup(c, func(int) { close(died) }, 0)
	runtime.KeepAlive(c)
	c = nil
	weaktest.Eventually(t, "the cache and its subscriptions are gone", func() bool {
		select {
		case <-died:
			return n.Conn().NumSubscriptions() == before
		default:
			return false
		}
	})
}

// TestSettings: settings that make no sense are refused.
func TestSettings(t *testing.T) {
	n := node(t, broker(t, embed.Options{}), remote.Config{})
	for _, o := range []options{{}, {Name: "a.b"}, {Name: "a", TTL: -1 * time.Second}, {Name: "a", MaxStale: -1}, {Name: "a", LoadTimeout: -1}, {Name: "a", MaxBytes: -1}} {
		if _, err := shared.Attach(t.Context(), n, &cache.Cache[string, user]{}, o); err == nil {
			t.Errorf("accepted: %+v", o)
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic for a cache that cannot be used")
			}
		}()
		shared.Attach(t.Context(), n, &cache.Cache[string, user]{Keep: -1}, options{Name: "a"})
	}()
	js, err := n.Conn().JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateKeyValue(&nats.KeyValueConfig{Bucket: "weakref-foreign"}); err != nil {
		t.Fatal(err)
	}
	if _, err := shared.Attach(t.Context(), n, &cache.Cache[string, user]{}, options{Name: "foreign", Stored: true}); err == nil {
		t.Error("another's bucket was taken for a tier's")
	}
}

// TestTTL: what is stored goes after TTL.
func TestTTL(t *testing.T) {
	src := &source{}
	s := broker(t, embed.Options{})
	o := options{Stored: true, TTL: time.Second}
	attach(t, node(t, s, remote.Config{}), src, o).get(t, "a")
	attach(t, node(t, s, remote.Config{}), src, o).get(t, "a")
	if n := src.loads.Load(); n > 2 {
		t.Error(n, "loads")
	}
	before := src.loads.Load()
	eventually(t, "loaded again", func() bool {
		attach(t, node(t, s, remote.Config{}), src, o).get(t, "a")
		time.Sleep(200 * time.Millisecond)
		return src.loads.Load() > before
	})
}
