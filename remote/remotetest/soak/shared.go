package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/shared"
)

// version is what is loaded from the source: how often the key was written.
type version struct {
	N int64
	_ [24]byte
}

// tierLedger is the source of all replicas, and what is known to be invalid.
type tierLedger struct {
	mu      sync.Mutex
	last    int64
	source  map[string]int64
	settled map[string][]settlement // in the order of their versions
}

// settlement is a version that was written and announced: nobody who has heard that returns
// an older one.
type settlement struct {
	n  int64
	at time.Time
}

const (
	maxStale = 6 * time.Second
	// late is how much later than MaxStale a timer may be on a busy machine.
	late = 6 * time.Second
)

func (l *tierLedger) write(key string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.source == nil {
		l.source, l.settled = map[string]int64{}, map[string][]settlement{}
	}
	l.last++
	l.source[key] = l.last
	return l.last
}

func (l *tierLedger) read(key string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.source[key]
}

func (l *tierLedger) settle(key string, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled[key] = append(l.settled[key], settlement{n, time.Now()})
}

// least returns the greatest version that was announced before a time.
func (l *tierLedger) least(key string, before time.Time) (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.settled[key] {
		if s.at.Before(before) {
			n = max(n, s.n)
		}
	}
	return n
}

// replica is a cache of a member.
type replica struct {
	cache *cache.Cache[string, version]
	tier  *shared.Tier[string, version]
	node  *remote.Node
}

// replica returns the replica of a member's node, made if its session is new.
func (m *member) replica(ctx context.Context, stored int) (*replica, error) {
	n := m.current()
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.replicas[stored]; r != nil && r.node == n {
		return r, nil
	}
	t := m.trial
	c := &cache.Cache[string, version]{Keep: 100, Load: func(_ context.Context, key string) (*version, error) {
		v := &version{N: t.tier.read(key)}
		t.pause(time.Millisecond) // so that it may be out of date
		return v, nil
	}}
	tier, err := shared.Attach(ctx, n, c, shared.Options[string, version]{
		Name: fmt.Sprint("tier", stored), Stored: stored == 1, Replicas: 3, MaxStale: maxStale, LoadTimeout: 10 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	if old := m.replicas[stored]; old != nil {
		old.tier.Close()
	}
	m.replicas[stored] = &replica{c, tier, n}
	return m.replicas[stored], nil
}

func sharedKey(random *rand.Rand, stored int) string { return fmt.Sprint(stored, "-", random.IntN(10)) }

// writeShared writes to the source, and announces that.
func (t *trial) writeShared(ctx context.Context, m *member, random *rand.Rand) {
	stored := random.IntN(2)
	r, err := m.replica(ctx, stored)
	if err != nil {
		t.report.count("operation", "attach "+outcome(err))
		return
	}
	key := sharedKey(random, stored)
	n := t.tier.write(key)
	err = r.tier.Invalidate(ctx, key)
	t.report.count("operation", "invalidate "+outcome(err))
	if err == nil {
		t.tier.settle(key, n)
	}
}

// readShared gets a key. After a Sync it is no older than what was announced before that;
// without, no older than what was announced MaxStale ago.
func (t *trial) readShared(ctx context.Context, m *member, random *rand.Rand) {
	stored := random.IntN(2)
	r, err := m.replica(ctx, stored)
	if err != nil {
		t.report.count("operation", "attach "+outcome(err))
		return
	}
	key, what, before := sharedKey(random, stored), "get", time.Now()
	if random.IntN(2) == 0 && r.tier.Sync(ctx) == nil {
		what = "get after sync"
	} else {
		before = time.Now().Add(-maxStale - late)
	}
	least := t.tier.least(key, before)
	v, err := r.cache.Get(ctx, key)
	t.report.count("operation", what+" "+outcome(err))
	if err == nil && v.N < least {
		t.report.violation("%s of %s returns version %d after %d, %v", what, key, v.N, least, r.tier.Stats())
	}
}
