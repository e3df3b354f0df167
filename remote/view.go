package remote

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// view is what a node knows of the sessions of its bucket: it hears every renewal
// and every end. What it has not heard it asks for: at the beginning, after each
// reconnection, when its own renewal does not come back, and for each session that
// has been silent for too long.
type view struct {
	node *Node

	mu    sync.Mutex
	peers map[SessionID]*peer // sessions believed to last, this one excepted

	self, renewed uint64    // newest own revision heard, and written
	written       time.Time // when it was

	dropped int // messages that this node has lost so far by being slow
}

// peer is a session believed to last.
type peer struct {
	rev     uint64
	ttl     time.Duration // that it was written with, which is its owner's
	since   time.Time     // when rev was first known here: its owner had sent it before
	heard   time.Time     // when it was last known to last
	listed  int64         // the connection of this node, counted, over which that was
	present int64         // the connection over which the process itself was last heard of
	named   bool          // it has announced names
	asking  bool          // somebody finds out whether it lasts
}

func (v *view) init(n *Node) {
	v.node = n
	v.peers = map[SessionID]*peer{}
}

// heard handles what was written to the key of a session.
func (v *view) heard(m *nats.Msg) {
	id, ok := parseSession(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:])
	rev, err := strconv.ParseUint(m.Header.Get(headerSeq), 10, 64)
	if !ok || err != nil {
		return
	}
	v.note(id, record{value: m.Data, rev: rev, end: ended(m.Header), ttl: expiry(m.Header)})
	v.present(id)
}

// present notes that a process was heard of over this connection: from now on, its
// absence means something.
func (v *view) present(id SessionID) {
	connection := v.node.connection()
	v.mu.Lock()
	defer v.mu.Unlock()
	if p := v.peers[id]; p != nil {
		p.present = connection
	}
}

// note takes in a record of a session.
func (v *view) note(id SessionID, r record) {
	switch {
	case id == v.node.id:
		v.noteSelf(r)
	case r.end != "":
		v.ended(id, endReason(r.end))
	default:
		v.noteAlive(id, r)
	}
}

func (v *view) noteSelf(r record) {
	v.mu.Lock()
	v.self = max(v.self, r.rev)
	v.mu.Unlock()
	if r.end != "" {
		v.node.kick() // the renewal will be refused, and that is how the node learns why
	}
}

func (v *view) noteAlive(id SessionID, r record) {
	connection := v.node.connection()
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.peers[id]
	if p == nil {
		p = &peer{}
		v.peers[id] = p
	}
	if r.rev < p.rev {
		return
	}
	if r.rev != p.rev {
		p.since = time.Now()
	}
	p.rev, p.ttl, p.heard, p.listed = r.rev, r.ttl, time.Now(), connection
	p.named = hasNames(r.value)
}

// hasNames reports whether the value of a session goes on after its count: it does
// once a name has been announced.
func hasNames(value []byte) bool {
	r := read(value)
	r.Number()
	return r.More()
}

func endReason(why string) Reason {
	if why == endClosed {
		return SessionEnded
	}
	return SessionExpired
}

// ended notes that a session is over, which is final, and tells whoever depends on it.
func (v *view) ended(id SessionID, why Reason) {
	v.mu.Lock()
	p := v.peers[id]
	if p != nil {
		delete(v.peers, id)
	}
	reap := p != nil && p.named && v.firstLocked()
	v.mu.Unlock()
	v.node.owner.holderEnded(id)
	v.node.links.ownerEnded(id, why)
	v.node.names.sessionEnded(id)
	if reap {
		go v.reap(id)
	}
}

// firstLocked reports whether this node is the one that cleans up after others: its
// session is the least.
func (v *view) firstLocked() bool {
	for id := range v.peers {
		if id.compare(v.node.id) < 0 {
			return false
		}
	}
	return true
}

// reap removes the names that an ended session has left. Names are free without it:
// this gives the memory of the broker back.
func (v *view) reap(id SessionID) {
	ctx, cancel := context.WithTimeout(v.node.ctx, v.node.config.TTL)
	defer cancel()
	_ = v.node.store.purge(ctx, "n.*."+id.String(), 0) // what stays is found dead by whoever looks it up
}

// renewedSelf notes that an own renewal was written: it must now come back.
func (v *view) renewedSelf(rev uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.renewed, v.written = rev, time.Now()
}

// depend makes sure that the end of a session will be noticed: if it is not among
// the peers, it is found out now whether it lasts.
func (v *view) depend(id SessionID) {
	if id == v.node.id {
		return
	}
	v.mu.Lock()
	_, known := v.peers[id]
	if !known {
		v.peers[id] = &peer{heard: time.Now(), asking: true}
	}
	v.mu.Unlock()
	if !known {
		go v.ask(id)
	}
}

// ask finds out whether a peer lasts. If nobody can tell, the next check asks again.
func (v *view) ask(id SessionID) {
	ctx, cancel := context.WithTimeout(v.node.ctx, v.node.config.TTL/3)
	defer cancel()
	r, err := v.node.confirm(ctx, id)
	if err == nil {
		v.note(id, r)
		v.expire(ctx, id)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if p := v.peers[id]; p != nil {
		p.asking = false
	}
}

// expire ends a session that the broker should have let expire: it has not been renewed for
// its TTL, so its owner, who counts from before that, has given it up. A broker whose clock
// was set back would keep it for as much longer.
func (v *view) expire(ctx context.Context, id SessionID) {
	if rev, ok := v.overdue(id); ok && v.node.Valid() == nil {
		_, _ = v.node.store.put(ctx, write{key: sessionKey(id), end: endExpired, expect: rev}) // or the next check does it
	}
}

func (v *view) overdue(id SessionID) (rev uint64, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.peers[id]
	if p == nil || !p.overdue() {
		return 0, false
	}
	return p.rev, true
}

// overdue reports whether the owner has given the session up, if rev is still the last.
func (p *peer) overdue() bool { return p.ttl > 0 && time.Since(p.since) > p.ttl }

// check looks, each third of a TTL, for what should have been heard and was not.
func (v *view) check() {
	if v.deaf() {
		go v.node.resync()
	}
	var silent []SessionID
	v.mu.Lock()
	for id, p := range v.peers {
		if !p.asking && (time.Since(p.heard) > v.node.config.TTL || p.overdue()) {
			p.asking = true
			silent = append(silent, id)
		}
	}
	v.mu.Unlock()
	for _, id := range silent {
		go v.ask(id)
	}
}

// deaf reports whether the node does not hear what is written: its own renewal has not
// come back, or messages were dropped.
func (v *view) deaf() bool {
	dropped := v.node.droppedMessages()
	v.mu.Lock()
	defer v.mu.Unlock()
	lost := dropped != v.dropped
	v.dropped = dropped
	return lost || v.self < v.renewed && time.Since(v.written) > v.node.config.TTL/6
}

// relist makes the view what the broker has, after messages may have been missed.
func (v *view) relist() {
	ctx, cancel := context.WithTimeout(v.node.ctx, v.node.config.TTL/3)
	defer cancel()
	created, err := v.node.store.created(ctx)
	if err == nil && !created.Equal(v.node.epoch) {
		v.node.end(errBucket)
		return
	}
	if err == nil {
		err = v.list(ctx)
	}
	if err == nil {
		err = v.confirmAll(ctx)
	}
	if err != nil && v.node.ctx.Err() == nil {
		time.AfterFunc(v.node.config.TTL/10, v.relist)
	}
}

var errBucket = errors.Join(ErrLost, errors.New("the bucket was lost and made anew"))

// list takes in all sessions that the broker has.
func (v *view) list(ctx context.Context) error {
	keys, err := v.node.store.keys(ctx, "s.*")
	for _, key := range keys {
		id, ok := parseSession(strings.TrimPrefix(key, "s."))
		if !ok {
			continue
		}
		r, err := v.node.store.last(ctx, key)
		if err != nil {
			return err
		}
		if r.rev != 0 {
			v.note(id, r)
		}
	}
	return err
}

// confirmAll asks for every peer that the list did not have.
func (v *view) confirmAll(ctx context.Context) error {
	connection := v.node.connection()
	var unseen []SessionID
	v.mu.Lock()
	for id, p := range v.peers {
		if p.listed != connection {
			unseen = append(unseen, id)
		}
	}
	v.mu.Unlock()
	for _, id := range unseen {
		r, err := v.node.confirm(ctx, id)
		if err != nil {
			return err
		}
		v.note(id, r)
	}
	return nil
}

// confirm finds out whether a session lasts. A death is confirmed by what is written:
// by the mark of its end, or, if the broker has nothing, by writing one. A broker that
// lags, or is cut off from its majority, cannot accept that.
func (n *Node) confirm(ctx context.Context, id SessionID) (record, error) {
	for {
		r, err := n.store.last(ctx, sessionKey(id))
		if err != nil || r.rev != 0 {
			return r, err
		}
		w := write{key: sessionKey(id), end: endAbsent}
		rev, err := n.store.put(ctx, w)
		if err == nil {
			return record{key: w.key, rev: rev, end: w.end}, nil
		}
		if !errors.Is(err, errConflict) {
			return r, err
		}
	}
}
