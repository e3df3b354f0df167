package remotetest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/remotetest"
)

// TestBrokersFail: leaders and followers are killed and stopped while nodes of the default TTL
// announce, look up and renew. No session ends that could have been renewed: over the connection
// of each node go plain writes to the same stream, which tell for how long they could not.
func TestBrokersFail(t *testing.T) {
	if os.Getenv("WEAKREF_LONG") == "" {
		t.Skip("takes a minute: set WEAKREF_LONG")
	}
	t.Parallel()
	f := &brokerFaults{T: t, cluster: cluster(t), ended: make(chan struct{})}
	for i := range 6 {
		w := &witness{node: join(t, f.cluster.URL(i%3), remote.Config{Replicas: 3}), wrote: []time.Time{time.Now()}}
		f.witnesses = append(f.witnesses, w)
		f.all.Go(func() { f.work(w.node) })
		f.all.Go(func() { f.write(w) })
		f.all.Go(func() { f.guard(w) })
	}
	const rounds = 8
	for i := range rounds {
		f.round(i * 3 % 4)
	}
	close(f.ended)
	f.all.Wait()
	if f.found.Load() == 0 {
		t.Error("no name was found")
	}
	t.Logf("%d rounds, %d names found, %d of %d sessions lost", rounds, f.found.Load(), f.lost.Load(), len(f.witnesses))
}

// stall is for how long no write may pass before a session of the default TTL ends. Of its TTL a
// tenth is margin; a third may have passed since the last renewal, a fifth be spent waiting for
// an answer to one that was lost, and a thirtieth until the next.
const (
	defaultTTL = 15 * time.Second
	stall      = defaultTTL * (30 - 3 - 10 - 6 - 1) / 30
)

type brokerFaults struct {
	*testing.T
	cluster     *remotetest.Cluster
	witnesses   []*witness
	ended       chan struct{}
	all         sync.WaitGroup
	found, lost atomic.Int64 // names, sessions
}

// witness is a node, and when plain writes over its connection were acknowledged.
type witness struct {
	node  *remote.Node
	mu    sync.Mutex
	wrote []time.Time
}

// pause returns the longest time without an acknowledged write that was within a TTL before now.
func (w *witness) pause() (longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := time.Now()
	for _, at := range slices.Backward(w.wrote) {
		longest = max(longest, last.Sub(at))
		if last = at; time.Since(at) > defaultTTL {
			break
		}
	}
	return longest
}

// guard notices when a session ends that could have been renewed.
func (f *brokerFaults) guard(w *witness) {
	select {
	case <-f.ended:
	case <-w.node.Lost():
		f.lost.Add(1)
		if pause := w.pause(); pause < stall {
			f.Errorf("a session was lost: %v; plain writes paused for %v", w.node.Valid(), pause)
		}
	}
}

func (f *brokerFaults) over() bool {
	select {
	case <-f.ended:
		return true
	case <-time.After(20 * time.Millisecond):
		return false
	}
}

// clients returns how many nodes are connected to a broker.
func (f *brokerFaults) clients(broker int) (n int) {
	for _, w := range f.witnesses {
		if w.node.Conn().ConnectedAddr() == f.cluster.Address(broker) {
			n++
		}
	}
	return n
}

// round makes one of four faults, and waits until the nodes are over it and have renewed.
func (f *brokerFaults) round(kind int) {
	leader := -1
	until(f.T, "a leader", func() bool { leader = f.cluster.Leader("KV_weakref"); return leader >= 0 })
	at, what := (leader+1)%3, "follower"
	if f.clients(at) < f.clients((leader+2)%3) {
		at = (leader + 2) % 3
	}
	if kind >= 2 {
		at, what = leader, "leader"
	}
	broker, clients := f.cluster.Brokers[at], f.clients(at)
	if kind%2 == 0 && broker.Stop() == nil {
		what += " stopped"
		time.Sleep(4 * time.Second)
		if err := broker.Continue(); err != nil {
			f.Fatal(err)
		}
	} else {
		what += " killed"
		broker.Kill()
		time.Sleep(3 * time.Second)
		if err := f.cluster.Restart(at); err != nil {
			f.Fatal(err)
		}
	}
	var paused time.Duration
	for _, w := range f.witnesses {
		until(f.T, "valid or lost", func() bool { err := w.node.Valid(); return err == nil || errors.Is(err, remote.ErrLost) })
		paused = max(paused, w.pause())
	}
	time.Sleep(defaultTTL / 3)
	f.Logf("%s, %d clients: within a TTL, plain writes paused for %v", what, clients, paused.Round(time.Millisecond))
}

// work announces names and looks up those of others.
func (f *brokerFaults) work(n *remote.Node) {
	p := new(session)
	var last *remote.Name
	for i := 0; !f.over(); i++ {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		if a, err := remote.Announce(ctx, n, fmt.Sprint("name", i%5), p); err == nil {
			if last != nil {
				_ = last.Close(ctx) // a fault may be at work
			}
			last = a
		}
		if _, err := n.Lookup(ctx, fmt.Sprint("name", (i+1)%5)); err == nil {
			f.found.Add(1)
		}
		cancel()
	}
	runtime.KeepAlive(p)
}

// write writes to the stream of the sessions, as if it knew nothing of them.
func (f *brokerFaults) write(w *witness) {
	js, err := jetstream.New(w.node.Conn())
	if err != nil {
		f.Error(err)
		return
	}
	for !f.over() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, err := js.Publish(ctx, "$KV.weakref.x."+w.node.Session().String(), nil)
		cancel()
		if err == nil {
			w.mu.Lock()
			w.wrote = append(w.wrote, time.Now())
			w.mu.Unlock()
		}
	}
}
