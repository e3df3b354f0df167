package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/remotetest"
)

// trial is a cluster, members in this process, each behind a proxy of its own, and
// members in processes of theirs.
type trial struct {
	report  report
	cluster *remotetest.Cluster
	members []*member
	outside []*outsider
	ctx     context.Context
	stop    context.CancelFunc
	seed    uint64

	names nameLedger
	refs  refLedger
	tier  tierLedger
}

const (
	inside  = 5
	outside = 3
)

func newTrial(seed uint64) (*trial, error) {
	t := &trial{seed: seed}
	t.ctx, t.stop = context.WithCancel(context.Background())
	var err error
	if t.cluster, err = remotetest.StartCluster(); err != nil {
		return nil, err
	}
	for i := range inside {
		m := &member{trial: t, index: i}
		if m.proxy, err = remotetest.NewProxy(t.cluster.Address(i % 3)); err != nil {
			return nil, err
		}
		t.members = append(t.members, m)
		if err := m.join(); err != nil {
			return nil, err
		}
	}
	for i := range outside {
		t.outside = append(t.outside, &outsider{trial: t, index: i})
	}
	return t, nil
}

func (t *trial) random(i int) *rand.Rand { return rand.New(rand.NewPCG(t.seed, uint64(i))) }

// run lets members work and faults happen for a while.
func (t *trial) run(length time.Duration) {
	var all sync.WaitGroup
	end := time.Now().Add(length)
	for i, m := range t.members {
		for w := range 2 {
			all.Go(func() { m.work(t.random(2*i+w), end) })
		}
	}
	for i, o := range t.outside {
		all.Go(func() { o.work(t.random(100+i), end) })
	}
	all.Go(func() { t.faults(t.random(1000), end) })
	all.Go(func() { t.progress(end) })
	for i := range 3 {
		all.Go(func() { t.steady(i, end) })
	}
	all.Wait()
}

func (t *trial) close() {
	t.stop()
	for _, m := range t.members {
		m.leave()
		m.proxy.Close()
	}
	for _, o := range t.outside {
		o.kill()
	}
	t.cluster.Close()
}

func (t *trial) progress(end time.Time) {
	for time.Now().Before(end) {
		t.pause(30 * time.Second)
		fmt.Printf("%s operations %d, faults %d, violations %d\n", time.Now().Format("15:04:05"),
			t.report.sum("operation"), t.report.sum("fault"), t.report.violations())
	}
}

func (t *trial) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-t.ctx.Done():
	}
}

// dial connects for good.
func dial(url string) (*nats.Conn, error) {
	return nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond),
		nats.PingInterval(ttl/5), nats.RetryOnFailedConnect(true), nats.Timeout(2*time.Second),
		nats.IgnoreDiscoveredServers(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
}

// steady is a node with the default TTL whose connection is never touched. Faults of brokers alone
// should not end its session.
func (t *trial) steady(i int, end time.Time) {
	nc, err := dial(t.cluster.URL(i))
	if err != nil {
		t.report.count("event", "steady session not begun")
		return
	}
	defer nc.Close()
	for time.Now().Before(end) {
		ctx, cancel := context.WithTimeout(t.ctx, 30*time.Second)
		n, err := remote.Join(ctx, nc, remote.Config{Replicas: 3})
		cancel()
		if err != nil {
			t.pause(time.Second)
			continue
		}
		t.report.count("event", "steady session begun")
		select {
		case <-n.Lost():
			t.report.count("event", "steady session lost")
		case <-time.After(time.Until(end)):
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			_ = n.Close(ctx) // a fault may still be at work
			cancel()
		}
	}
}

// member is a node in this process. When its session is lost, it begins another.
type member struct {
	trial *trial
	index int
	proxy *remotetest.Proxy
	nc    *nats.Conn
	node  atomic.Pointer[remote.Node]
	mu    sync.Mutex // held to join

	replicas [2]*replica // by mode; guarded by mu
}

func (m *member) join() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := m.node.Load(); n != nil {
		select {
		case <-n.Lost():
		default:
			return nil
		}
	}
	if m.nc == nil {
		nc, err := dial(m.proxy.URL())
		if err != nil {
			return err
		}
		m.nc = nc
	}
	ctx, cancel := context.WithTimeout(m.trial.ctx, 30*time.Second)
	defer cancel()
	n, err := remote.Join(ctx, m.nc, remote.Config{TTL: ttl, Replicas: 3})
	if err == nil {
		m.node.Store(n)
		m.trial.report.count("event", "session begun")
	}
	return err
}

// current returns the node, after joining again if its session was lost.
func (m *member) current() *remote.Node {
	for m.trial.ctx.Err() == nil {
		n := m.node.Load()
		select {
		case <-n.Lost():
			m.trial.report.count("event", "session lost")
			if err := m.join(); err != nil {
				m.trial.pause(time.Second)
			}
		default:
			return n
		}
	}
	return m.node.Load()
}

func (m *member) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = m.node.Load().Close(ctx) // faults may still be at work
	m.nc.Close()
}
