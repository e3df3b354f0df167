package remote

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// nameWatches are the names that this node watches.
type nameWatches struct {
	mu  sync.Mutex
	all map[*nameWatch]struct{}
}

// nameWatch is one watched name. Its callbacks are in the order of its states.
type nameWatch struct {
	node *Node
	key  string // without the session
	f    func(Ref, bool)
	sub  *nats.Subscription

	mu      sync.Mutex
	rev     uint64 // of the newest record seen
	ref     Ref    // who has the name
	taken   bool
	told    bool // f was called, or is queued
	stopped bool
}

// WatchName calls f with who has a name, and again whenever that changes: with the Ref
// and true, or with the Ref that had it and false. The first call tells what is there
// when it is set up. Changes that follow each other fast may be left out, the last one
// never.
//
// f hears what the broker has written, and the end of sessions; that is not confirmed
// by an owner, as a Lookup is. When this node's session is over, f is not called any
// more: see [Node.Lost]. It is called as the function of [Node.Watch] is.
func (n *Node) WatchName(ctx context.Context, name string, f func(Ref, bool)) (stop func(), err error) {
	key, err := nameKey(name)
	if err != nil {
		return nil, err
	}
	if n.ctx.Err() != nil {
		return nil, n.lostError()
	}
	w := &nameWatch{node: n, key: key, f: f}
	w.sub, err = n.nc.Subscribe(n.config.Bucket+".kv."+key+".*", w.heard)
	if err == nil {
		n.names.add(w)
		err = w.refresh(ctx)
	}
	if err != nil {
		w.stop()
		return nil, fmt.Errorf("%w: the broker: %w", ErrUnreachable, err)
	}
	return w.stop, nil
}

func (s *nameWatches) add(w *nameWatch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[*nameWatch]struct{}{}
	}
	s.all[w] = struct{}{}
}

func (s *nameWatches) list() []*nameWatch {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*nameWatch, 0, len(s.all))
	for w := range s.all {
		all = append(all, w)
	}
	return all
}

func (w *nameWatch) stop() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	if w.sub != nil {
		_ = w.sub.Unsubscribe() // it fails only if the connection is closed
	}
	names := &w.node.names
	names.mu.Lock()
	defer names.mu.Unlock()
	delete(names.all, w)
}

// refresh reads what the broker has.
func (w *nameWatch) refresh(ctx context.Context) error {
	r, err := w.node.store.last(ctx, w.key+".*")
	if err == nil {
		w.note(r)
	}
	return err
}

// heard handles what was written below the name.
func (w *nameWatch) heard(m *nats.Msg) {
	rev, err := strconv.ParseUint(m.Header.Get(headerSeq), 10, 64)
	if err == nil {
		w.note(record{key: m.Subject, value: m.Data, rev: rev, end: ended(m.Header)})
	}
}

// note takes in a record of the name.
func (w *nameWatch) note(r record) {
	ref, taken := r.ref()
	if taken {
		// Its session's end is noticed from now on, or is found out if it was missed.
		defer w.node.view.depend(ref.session)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.rev < w.rev {
		return
	}
	w.rev = r.rev
	w.setLocked(ref, taken)
}

// setLocked notes who has the name, and has f told if that is new.
func (w *nameWatch) setLocked(ref Ref, taken bool) {
	if !taken {
		ref = w.ref
	}
	if w.stopped || w.told && w.ref == ref && w.taken == taken {
		return
	}
	w.ref, w.taken, w.told = ref, taken, true
	w.node.callbacks.add(func() {
		w.mu.Lock()
		stopped := w.stopped
		w.mu.Unlock()
		if !stopped {
			w.f(ref, taken)
		}
	})
}

// sessionEnded frees the names that a session had.
func (s *nameWatches) sessionEnded(id SessionID) {
	for _, w := range s.list() {
		w.mu.Lock()
		if w.taken && w.ref.session == id {
			w.setLocked(w.ref, false)
		}
		w.mu.Unlock()
	}
}

// refreshAll reads all names again, after messages may have been lost.
func (s *nameWatches) refreshAll() {
	for _, w := range s.list() {
		go w.refreshUntilRead()
	}
}

func (w *nameWatch) refreshUntilRead() {
	ctx, cancel := context.WithTimeout(w.node.ctx, w.node.config.TTL/3)
	defer cancel()
	err := w.refresh(ctx)
	w.mu.Lock()
	stopped := w.stopped
	w.mu.Unlock()
	if err != nil && !stopped && !errors.Is(w.node.ctx.Err(), context.Canceled) {
		time.AfterFunc(w.node.config.TTL/10, w.refreshUntilRead)
	}
}

// clear stops all: this node's session is over.
func (s *nameWatches) clear() {
	for _, w := range s.list() {
		w.stop()
	}
}
