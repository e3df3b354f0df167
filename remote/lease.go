package remote

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// lease is this node's own session at the broker. One goroutine, Node.keep, renews
// it; only it touches the fields.
type lease struct {
	rev      uint64 // of the newest renewal that is known to be written
	count    uint64 // of the attempts to renew; it is what an attempt writes
	attempts []attempt
}

// attempt is a renewal that was sent, and may have been written.
type attempt struct {
	count uint64
	grant grant
}

// grant is until when a renewal lets the node act: it was sent at a time, and a
// broker that wrote it did so later. The node's connection must be the one that it
// was sent by: who was cut off must renew first.
type grant struct {
	sent       time.Time
	connection int64
}

// good reports whether a grant holds now. The monotonic clock stands still while the
// machine sleeps, and the wall clock can be set, so both must agree.
func (g grant) good(now time.Time, length time.Duration) bool {
	return now.Sub(g.sent) < length && now.Round(0).Sub(g.sent.Round(0)) < length
}

// Valid returns nil if this node's session lasts now. Call it before acting as the
// owner of something: under a name, for a holder. Otherwise it returns [ErrUnsure],
// if the node is cut off from the broker and may come back, or [ErrLost].
//
// A node learns that it is cut off before others see it gone, because it counts its
// TTL from the sending of a renewal and stops a tenth earlier. With a Grace, its
// absence may count as death before the TTL has passed. It then knows as soon as its
// connection has ended. Only if the broker has dropped the connection without a word
// that arrives does it know later than others, at its next renewal. Where that
// matters, use a negative Grace, and [Token].
func (n *Node) Valid() error {
	select {
	case <-n.lost:
		return n.lostError()
	default:
	}
	g := n.grant.Load()
	switch {
	case !n.nc.IsConnected():
		return fmt.Errorf("%w: not connected", ErrUnsure)
	case n.connection() != g.connection:
		return fmt.Errorf("%w: connected again, not yet renewed", ErrUnsure)
	case !g.good(time.Now(), n.config.TTL-n.config.margin()):
		return fmt.Errorf("%w: renewal overdue", ErrUnsure)
	}
	return nil
}

// keep renews the session until it ends, and looks after the view at each renewal.
func (n *Node) keep() {
	defer n.running.Done()
	timer := time.NewTimer(n.config.TTL / 3)
	defer timer.Stop()
	for {
		select {
		case <-n.lost:
			return
		case <-n.status:
			go n.resync() // the renewal that makes the session sure again does not wait for it
		case <-n.renewNow:
		case <-timer.C:
		}
		if n.ctx.Err() != nil {
			return
		}
		wait := n.config.TTL / 3
		if err := n.renew(); err != nil {
			wait = n.config.TTL / 30
		}
		n.checkDeadline()
		n.view.check()
		timer.Reset(wait)
	}
}

// kick makes the next renewal come now.
func (n *Node) kick() {
	select {
	case n.renewNow <- struct{}{}:
	default:
	}
}

// checkDeadline ends the session if the last grant has run out. It is final: a
// renewal that was written without our knowledge does not bring it back. A timer calls it
// in time, while a renewal may be waiting for its answer; and keep calls it, because a
// timer stands still with its machine.
func (n *Node) checkDeadline() {
	if n.nc.IsClosed() {
		n.end(fmt.Errorf("%w: its connection was closed", ErrLost))
	}
	if !n.grant.Load().good(time.Now(), n.config.TTL-n.config.margin()) {
		n.end(fmt.Errorf("%w: not renewed for %v", ErrLost, n.config.TTL-n.config.margin()))
	}
}

// renew writes the session anew.
func (n *Node) renew() error {
	l := &n.lease
	l.count++
	a := attempt{l.count, grant{time.Now(), n.connection()}}
	l.attempts = append(l.attempts, a)
	ctx, cancel := context.WithTimeout(n.ctx, n.config.TTL/5)
	defer cancel()
	rev, err := n.store.put(ctx, n.sessionWrite(l.rev))
	if errors.Is(err, errConflict) {
		return n.settle(ctx)
	}
	if err != nil {
		return err
	}
	n.granted(a, rev)
	return nil
}

func (n *Node) sessionWrite(expect uint64) write {
	value := binary.AppendUvarint(nil, n.lease.count)
	if n.named.Load() {
		value = append(value, 1) // there are names to purge when the session has ended
	}
	return write{key: sessionKey(n.id), value: value, expect: expect, ttl: n.config.TTL}
}

// granted notes that an attempt was written.
func (n *Node) granted(a attempt, rev uint64) {
	l := &n.lease
	l.rev = rev
	for len(l.attempts) > 0 && l.attempts[0].count <= a.count {
		l.attempts = l.attempts[1:]
	}
	n.grant.Store(&a.grant)
	n.deadline.Reset(n.config.TTL - n.config.margin() - time.Since(a.grant.sent))
	n.view.renewedSelf(rev)
}

// settle finds out why a renewal was refused. If the broker has an earlier attempt,
// whose acknowledgement was lost, the session lasts from the sending of that one.
// Otherwise the session has ended.
func (n *Node) settle(ctx context.Context) error {
	r, err := n.store.last(ctx, sessionKey(n.id))
	switch {
	case err != nil:
		return err
	case r.rev == 0:
		n.end(fmt.Errorf("%w: the broker does not know it", ErrLost))
	case r.end != "":
		n.end(fmt.Errorf("%w: %s", ErrLost, r.end))
	default:
		count, _ := binary.Uvarint(r.value)
		for _, a := range n.lease.attempts {
			if a.count == count {
				n.granted(a, r.rev)
				return errConflict // the attempt just made was not written: try again soon
			}
		}
		// What is written is older than all attempts that may still arrive: the read
		// was answered by a broker that lags. Try again.
	}
	return errConflict
}
