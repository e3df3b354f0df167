package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// links are what this node holds and watches elsewhere: one link for each owner.
type links struct {
	node *Node

	mu      sync.Mutex
	byOwner map[SessionID]*link
	closed  bool
}

// link is this end of what a holder has of one owner. Messages to the owner are sent
// under its lock, in the order of their ids, so the owner sees them in this order,
// and a comparison finds the same list on both sides unless a message was lost. Then
// the holder sends its whole list:
//
//	holder                          owner
//	  │ hold 1, watch 2, release 1    │
//	  ├──────────────────────────────►│
//	  │           dead 2              │
//	  │ ✗◄────────────────────────────┤   lost
//	  │ digest: one item, hash        │
//	  ├──────────────────────────────►│
//	  │           differs             │
//	  │◄──────────────────────────────┤
//	  │ list: watch 2                 │
//	  ├──────────────────────────────►│
//	  │           dead 2              │
//	  │◄──────────────────────────────┤
type link struct {
	node  *Node
	owner SessionID

	mu    sync.Mutex
	last  uint64 // id
	items map[uint64]linkItem
	hash  uint64
	lists uint64 // sent so far
	over  bool   // the owner's session, or this node's, has ended
	timer *time.Timer
}

// linkItem is one hold or watch of this node.
type linkItem struct {
	number uint64
	ended  ender
}

// ender is a Hold or a watch. It is told once, under no lock, why it has ended, and
// returns what is to be called in the order of callbacks, or nil.
type ender interface {
	kind() kind
	end(why Reason, confirmed bool) func()
}

// to returns the link to an owner, made if it is missing.
func (l *links) to(owner SessionID) (*link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrLost
	}
	k := l.byOwner[owner]
	if k == nil {
		k = &link{node: l.node, owner: owner, items: map[uint64]linkItem{}}
		if l.byOwner == nil {
			l.byOwner = map[SessionID]*link{}
		}
		l.byOwner[owner] = k
		k.timer = time.AfterFunc(l.node.config.compareEvery(), k.compareRegularly)
	}
	return k, nil
}

// compareEvery is how long a lost message may go unnoticed if no connection has
// failed: 30 s at the default TTL.
func (c Config) compareEvery() time.Duration { return 2 * c.TTL }

func (l *links) all() []*link {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*link, 0, len(l.byOwner))
	for _, k := range l.byOwner {
		all = append(all, k)
	}
	return all
}

// place is where an item is listed.
type place struct {
	link *link
	id   uint64
}

// establish makes an item at the owner, or says why it cannot be: ErrGone,
// ErrUnreachable with the cause, or ErrLost. If there is an error, untold says that the
// item was not told that it has ended.
func (l *links) establish(ctx context.Context, r Ref, e ender) (p place, untold bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.node.patience())
	defer cancel()
	if p, err = l.reserve(r, e); err != nil {
		return p, true, err
	}
	if err = p.link.insist(ctx, p.id, r.number, e.kind()); err != nil {
		untold = p.link.release(p.id)
	} else {
		l.node.view.depend(r.session) // its end is noticed from now on, or is found out if it was missed
	}
	return p, untold, err
}

// reserve lists an item, before the owner is asked.
func (l *links) reserve(r Ref, e ender) (place, error) {
	for {
		k, err := l.to(r.session)
		if err != nil {
			return place{}, err
		}
		if id, ok := k.reserve(r.number, e); ok {
			return place{k, id}, nil
		}
	}
}

// patience is how long this node waits for an owner if the caller does not say: by
// then the owner has answered or its session has ended.
func (n *Node) patience() time.Duration { return n.config.TTL + n.config.TTL/5 }

// reserve lists an item, unless the link is over.
func (k *link) reserve(number uint64, e ender) (uint64, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.over {
		return 0, false
	}
	k.last++
	k.items[k.last] = linkItem{number, e}
	k.hash ^= fingerprint(k.last, number, e.kind())
	return k.last, true
}

// insist sends an item until it is answered.
func (k *link) insist(ctx context.Context, id, number uint64, kind kind) error {
	op := opWatch
	if kind == holding {
		op = opHold
	}
	message := appendNumbers(head(op, k.node.id), id, number)
	for {
		state, err := k.try(ctx, message)
		switch {
		case err == nil && state == Alive:
			return nil
		case err == nil && state == Gone:
			return ErrGone
		case err == nil:
			return fmt.Errorf("%w: it is not sure of its session", ErrUnreachable)
		case errors.Is(err, ErrLost), errors.Is(err, ErrGone):
			return err
		case errors.Is(err, errAbsent):
			return k.node.whyAbsent(ctx, k.owner)
		case ctx.Err() != nil:
			return fmt.Errorf("%w: %w", ErrUnreachable, ctx.Err())
		}
		if err := k.node.whyAbsent(ctx, k.owner); errors.Is(err, ErrGone) {
			return err
		}
	}
}

// resendAfter is when a message that is not answered is sent again.
const resendAfter = time.Second

func (k *link) try(ctx context.Context, message []byte) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, resendAfter)
	defer cancel()
	reply, err := k.ask(ctx, message)
	if err != nil || len(reply) != 1 {
		return Unknown, err
	}
	return State(reply[0]), k.node.whyUnsure(ctx, k.owner, reply)
}

// ask sends a message under the lock of the link, and waits for the answer.
func (k *link) ask(ctx context.Context, message []byte) ([]byte, error) {
	return k.node.request(ctx, func(reply string) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.node.nc.PublishRequest(k.node.subject(k.owner, "o"), reply, message)
	})
}

// whyAbsent returns ErrGone if the session has ended, and ErrUnreachable if it lasts
// or nobody can tell.
func (n *Node) whyAbsent(ctx context.Context, id SessionID) error {
	r, err := n.confirm(ctx, id)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	case r.end == "":
		return fmt.Errorf("%w: not connected", ErrUnreachable)
	}
	n.view.note(id, r)
	return fmt.Errorf("%w: its session has ended: %s", ErrGone, r.end)
}

// release removes an item, and reports whether it was there. The owner may hear of it
// or not: if not, the next comparison tells.
func (k *link) release(id uint64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.takeLocked(id); !ok {
		return false
	}
	_ = k.node.nc.Publish(k.node.subject(k.owner, "o"), appendNumbers(head(opRelease, k.node.id), id))
	return true
}

// takeLocked removes an item and returns it. Whoever gets it tells it that it has ended.
func (k *link) takeLocked(id uint64) (linkItem, bool) {
	i, ok := k.items[id]
	if ok {
		delete(k.items, id)
		k.hash ^= fingerprint(id, i.number, i.ended.kind())
	}
	return i, ok
}

// notified handles a notice of an owner.
func (l *links) notified(data []byte) {
	if len(data) == 0 {
		return
	}
	r := read(data[1:])
	owner := r.session()
	l.mu.Lock()
	k := l.byOwner[owner]
	l.mu.Unlock()
	switch {
	case k == nil || !r.OK:
	case data[0] == opDead:
		k.dead(Reason(r.Byte()), r)
	case data[0] == opCompare:
		go k.compare()
	}
}

// dead ends the items whose ids follow.
func (k *link) dead(why Reason, r *reader) {
	var ended []ender
	id := uint64(0)
	k.mu.Lock()
	for r.More() {
		id += r.Number()
		if i, ok := k.takeLocked(id); ok {
			ended = append(ended, i.ended)
		}
	}
	k.mu.Unlock()
	k.node.tellEnded(ended, why, true)
}

// tellEnded tells items that they have ended.
func (n *Node) tellEnded(items []ender, why Reason, confirmed bool) {
	calls := make([]func(), 0, len(items))
	for _, e := range items {
		if call := e.end(why, confirmed); call != nil {
			calls = append(calls, call)
		}
	}
	n.callbacks.add(calls...)
}

// ownerEnded ends all items of an owner: its session is over.
func (l *links) ownerEnded(owner SessionID, why Reason) {
	l.mu.Lock()
	k := l.byOwner[owner]
	delete(l.byOwner, owner)
	l.mu.Unlock()
	if k != nil {
		k.endAll(why, true)
	}
}

// clear ends all items: this node's session is over.
func (l *links) clear() {
	l.mu.Lock()
	all := l.byOwner
	l.byOwner, l.closed = nil, true
	l.mu.Unlock()
	for _, k := range all {
		k.endAll(WatcherLost, false)
	}
}

func (k *link) endAll(why Reason, confirmed bool) {
	k.mu.Lock()
	items := k.items
	k.items, k.hash, k.over = map[uint64]linkItem{}, 0, true
	k.mu.Unlock()
	k.timer.Stop()
	ended := make([]ender, 0, len(items))
	for _, i := range items {
		ended = append(ended, i.ended)
	}
	k.node.tellEnded(ended, why, confirmed)
}

// compareAll compares every link, after a reconnection.
func (l *links) compareAll() {
	for _, k := range l.all() {
		go k.compare()
	}
}

func (k *link) compareRegularly() {
	k.compare()
	if !k.node.links.drop(k) {
		k.timer.Reset(k.node.config.compareEvery())
	}
}

// drop forgets a link that has no items, and reports whether it is forgotten.
func (l *links) drop(k *link) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.items) == 0 && l.byOwner[k.owner] == k {
		k.over = true
		delete(l.byOwner, k.owner)
	}
	return k.over
}

// compare tells the owner how many items there are, and their hash. If the owner has
// others, it gets the list.
func (k *link) compare() {
	ctx, cancel := context.WithTimeout(k.node.ctx, resendAfter)
	defer cancel()
	reply, err := k.node.request(ctx, func(reply string) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		digest := appendNumbers(head(opDigest, k.node.id), uint64(len(k.items)), k.hash)
		return k.node.nc.PublishRequest(k.node.subject(k.owner, "o"), reply, digest)
	})
	if err == nil && len(reply) == 1 && reply[0] == 0 {
		k.sendList()
	}
}

// sendList sends all items, in parts.
func (k *link) sendList() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lists++
	k.node.resyncs.Add(1)
	ids := make([]uint64, 0, len(k.items))
	for id := range k.items {
		ids = append(ids, id)
	}
	const perPart = maxMessage / 20 // two varints of at most ten bytes
	parts := slices.Collect(slices.Chunk(ids, perPart))
	if len(parts) == 0 {
		parts = [][]uint64{nil}
	}
	for part, ids := range parts {
		m := appendNumbers(head(opList, k.node.id), k.lists, uint64(part), uint64(len(parts)))
		for _, id := range ids {
			i := k.items[id]
			m = appendNumbers(m, id<<1|uint64(i.ended.kind()), i.number)
		}
		_ = k.node.nc.Publish(k.node.subject(k.owner, "o"), m) // if it is lost, the next comparison finds it
	}
}
