package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref/remote"
)

// refLedger has the refs that members have exported, and which were seen gone.
type refLedger struct {
	mu   sync.Mutex
	refs []*exported
}

// exported is an object with a Ref.
type exported struct {
	node      *remote.Node
	ref       remote.Ref
	object    *object
	withdrawn atomic.Bool // set before Withdraw is called
	gone      atomic.Bool // somebody was told that it is gone
}

const maxRefs = 300

func (l *refLedger) add(e *exported, random *rand.Rand) (old *exported) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.refs) < maxRefs {
		l.refs = append(l.refs, e)
		return nil
	}
	i := random.IntN(len(l.refs))
	old, l.refs[i] = l.refs[i], e
	return old
}

func (l *refLedger) any(random *rand.Rand) *exported {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.refs) == 0 {
		return nil
	}
	return l.refs[random.IntN(len(l.refs))]
}

// export exports an object, in place of an older one.
func (t *trial) export(n *remote.Node, random *rand.Rand) {
	e := &exported{node: n, object: new(object)}
	e.ref = remote.Export(n, e.object)
	t.report.count("operation", "export")
	if old := t.refs.add(e, random); old != nil {
		old.withdrawn.Store(true)
		old.node.Withdraw(old.ref)
		t.report.count("operation", "withdraw")
	}
}

// ask asks for a ref: gone is final, and what is gone without having been withdrawn has
// an owner who knows that its session is over.
func (t *trial) ask(ctx context.Context, n *remote.Node, e *exported) {
	gone := e.gone.Load()
	states, err := n.Ask(ctx, e.ref)
	if err != nil {
		t.report.count("operation", "ask lost")
		return
	}
	t.report.count("operation", "ask "+states[0].String())
	switch states[0] {
	case remote.Alive:
		if gone {
			t.report.violation("%v is alive after it was gone", e.ref)
		}
	case remote.Gone:
		e.gone.Store(true)
		if !e.withdrawn.Load() && e.node.Valid() == nil {
			t.report.violation("%v is gone, and its owner does not know it", e.ref)
		}
	}
}

// hold holds a ref for a while. While the hold lasts, the object is there.
func (t *trial) hold(ctx context.Context, n *remote.Node, e *exported, random *rand.Rand) {
	h, err := n.Hold(ctx, e.ref)
	t.report.count("operation", "hold "+outcome(err))
	if err != nil {
		return
	}
	time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
	if h.Err() == nil && e.node.Valid() == nil && !t.pinned(e, n) && h.Err() == nil && e.node.Valid() == nil {
		t.report.violation("%v is held by %v, and its owner does not have it", e.ref, n.Session())
	}
	h.Close()
}

// pinned reports whether the owner of a ref has a hold of a node on it.
func (t *trial) pinned(e *exported, holder *remote.Node) bool {
	for _, h := range e.node.Held() {
		if h.Ref == e.ref && h.Holder == holder.Session() {
			return true
		}
	}
	return false
}

// watch watches a ref until it ends. Each watch ends once, and soon after the object.
func (t *trial) watch(ctx context.Context, n *remote.Node, e *exported) {
	var calls atomic.Int32
	_, err := n.Watch(ctx, e.ref, func(d remote.Down) {
		if calls.Add(1) > 1 {
			t.report.violation("%v: a watch was told twice", e.ref)
		}
		t.report.count("event", "down: "+d.Reason.String())
		expired := d.Reason == remote.SessionExpired
		if expired && e.node.Valid() == nil {
			t.report.violation("%v: its session has expired, and its owner does not know it", e.ref)
		}
	})
	t.report.count("operation", "watch "+outcome(err))
	if err == nil {
		go t.expectDown(n, e, &calls)
	}
}

// expectDown waits until a watched object has ended, and then for the notice.
func (t *trial) expectDown(n *remote.Node, e *exported, calls *atomic.Int32) {
	for t.ctx.Err() == nil && calls.Load() == 0 {
		if e.withdrawn.Load() || e.node.Valid() != nil || n.Valid() != nil {
			break
		}
		t.pause(time.Second)
	}
	// A cut may last for longer than the TTL, and the notice may be lost: then it comes
	// with the comparison after it.
	for end := time.Now().Add(8 * ttl); time.Now().Before(end) && calls.Load() == 0; {
		if t.ctx.Err() != nil {
			return
		}
		if !e.withdrawn.Load() && e.node.Valid() == nil && n.Valid() == nil {
			go t.expectDown(n, e, calls) // both have recovered, and the object is alive
			return
		}
		t.pause(time.Second)
	}
	if calls.Load() == 0 {
		t.report.violation("%v has ended, and a watch of %v was not told", e.ref, n.Session())
	}
}
