package remotetest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/embed"
	"github.com/weakref-go/weakref/remote/remotetest"
	"github.com/weakref-go/weakref/remote/shared"
)

// value is what replicas load: the version of a source that all of them read.
type value struct {
	Key     string
	Version int64
}

type replica struct {
	*cache.Cache[string, value]
	tier *shared.Tier[string, value]
	node *remote.Node
}

type tierOptions = shared.Options[string, value]

func attach(t *testing.T, n *remote.Node, o tierOptions, load func(context.Context, string) (*value, error)) *replica {
	t.Helper()
	r := &replica{Cache: &cache.Cache[string, value]{Keep: 1000, Load: load}, node: n}
	if o.Name == "" {
		o.Name = "values"
	}
	var err error
	if r.tier, err = shared.Attach(t.Context(), n, r.Cache, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.tier.Close() })
	return r
}

// replicaRole is a replica in a process of its own, whose loads never end: it says when one
// begins.
func replicaRole(commands *bufio.Scanner, answer func(string, ...any)) {
	c := &cache.Cache[string, value]{Keep: 10, Load: func(_ context.Context, k string) (*value, error) {
		answer("loading %s", k)
		select {}
	}}
	for commands.Scan() {
		switch f := strings.Fields(commands.Text()); f[0] {
		case "attach": // url, stored
			nc, err := connectTo(f[1])
			var n *remote.Node
			if err == nil {
				n, err = remote.Join(context.Background(), nc, remote.Config{TTL: long, Grace: -1})
			}
			if err == nil {
				_, err = shared.Attach(context.Background(), n, c, tierOptions{Name: "values", Stored: f[2] == "true"})
			}
			answer("%v", err)
		case "get":
			go c.Get(context.Background(), f[1])
		}
	}
}

// stuck starts a process with a replica whose loads never end.
func stuck(t *testing.T, url string, stored bool) *remotetest.Child {
	t.Helper()
	c, err := remotetest.Start("replica")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	if a := call(t, c, "attach", url, fmt.Sprint(stored)); a != "<nil>" {
		t.Fatal(a)
	}
	return c
}

func eachMode(t *testing.T, f func(t *testing.T, stored bool)) {
	for _, stored := range []bool{false, true} {
		t.Run(fmt.Sprint("stored=", stored), func(t *testing.T) { t.Parallel(); f(t, stored) })
	}
}

// TestSharedKilledLoader: when the process dies that loads a key, another loads it, at once.
func TestSharedKilledLoader(t *testing.T) {
	t.Parallel()
	eachMode(t, func(t *testing.T, stored bool) {
		s := listening(t, embed.Options{})
		child := stuck(t, s.URL(), stored)
		var loads atomic.Int32
		var all []*replica
		for range 2 {
			all = append(all, attach(t, join(t, s.URL(), remote.Config{TTL: long}), tierOptions{Stored: stored}, func(_ context.Context, k string) (*value, error) {
				loads.Add(1)
				return &value{Key: k}, nil
			}))
		}
		loading := func() {
			if _, err := child.Answer(patience); err != nil {
				t.Error(err)
			}
		}
		keys := 30 // some of them belong to the child
		if stored {
			keys = 1 // which the child begins with
			child.Send("get", "k0")
			loading()
		}
		var asking sync.WaitGroup
		for k := range keys {
			key := fmt.Sprint("k", k)
			for _, r := range all {
				asking.Go(func() {
					if v, err := r.Get(t.Context(), key); err != nil || v.Key != key {
						t.Error(v, err)
					}
				})
			}
		}
		if !stored {
			loading()
		}
		until(t, "all wait", func() bool { return all[0].tier.Stats().Fetched+all[1].tier.Stats().Fetched >= uint64(keys) })
		child.Kill()
		asking.Wait()
		checkLoads(t, int(loads.Load()), keys)
	})
}

// TestSharedStoppedOwner: a process that stands still is given up, and others agree on who
// has its keys.
func TestSharedStoppedOwner(t *testing.T) {
	t.Parallel()
	s := listening(t, embed.Options{})
	child := stuck(t, s.URL(), false)
	var loads atomic.Int32
	var all []*replica
	for range 3 {
		all = append(all, attach(t, join(t, s.URL(), remote.Config{TTL: long}), tierOptions{}, func(_ context.Context, k string) (*value, error) {
			loads.Add(1)
			return &value{Key: k}, nil
		}))
	}
	if err := child.Stop(); errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	const keys = 30
	var asking sync.WaitGroup
	for k := range keys {
		for _, r := range all {
			asking.Go(func() {
				if _, err := r.Get(t.Context(), fmt.Sprint("k", k)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	asking.Wait()
	checkLoads(t, int(loads.Load()), keys)
}

// checkLoads checks that keys were loaded once, but for a few: a replica that gets no processor
// for two seconds is passed over, like one that is dead.
func checkLoads(t *testing.T, loads, keys int) {
	t.Helper()
	if loads < keys || loads > keys+keys/5+1 {
		t.Errorf("%d loads of %d keys", loads, keys)
	}
}

// TestSharedReconnect: what is invalidated while a replica is cut off is found when it is
// back, and meanwhile it loads alone.
func TestSharedReconnect(t *testing.T) {
	t.Parallel()
	eachMode(t, func(t *testing.T, stored bool) {
		s := listening(t, embed.Options{})
		proxy := before(t, s)
		var version atomic.Int64
		load := func(_ context.Context, k string) (*value, error) { return &value{k, version.Load()}, nil }
		near := attach(t, join(t, s.URL(), remote.Config{}), tierOptions{Stored: stored}, load)
		far := attach(t, join(t, proxy.URL(), remote.Config{}), tierOptions{Stored: stored}, load)
		for round := range int64(5) {
			if _, err := far.Get(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			proxy.Refuse(true)
			proxy.Cut()
			until(t, "cut off", func() bool { return !far.node.Conn().IsConnected() })
			version.Store(round + 1)
			if err := near.tier.Invalidate(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			if v, err := far.Get(t.Context(), fmt.Sprint("new", round)); err != nil || v.Version != round+1 {
				t.Error(v, err)
			}
			proxy.Refuse(false)
			until(t, "heard", func() bool {
				v, err := far.Get(t.Context(), "a")
				return err == nil && v.Version == round+1
			})
		}
		if s := far.tier.Stats(); s.Missed == 0 || s.Alone < 5 {
			t.Error(s)
		}
		if s := near.tier.Stats(); s.Missed != 0 || s.Deaf {
			t.Error(s)
		}
	})
}

// TestSharedBlackHole: a replica whose messages vanish loads alone, and does not trust what
// it has for longer than MaxStale.
func TestSharedBlackHole(t *testing.T) {
	for name, way := range map[string]remotetest.Direction{"to broker": remotetest.ToBroker, "from broker": remotetest.FromBroker} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listening(t, embed.Options{})
			proxy := before(t, s)
			var version atomic.Int64
			load := func(_ context.Context, k string) (*value, error) { return &value{k, version.Load()}, nil }
			o := tierOptions{MaxStale: 2 * time.Second, LoadTimeout: 10 * time.Second}
			near := attach(t, join(t, s.URL(), remote.Config{}), o, load)
			far := attach(t, join(t, proxy.URL(), remote.Config{}), o, load)
			if _, err := far.Get(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			proxy.Swallow(true, way)
			version.Store(1)
			if err := near.tier.Invalidate(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			until(t, "not trusted", func() bool { v, ok := far.Lookup("a"); return !ok || v.Version == 1 })
			if v, err := far.Get(t.Context(), "a"); err != nil || v.Version != 1 {
				t.Error(v, err)
			}
			for k := range 5 { // whose keys they are or not
				if _, err := near.Get(t.Context(), fmt.Sprint("n", k)); err != nil {
					t.Error(err)
				}
			}
			proxy.Swallow(false, way)
			proxy.Cut()
			until(t, "hears again", func() bool { return !far.tier.Stats().Deaf })
		})
	}
}

// TestSharedMinority: replicas that reach only a broker that is cut off from the others, which
// still answers reads, know that they are deaf.
func TestSharedMinority(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	last := c.Leader("KV_weakref") // -1: any
	if last < 0 {
		last = 2
	}
	eachMode := []bool{false, true}
	var all []*replica
	for i, stored := range eachMode {
		n := join(t, "nats://"+c.Address(last), remote.Config{Replicas: 3})
		r := &replica{Cache: &cache.Cache[string, value]{Keep: 10, Load: func(_ context.Context, k string) (*value, error) { return &value{Key: k}, nil }}, node: n}
		var err error
		r.tier, err = shared.Attach(t.Context(), n, r.Cache, tierOptions{Name: fmt.Sprint("m", i), Stored: stored, Replicas: 3, MaxStale: 3 * time.Second, FailWhenDeaf: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.tier.Close() })
		if _, err := r.Get(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	for i, b := range c.Brokers {
		if i != last {
			b.Kill()
		}
	}
	for _, r := range all {
		until(t, "deaf", func() bool { _, err := r.Get(t.Context(), "a"); return errors.Is(err, shared.ErrDeaf) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if err := r.tier.Invalidate(ctx, "a"); err == nil {
			t.Error("an invalidation without a majority")
		}
		cancel()
	}
}

// What a tier claims of order: when a replica has invalidated a key, or has heard of all that
// was invalidated before, it returns nothing older. A write is the write to the source with
// the Invalidate after it; its replica's reads, and those of others after Sync, are of a
// register that never falls behind a write that has ended. It may be ahead of one that has
// not, and fall back, so a read is any version that is not less than the state.

type tierCall struct {
	key   string
	write int64 // 0: a read
}

var tierModel = porcupine.Model{
	Init: func() any { return int64(0) },
	Step: func(state, input, output any) (bool, any) {
		least, in := state.(int64), input.(tierCall)
		if in.write != 0 {
			return true, max(least, in.write)
		}
		return output.(int64) >= least, least
	},
}

func TestSharedHistories(t *testing.T) {
	t.Parallel()
	for _, faults := range []bool{false, true} {
		t.Run(fmt.Sprint("faults=", faults), func(t *testing.T) {
			eachMode(t, func(t *testing.T, stored bool) {
				s := listening(t, embed.Options{})
				proxy := before(t, s)
				h := &tierHistory{began: time.Now()}
				var clients sync.WaitGroup
				for id := range 4 {
					r := attach(t, join(t, proxy.URL(), remote.Config{}), tierOptions{Stored: stored, LoadTimeout: 20 * time.Second}, h.load)
					rounds := 50
					if faults {
						rounds = 10
					}
					if os.Getenv("WEAKREF_LONG") != "" {
						rounds *= 6
					}
					clients.Go(func() { h.client(t, id, r, rounds) })
				}
				if faults {
					cutUntil(proxy, clients.Wait)
				}
				clients.Wait()
				h.check(t)
			})
		})
	}
}

// tierHistory is a source, and the calls of replicas.
type tierHistory struct {
	began time.Time
	mu    sync.Mutex
	next  int64
	store map[string]int64
	calls []porcupine.Operation
}

func (h *tierHistory) load(_ context.Context, k string) (*value, error) {
	h.mu.Lock()
	v := h.store[k]
	h.mu.Unlock()
	time.Sleep(time.Millisecond) // so that what was read may be out of date
	return &value{k, v}, nil
}

// put writes to the source.
func (h *tierHistory) put(k string) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.store == nil {
		h.store = map[string]int64{}
	}
	h.next++
	h.store[k] = h.next
	return h.next
}

func (h *tierHistory) note(id int, in tierCall, out, call int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, porcupine.Operation{ClientId: id, Input: in, Call: call, Output: out, Return: time.Since(h.began).Nanoseconds()})
}

func (h *tierHistory) client(t *testing.T, id int, r *replica, rounds int) {
	random := rand.New(rand.NewPCG(uint64(id), 2))
	for range rounds {
		key := fmt.Sprint("k", random.IntN(3))
		call := time.Since(h.began).Nanoseconds()
		if random.IntN(4) == 0 {
			v := h.put(key)
			if err := r.tier.Invalidate(t.Context(), key); err == nil {
				h.note(id, tierCall{key, v}, 0, call)
			} // if not, nobody can rely on it
			continue
		}
		if err := r.tier.Sync(t.Context()); err != nil {
			continue
		}
		v, err := r.Get(t.Context(), key)
		if err != nil {
			t.Error(err)
			continue
		}
		h.note(id, tierCall{key: key}, v.Version, call)
	}
}

func (h *tierHistory) check(t *testing.T) {
	t.Helper()
	byKey := map[string][]porcupine.Operation{}
	for _, c := range h.calls {
		key := c.Input.(tierCall).key
		byKey[key] = append(byKey[key], c)
	}
	for key, calls := range byKey {
		switch porcupine.CheckOperationsTimeout(tierModel, calls, 20*time.Second) {
		case porcupine.Illegal:
			t.Errorf("the history of %s, %d calls, has no order", key, len(calls))
		case porcupine.Unknown:
			t.Logf("the history of %s, %d calls, takes too long to check", key, len(calls))
		}
	}
	t.Logf("%d calls", len(h.calls))
}

// TestTierModelRejects: the model is not so weak that it accepts everything.
func TestTierModelRejects(t *testing.T) {
	op := func(in tierCall, out, at int64) porcupine.Operation {
		return porcupine.Operation{Input: in, Call: at, Output: out, Return: at + 1}
	}
	if porcupine.CheckOperations(tierModel, []porcupine.Operation{op(tierCall{"k", 2}, 0, 0), op(tierCall{key: "k"}, 1, 10)}) {
		t.Error("accepted an old value")
	}
}
