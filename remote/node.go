package remote

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// Node is a process, as the others of its bucket see it: one session, which lasts
// while it is renewed. A process may have several nodes. All methods may be called
// concurrently.
type Node struct {
	nc      *nats.Conn
	config  Config
	store   store
	id      SessionID
	epoch   time.Time // when the bucket was made
	begun   uint64    // the revision that began the session
	replies string    // the subject of answers, with the point

	lease    lease
	grant    atomic.Pointer[grant]
	named    atomic.Bool // has announced a name
	deadline *time.Timer // of the grant
	renewNow chan struct{}
	status   chan nats.Status

	ctx       context.Context // until the session is over
	cancel    context.CancelFunc
	lost      chan struct{}
	lostOnce  sync.Once
	lostCause error // written before lost is closed

	subs      []*nats.Subscription
	requests  requests
	callbacks callbacks
	view      view
	prober    prober
	exports   exports
	owner     owner
	links     links
	names     nameWatches
	resyncs   atomic.Uint64
	listing   atomic.Pointer[listing] // so that package inspect lists the node, until its session is over

	running sync.WaitGroup // goroutines that use the connection
}

// Join makes this process a node of a bucket: it begins a session, which is renewed
// until [Node.Close], or until it is lost.
//
// The connection is the caller's; it is not closed by the node. It should reconnect
// for good and soon (nats.MaxReconnects(-1), nats.ReconnectWait of a tenth of a
// second), and notice that it is cut off (nats.PingInterval of a fifth of the TTL). One
// with nats.NoEcho is refused, because a node listens to its own renewals.
func Join(ctx context.Context, nc *nats.Conn, c Config) (*Node, error) {
	c, err := c.withDefaults(nc)
	if err != nil {
		return nil, err
	}
	store, err := openStore(ctx, nc, c)
	if err != nil {
		return nil, err
	}
	return join(ctx, nc, c, store)
}

func join(ctx context.Context, nc *nats.Conn, c Config, store store) (*Node, error) {
	n := &Node{nc: nc, config: c, store: store, lost: make(chan struct{}), renewNow: make(chan struct{}, 1)}
	n.deadline = time.AfterFunc(c.TTL, n.checkDeadline)
	n.deadline.Stop() // until the first grant
	n.ctx, n.cancel = context.WithCancel(context.Background())
	rand.Read(n.id[:])
	n.replies = n.subject(n.id, "r.")
	n.view.init(n)
	n.exports.node, n.owner.node, n.links.node, n.prober.node = n, n, n, n
	var err error
	if n.epoch, err = store.created(ctx); err != nil {
		return nil, fmt.Errorf("remote: %w", err)
	}
	n.status = nc.StatusChanged(nats.CONNECTED, nats.CLOSED)
	if err = n.listen(); err == nil {
		err = n.begin(ctx)
	}
	if err == nil {
		err = n.view.list(ctx)
	}
	if err != nil {
		n.cancel()
		n.deadline.Stop()
		nc.RemoveStatusListener(n.status)
		n.unlisten()
		return nil, fmt.Errorf("remote: joining: %w", err)
	}
	n.enlist()
	n.running.Add(2)
	go n.keep()
	go n.prober.run()
	return n, nil
}

// begin writes the session for the first time.
func (n *Node) begin(ctx context.Context) error {
	a := attempt{0, grant{time.Now(), n.connection()}}
	rev, err := n.store.put(ctx, n.sessionWrite(0))
	for errors.Is(err, errConflict) { // no answer: it was written or not, and nobody else does
		var r record
		if r, err = n.store.last(ctx, sessionKey(n.id)); err == nil && r.rev == 0 {
			rev, err = n.store.put(ctx, n.sessionWrite(0))
		} else {
			rev = r.rev
		}
	}
	if err != nil {
		return err
	}
	n.begun = rev
	n.granted(a, rev)
	return nil
}

// Subjects, below the bucket's name:
//
//	kv.s.SESSION        what is written to the session's key
//	kv.n.NAME.SESSION   what is written to a name's key
//	n.SESSION.o         to the node, as an owner
//	n.SESSION.h         to the node, as a holder
//	n.SESSION.a         to see whether it is there
//	n.SESSION.r.ID      answers to it
func (n *Node) subject(to SessionID, what string) string {
	return n.config.Bucket + ".n." + to.String() + "." + what
}

func sessionKey(id SessionID) string { return "s." + id.String() }

// listen subscribes to what the node hears of. One subscription carries all that
// is meant for it, so that its messages keep their order.
func (n *Node) listen() error {
	own := n.subject(n.id, "")
	for subject, handle := range map[string]nats.MsgHandler{
		own + ">":                   func(m *nats.Msg) { n.heard(m.Subject[len(own):], m) },
		n.config.Bucket + ".kv.s.>": n.view.heard,
	} {
		sub, err := n.nc.Subscribe(subject, handle)
		if err != nil {
			return err
		}
		n.subs = append(n.subs, sub)
		if err := sub.SetPendingLimits(-1, 256<<20); err != nil {
			return err
		}
	}
	return nil
}

// connection counts the connections that this node has had, from 1.
func (n *Node) connection() int64 { return int64(n.nc.Stats().Reconnects) + 1 }

// droppedMessages returns how many messages its subscriptions have lost because the
// process was too slow.
func (n *Node) droppedMessages() (sum int) {
	for _, s := range n.subs {
		if d, err := s.Dropped(); err == nil { // it fails only if the subscription has ended
			sum += d
		}
	}
	return sum
}

func (n *Node) unlisten() {
	for _, s := range n.subs {
		_ = s.Unsubscribe() // it fails only if the connection is closed
	}
}

// heard handles a message to this node. It calls no code of users and waits for
// nothing.
func (n *Node) heard(what string, m *nats.Msg) {
	switch kind, token, _ := strings.Cut(what, "."); kind {
	case "o":
		n.owner.serve(m)
	case "h":
		n.links.notified(m.Data)
	case "a":
		if len(m.Data) > 0 {
			_ = m.Respond(m.Data) // who asked will ask again
		}
	case "r":
		if session, ok := strings.CutPrefix(token, "p."); ok {
			n.prober.answered(session, m)
		} else {
			n.answered(token, m)
		}
	}
}

// Session returns the identity of this node's session.
func (n *Node) Session() SessionID { return n.id }

// Bucket returns the name of the bucket.
func (n *Node) Bucket() string { return n.config.Bucket }

// Sessions returns the other sessions of the bucket that are believed to last, in no order.
func (n *Node) Sessions() []SessionID {
	n.view.mu.Lock()
	defer n.view.mu.Unlock()
	all := make([]SessionID, 0, len(n.view.peers))
	for id := range n.view.peers {
		all = append(all, id)
	}
	return all
}

// Conn returns the connection that the node was made with.
func (n *Node) Conn() *nats.Conn { return n.nc }

// Lost returns a channel that is closed when the session is over, by Close or
// otherwise.
func (n *Node) Lost() <-chan struct{} { return n.lost }

// lostError returns why the session is over. The channel lost must be closed.
func (n *Node) lostError() error { return n.lostCause }

// Token orders sessions, and the owners of a name, for fencing: what a later one
// writes carries a greater Token, so a resource that remembers the greatest it has
// seen can refuse what is late.
//
// If a bucket was lost and is made anew by a broker whose clock was set back, its tokens are
// lower than those before: what is fenced refuses all owners until it forgets the old epoch.
type Token struct {
	Epoch    time.Time // when the bucket was made, by the clock of the broker
	Revision uint64    // of the write in the bucket
}

// Compare returns -1 if t is older than u, 1 if it is newer, and 0 if they are equal.
func (t Token) Compare(u Token) int {
	if c := t.Epoch.Compare(u.Epoch); c != 0 {
		return c
	}
	switch {
	case t.Revision < u.Revision:
		return -1
	case t.Revision > u.Revision:
		return 1
	}
	return 0
}

// Token returns the token of this session: a session that has begun later has a
// greater one. What is done under a name is fenced by [Name.Token] instead, because a
// session that has begun early may take a name late.
func (n *Node) Token() Token { return Token{n.epoch, n.begun} }

// end makes the session over for this node, once, and everything that stands on it
// void.
func (n *Node) end(cause error) {
	n.lostOnce.Do(func() {
		n.over(cause)
		n.void()
		go n.forget()
		if n.config.OnLost != nil {
			go n.config.OnLost(cause)
		}
	})
}

// over makes every call know that the session is over.
func (n *Node) over(cause error) {
	n.lostCause = cause
	close(n.lost)
	n.listing.Store(nil)
	n.cancel()
	n.deadline.Stop()
	n.nc.RemoveStatusListener(n.status)
}

// void drops what stood on the session.
func (n *Node) void() {
	n.unlisten()
	n.owner.clear()
	n.links.clear()
	n.names.clear()
}

// forget removes what the broker still has of an ended session, so that others need
// not wait for it to expire.
func (n *Node) forget() {
	ctx, cancel := context.WithTimeout(context.Background(), n.config.TTL/5)
	defer cancel()
	_ = n.writeEnd(ctx, n.id, endExpired) // if it cannot be written, the broker does it later
}

// Close ends the session: names are free, holders of its refs see them gone, and what
// it holds elsewhere is released. It returns when the broker has it in writing, or
// with why it has not; the session is over either way, for others at the latest when
// its TTL has passed. Closing twice, or after the session was lost, does nothing.
func (n *Node) Close(ctx context.Context) error {
	closed := false
	n.lostOnce.Do(func() {
		closed = true
		n.over(fmt.Errorf("%w: %w", ErrLost, ErrClosed))
	})
	if !closed {
		return nil
	}
	n.running.Wait()
	err := n.writeEnd(ctx, n.id, endClosed)
	n.void()
	if err == nil && n.named.Load() {
		err = n.store.purge(ctx, "n.*."+n.id.String(), 0)
	}
	if err != nil {
		return fmt.Errorf("remote: closing: %w", err)
	}
	return nil
}

// writeEnd writes that a session has ended, whatever was last written to its key,
// unless it has ended before.
func (n *Node) writeEnd(ctx context.Context, id SessionID, why string) error {
	return n.endKey(ctx, write{key: sessionKey(id), end: why})
}

// endKey writes the end of a key, over the expected revision, or over any if that is 0.
func (n *Node) endKey(ctx context.Context, w write) error {
	filter := w.filter
	if filter == "" {
		filter = w.key
	}
	for {
		r, err := n.store.last(ctx, filter)
		if err != nil || r.rev == 0 || r.end != "" || w.expect != 0 && w.expect != r.rev {
			return err
		}
		over := w
		over.expect = r.rev
		if _, err = n.store.put(ctx, over); !errors.Is(err, errConflict) {
			return err
		}
	}
}

// resync repairs what lost messages may have left wrong: after a reconnection, and
// when the node was deaf.
func (n *Node) resync() {
	n.view.relist()
	n.links.compareAll()
	n.owner.askToCompare()
	n.names.refreshAll()
}
