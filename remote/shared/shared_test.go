package shared_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/embed"
	"github.com/weakref-go/weakref/remote/shared"
)

type user struct {
	Name    string
	Version int64
}

const patience = 40 * time.Second

// replica is a cache with its tier, in a node of its own.
type replica struct {
	*cache.Cache[string, user]
	tier *shared.Tier[string, user]
	node *remote.Node
}

// source is what all replicas load from.
type source struct {
	version atomic.Int64
	loads   atomic.Int32
	load    func(ctx context.Context, key string) error // before a load ends, if not nil
}

func (s *source) get(ctx context.Context, key string) (*user, error) {
	s.loads.Add(1)
	u := &user{key, s.version.Load()}
	if s.load != nil {
		if err := s.load(ctx, key); err != nil {
			return nil, err
		}
	}
	return u, nil
}

type options = shared.Options[string, user]

func broker(t testing.TB, o embed.Options) *embed.Server {
	t.Helper()
	s, err := embed.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func node(t testing.TB, s *embed.Server, c remote.Config) *remote.Node {
	t.Helper()
	nc, err := s.Connect(nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return join(t, nc, c)
}

func join(t testing.TB, nc *nats.Conn, c remote.Config) *remote.Node {
	t.Helper()
	if c.Grace == 0 {
		c.Grace = -1
	}
	n, err := remote.Join(context.Background(), nc, c)
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

// attach makes a replica of a node.
func attach(t testing.TB, n *remote.Node, src *source, o options) *replica {
	t.Helper()
	r := &replica{Cache: &cache.Cache[string, user]{Keep: 1000, Load: src.get}, node: n}
	r.attach(t, o)
	return r
}

func (r *replica) attach(t testing.TB, o options) {
	t.Helper()
	if o.Name == "" {
		o.Name = "users"
	}
	var err error
	if r.tier, err = shared.Attach(context.Background(), r.node, r.Cache, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.tier.Close() })
}

// replicas returns some replicas that know of each other.
func replicas(t testing.TB, count int, src *source, o options) []*replica {
	t.Helper()
	s := broker(t, embed.Options{})
	all := make([]*replica, count)
	for i := range all {
		all[i] = attach(t, node(t, s, remote.Config{}), src, o)
	}
	acquaint(t, all)
	return all
}

func acquaint(t testing.TB, all []*replica) {
	t.Helper()
	eventually(t, "all know of each other", func() bool {
		for _, r := range all {
			if len(r.node.Sessions()) < len(all)-1 {
				return false
			}
		}
		return true
	})
}

func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: ", what)
		}
	}
}

func (r *replica) get(t testing.TB, key string) *user {
	t.Helper()
	v, err := r.Get(context.Background(), key)
	if err != nil {
		t.Fatal(key, err)
	}
	if v.Name != key {
		t.Fatalf("%q for %q", v.Name, key)
	}
	return v
}

// both runs a test in both modes.
func both(t *testing.T, f func(t *testing.T, o options)) {
	t.Run("peers", func(t *testing.T) { t.Parallel(); f(t, options{}) })
	t.Run("stored", func(t *testing.T) { t.Parallel(); f(t, options{Stored: true}) })
}

// TestStampede: whoever asks for a key, and from where, it is loaded once.
func TestStampede(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		src := &source{load: func(context.Context, string) error { time.Sleep(5 * time.Millisecond); return nil }}
		all := replicas(t, 5, src, o)
		const keys = 40
		for k := range keys {
			key := fmt.Sprint("k", k)
			var asking sync.WaitGroup
			for _, r := range all {
				for range 10 {
					asking.Go(func() { r.get(t, key) })
				}
			}
			asking.Wait()
		}
		if n := src.loads.Load(); n != keys {
			t.Errorf("%d loads of %d keys", n, keys)
		}
		for _, r := range all {
			if s := r.tier.Stats(); s.Alone != 0 || s.Missed != 0 || s.Undecodable != 0 || s.Fetched != keys {
				t.Error(s)
			}
		}
	})
}

// TestIdentity: a replica has one copy of a value while somebody uses it.
func TestIdentity(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		src := &source{}
		all := replicas(t, 3, src, o)
		for _, r := range all {
			if v := r.get(t, "a"); r.get(t, "a") != v {
				t.Error("two copies")
			}
		}
		if src.loads.Load() != 1 {
			t.Error(src.loads.Load())
		}
	})
}

// TestInvalidate: what is invalid is gone here when the call returns, and soon everywhere.
func TestInvalidate(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		src := &source{}
		all := replicas(t, 4, src, o)
		for round := range int64(20) {
			for _, r := range all {
				r.get(t, "a")
				r.get(t, "b")
			}
			src.version.Store(round + 1)
			by := all[round%4]
			var err error
			if round%2 == 0 {
				err = by.tier.Invalidate(t.Context(), "a")
			} else {
				err = by.tier.InvalidateAll(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			if v := by.get(t, "a"); v.Version != round+1 {
				t.Errorf("version %d after %d was announced here", v.Version, round+1)
			}
			for _, r := range all {
				eventually(t, "a is new", func() bool { return r.get(t, "a").Version == round+1 })
			}
		}
		for _, r := range all {
			if s := r.tier.Stats(); s.Heard != 20 || s.Missed != 0 {
				t.Error(s)
			}
		}
	})
}

// TestSync: a replica that has synchronised has heard of what was invalidated before, anywhere.
func TestSync(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		src := &source{}
		all := replicas(t, 3, src, o)
		for round := range int64(50) {
			src.version.Store(round)
			if err := all[round%3].tier.Invalidate(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			r := all[(round+1)%3]
			if err := r.tier.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			if v := r.get(t, "a"); v.Version != round {
				t.Errorf("version %d after %d", v.Version, round)
			}
		}
	})
}

// TestLateStore: what was loaded before an Invalidate is not stored after it, in any replica.
func TestLateStore(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		begun, goOn := make(chan bool, 10), make(chan bool)
		src := &source{load: func(context.Context, string) error { begun <- true; <-goOn; return nil }}
		all := replicas(t, 3, src, o)
		var asking sync.WaitGroup
		for _, r := range all {
			asking.Go(func() { r.get(t, "a") })
		}
		<-begun // the loader has read version 0
		eventually(t, "all wait", func() bool {
			for _, r := range all {
				if r.tier.Stats().Fetched == 0 {
					return false
				}
			}
			return true
		})
		src.version.Store(1)
		if err := all[0].tier.Invalidate(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			if err := r.tier.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		close(goOn)
		asking.Wait()
		for _, r := range all {
			if v := r.get(t, "a"); v.Version != 1 {
				t.Errorf("version %d", v.Version)
			}
		}
	})
}

// TestErrors: an error reaches all who wait, with what is known of it, and is not stored.
func TestErrors(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		failures := []struct {
			err  error
			kind error // that can be told anywhere
		}{{errors.New("broken"), nil}, {cache.ErrNotFound, cache.ErrNotFound}, {fmt.Errorf("no: %w", context.DeadlineExceeded), context.DeadlineExceeded}}
		var fail atomic.Int32
		src := &source{load: func(context.Context, string) error { return failures[fail.Load()].err }}
		all := replicas(t, 3, src, o)
		for i, want := range failures {
			fail.Store(int32(i))
			for k := range 4 {
				for _, r := range all {
					_, err := r.Get(t.Context(), fmt.Sprint("k", k))
					if err == nil || want.kind != nil && !errors.Is(err, want.kind) {
						t.Errorf("%v for %v", err, want)
					}
					var elsewhere *shared.LoadError
					if errors.As(err, &elsewhere) && elsewhere.Text != want.err.Error() {
						t.Error(err)
					}
				}
			}
		}
		if got := src.loads.Load(); got != 3*4*3 {
			t.Errorf("%d loads", got)
		}
	})
}

// TestPanic: a loader that panics fails its call, everywhere, and nothing hangs.
func TestPanic(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		var panics atomic.Bool
		panics.Store(true)
		src := &source{load: func(context.Context, string) error {
			if panics.Load() {
				panic("no")
			}
			return nil
		}}
		all := replicas(t, 3, src, o)
		for k := range 6 {
			for _, r := range all {
				ctx, cancel := context.WithCancel(t.Context())
				if _, err := r.Get(ctx, fmt.Sprint("k", k)); err == nil {
					t.Error("no error")
				}
				cancel()
			}
		}
		panics.Store(false)
		for _, r := range all {
			r.get(t, "k1")
		}
	})
}

// TestHangs: a load that hangs is given up after LoadTimeout, and by who does not wait for it.
func TestHangs(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		o.LoadTimeout = time.Second
		src := &source{load: func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }}
		all := replicas(t, 3, src, o)
		var asking sync.WaitGroup
		for _, r := range all {
			asking.Go(func() {
				if _, err := r.Get(t.Context(), "a"); !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		}
		asking.Wait()
	})
}

// TestCancel: a load that nobody in any replica waits for is cancelled.
func TestCancel(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		begun, ended := make(chan bool, 10), make(chan error, 10)
		src := &source{load: func(ctx context.Context, _ string) error {
			begun <- true
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}}
		all := replicas(t, 2, src, o)
		for k := range 6 { // some of them are loaded by the other
			ctx, cancel := context.WithCancel(t.Context())
			got := make(chan error)
			go func() { _, err := all[0].Get(ctx, fmt.Sprint("k", k)); got <- err }()
			<-begun
			cancel()
			if err := <-got; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			select {
			case <-ended:
			case <-time.After(patience):
				t.Fatal("not cancelled")
			}
		}
	})
}

// TestDeadlock: loads that wait for each other through several processes get an error.
func TestDeadlock(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		s := broker(t, embed.Options{})
		var all []*replica
		for range 3 {
			r := &replica{node: node(t, s, remote.Config{})}
			r.Cache = &cache.Cache[string, user]{Keep: 10}
			r.Load = func(ctx context.Context, key string) (*user, error) {
				n := key[0] - '0'
				if _, err := r.Get(ctx, string('0'+(n+1)%8)); err != nil { // 0 needs 1, … 7 needs 0
					return nil, err
				}
				return &user{Name: key}, nil
			}
			r.attach(t, o)
			all = append(all, r)
		}
		acquaint(t, all)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for _, r := range all {
			began := time.Now()
			if _, err := r.Get(ctx, "0"); !errors.Is(err, cache.ErrDeadlock) {
				t.Error(err)
			}
			t.Log(time.Since(began))
		}
	})
}

// TestGetMany: batches that have keys of each other do not wait for each other.
func TestGetMany(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		s := broker(t, embed.Options{})
		var loads, batches atomic.Int32
		var all []*replica
		for range 3 {
			r := &replica{node: node(t, s, remote.Config{})}
			r.Cache = &cache.Cache[string, user]{Keep: 1000, LoadMany: func(_ context.Context, keys []string) (map[string]*user, error) {
				time.Sleep(5 * time.Millisecond)
				batches.Add(1)
				found := map[string]*user{}
				for _, k := range keys {
					loads.Add(1)
					if k[len(k)-1] != '7' {
						found[k] = &user{Name: k}
					}
				}
				return found, nil
			}}
			r.attach(t, o)
			all = append(all, r)
		}
		acquaint(t, all)
		const rounds, many = 5, 30
		for round := range rounds {
			var asking sync.WaitGroup
			for n, r := range all {
				asking.Go(func() {
					var keys []string
					for i := range many {
						keys = append(keys, fmt.Sprint(round, "-", (i*7+n*11)%many))
					}
					got, err := r.GetMany(t.Context(), keys)
					if err != nil || len(got) != many-3 {
						t.Errorf("%d values, %v", len(got), err)
					}
					for k, v := range got {
						if v.Name != k {
							t.Errorf("%s for %s", v.Name, k)
						}
					}
				})
			}
			asking.Wait()
		}
		// What is not found is loaded again by whoever asks later.
		if n := loads.Load(); n > rounds*(many+2*3) {
			t.Errorf("%d loads", n)
		}
		t.Log(loads.Load(), "keys loaded in", batches.Load(), "batches")
	})
}

// TestRefresh: a refresh brings what is younger, and one replica loads it.
func TestRefresh(t *testing.T) {
	both(t, func(t *testing.T, o options) {
		src := &source{}
		s := broker(t, embed.Options{})
		var all []*replica
		for range 3 {
			r := &replica{Cache: &cache.Cache[string, user]{Keep: 10, Load: src.get, ExpireAfterWrite: time.Hour}, node: node(t, s, remote.Config{})}
			r.attach(t, o)
			all = append(all, r)
		}
		acquaint(t, all)
		for _, r := range all {
			r.get(t, "a")
		}
		time.Sleep(20 * time.Millisecond) // all have one copy of a value that is older than this
		src.version.Store(1)
		for i, r := range all {
			if e, ok := r.Peek("a"); !ok || e.Age < 20*time.Millisecond {
				t.Errorf("the age is %v", e.Age)
			}
			if r.tier.Owner("a") == r.node.Session().String() { // it has the new value when the others ask for it
				all[0], all[i] = all[i], all[0]
			}
		}
		for _, r := range all {
			if err := r.Refresh(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			if v := r.get(t, "a"); v.Version != 1 {
				t.Error("not refreshed")
			}
		}
		if n := src.loads.Load(); n != 2 {
			t.Errorf("%d loads", n)
		}
	})
}
