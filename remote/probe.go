package remote

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref/remote/internal/broker"
)

// prober finds processes that are absent from the broker, long before their TTL has
// passed. Sessions form a ring, in the order of their identities, and each node
// probes its two successors. A probe is a message that wants no answer from its
// target, except the first over a connection, because only who was seen there can be
// absent. The broker answers it if nobody listens. Silence, whatever its cause, never
// counts.
//
//	node ──probe──► broker ──► successor            present: nothing comes back
//	node ──probe──► broker ──┐ no responders
//	node ◄───────────────────┘  for Grace: verdict
//
// The verdict is written to the session's key by compare-and-set on the revision that
// was known before the absence began. An owner that was renewed in the meantime is
// not hurt, and one that comes back later finds its renewal refused.
type prober struct {
	node *Node

	mu      sync.Mutex
	targets map[SessionID]*target
}

// target is a session that is probed.
type target struct {
	rev    uint64    // of the session, when its absence began
	since  time.Time // when it began; zero: it is not absent
	absent bool      // the last probe found nobody
	judged bool      // a verdict is being written
}

const (
	successors = 2
	// calm is how often a node that is there is probed: rarely enough to cost nothing,
	// and often enough that a death is noticed some 0.15 s later than Grace.
	calm = 150 * time.Millisecond
)

// run probes until the session is over.
func (p *prober) run() {
	n := p.node
	defer n.running.Done()
	if n.config.Grace < 0 {
		return
	}
	timer := time.NewTimer(calm)
	defer timer.Stop()
	for {
		select {
		case <-n.lost:
			return
		case <-timer.C:
		}
		wait := calm
		if p.round() {
			wait = min(calm, max(n.config.Grace/10, time.Millisecond))
		}
		timer.Reset(wait)
	}
}

// round probes each successor once, and reports whether any is absent.
func (p *prober) round() bool {
	next := p.node.view.successors()
	p.mu.Lock()
	anyAbsent := p.retargetLocked(next)
	p.mu.Unlock()
	if p.node.Valid() != nil {
		return anyAbsent // who is cut off itself learns nothing from silence or refusal
	}
	for _, id := range next {
		var question []byte
		if _, known := p.node.view.judgeable(id); !known {
			question = []byte{1}
		}
		_ = p.node.nc.PublishRequest(p.node.subject(id, "a"), p.node.replies+"p."+id.String(), question)
	}
	return anyAbsent
}

// retargetLocked makes the sessions given the targets. A target whose last probe was
// not refused is present.
func (p *prober) retargetLocked(next []SessionID) (anyAbsent bool) {
	targets := make(map[SessionID]*target, len(next))
	for _, id := range next {
		t := p.targets[id]
		if t == nil {
			t = &target{}
		}
		if !t.absent {
			t.since = time.Time{}
		}
		t.absent = false
		anyAbsent = anyAbsent || !t.since.IsZero()
		targets[id] = t
	}
	p.targets = targets
	return anyAbsent
}

// answered handles the broker's word that a target is absent.
func (p *prober) answered(session string, m *nats.Msg) {
	id, ok := parseSession(session)
	if !ok {
		return
	}
	if !broker.NobodyListens(m) {
		p.node.view.present(id)
		return
	}
	rev, judgeable := p.node.view.judgeable(id)
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.targets[id]
	if t == nil || !judgeable {
		return
	}
	t.absent = true
	if t.since.IsZero() || t.rev != rev {
		t.since, t.rev = time.Now(), rev
	}
	if time.Since(t.since) >= p.node.config.Grace && !t.judged {
		t.judged = true
		go p.judge(id, rev)
	}
}

// judge writes the verdict. If it cannot be written, the absence is counted anew.
func (p *prober) judge(id SessionID, rev uint64) {
	ctx, cancel := context.WithTimeout(p.node.ctx, p.node.config.TTL/3)
	defer cancel()
	if p.node.Valid() == nil {
		_, _ = p.node.store.put(ctx, write{key: sessionKey(id), end: endAbsent, expect: rev})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.targets[id]; t != nil {
		t.judged, t.since = false, time.Time{}
	}
}

// judgeable returns the revision of a session whose absence means something: it was
// heard of since this node has last connected. After a restart of the broker, those
// who are slower to come back are not absent.
func (v *view) judgeable(id SessionID) (uint64, bool) {
	connection := v.node.connection()
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.peers[id]
	if p == nil || p.rev == 0 || p.present != connection {
		return 0, false
	}
	return p.rev, true
}

// successors returns the sessions that follow this node's in the ring.
func (v *view) successors() []SessionID {
	v.mu.Lock()
	defer v.mu.Unlock()
	var best [successors]SessionID
	found := 0
	for id := range v.peers {
		i := found
		for i > 0 && v.nearer(id, best[i-1]) {
			i--
		}
		if i < successors {
			found = min(found+1, successors)
			copy(best[i+1:found], best[i:])
			best[i] = id
		}
	}
	return append([]SessionID(nil), best[:found]...)
}

// nearer reports whether a comes before b in the ring that begins after this node.
func (v *view) nearer(a, b SessionID) bool {
	self := v.node.id[:]
	behindA, behindB := bytes.Compare(a[:], self) < 0, bytes.Compare(b[:], self) < 0
	if behindA != behindB {
		return behindB
	}
	return a.compare(b) < 0
}
