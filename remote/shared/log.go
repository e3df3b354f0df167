package shared

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref/remote"
)

// log is what this replica has heard of the tier's log: the order of all invalidations.
// The broker numbers the entries, and publishes each with the number of the one before:
//
//	entry   17        23        24        31
//	       ┌────┐    ┌────┐    ┌────┐    ┌────┐
//	       │ k1 │◄17─┤ k2 │◄23─┤here│◄24─┤ k3 │     31 arrives after 23: one is missing
//	       └────┘    └────┘    └────┘    └────┘
//
// So a replica knows at the next entry that it has missed one, and then forgets all. That
// it hears at all it finds out by writing an entry and waiting until that comes back.
type log struct {
	mu      sync.Mutex
	heard   uint64        // the newest entry; 0: none yet
	changed chan struct{} // closed when heard changes
	trusted time.Time     // from when on entries of the cache may be out of date
	deaf    bool
}

// heard handles an entry. What it says is done before others can know that it was heard.
func (t *Tier[K, V]) heard(m *nats.Msg) {
	seq, err := strconv.ParseUint(m.Header.Get(headerSeq), 10, 64)
	if err != nil {
		return
	}
	previous, _ := strconv.ParseUint(m.Header.Get(headerLast), 10, 64)
	l := &t.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heard != 0 && previous != l.heard {
		t.counts.missed.Add(1)
		t.clear()
	}
	t.apply(m.Data)
	l.heard = seq
	close(l.changed)
	l.changed = make(chan struct{})
}

// apply does what an entry says. The log is locked: it calls the Codec of keys, and no
// other code of users.
func (t *Tier[K, V]) apply(data []byte) {
	r := read(data)
	op, from := r.Byte(), r.session()
	t.include(from)
	switch {
	case !r.OK || op == opHere:
	case op == opAll:
		t.counts.heard.Add(1)
		t.clear()
	case op == opKey:
		t.counts.heard.Add(1)
		if key, err := t.decodeKey(r.Rest); err != nil {
			t.counts.undecodable.Add(1)
			t.clear() // it may be any
		} else {
			t.invalidate(key)
		}
	}
}

// decodeKey decodes a key that another replica has sent.
func (t *Tier[K, V]) decodeKey(data []byte) (k K, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("shared: the Codec of keys panicked: %v", r)
		}
	}()
	p, err := t.options.Keys.Decode(data)
	if err != nil {
		return k, err
	}
	return *p, nil
}

// include notes that a replica is there.
func (t *Tier[K, V]) include(id remote.SessionID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.excluded, id)
}

// announce writes an entry, and waits until it is heard here. An entry that is written twice
// because its acknowledgement was lost does no harm.
func (t *Tier[K, V]) announce(ctx context.Context, op byte, key string) error {
	if err := t.over(); err != nil {
		return err
	}
	id := t.node.Session()
	began := time.Now()
	seq, err := t.bucket.append(ctx, append(append([]byte{op}, id[:]...), key...))
	if err == nil {
		err = t.reached(ctx, seq)
	}
	if err != nil {
		return fmt.Errorf("shared: %s: %w", t.options.Name, err)
	}
	t.log.mu.Lock()
	defer t.log.mu.Unlock()
	if began.After(t.log.trusted) {
		t.log.trusted = began
	}
	t.log.deaf = false
	return nil
}

// reached waits until an entry has been heard. An entry that is older than what was heard
// before the log was lost and begun anew counts as heard: the next one shows that.
func (t *Tier[K, V]) reached(ctx context.Context, seq uint64) error {
	for {
		t.log.mu.Lock()
		heard, changed := t.log.heard, t.log.changed
		t.log.mu.Unlock()
		if heard >= seq {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-t.closed:
			return remote.ErrClosed
		}
	}
}

// state returns the newest entry that was heard, and whether the replica is deaf.
func (l *log) state() (heard uint64, deaf bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard, l.deaf
}

// keep finds out, three times in MaxStale and after each reconnection, whether the replica
// hears, until it ends. A replica whose session is over is deaf for good.
func (t *Tier[K, V]) keep() {
	period, status := t.options.MaxStale/3, t.status
	timer := time.NewTimer(period)
	defer timer.Stop()
	for {
		select {
		case <-t.closed:
			return
		case _, ok := <-status:
			if !ok {
				status = nil // the connection is closed
			}
		case <-timer.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), min(period/2, t.distrust()))
		_ = t.Sync(ctx) // whether it has, the log knows
		cancel()
		timer.Reset(min(period, t.distrust()))
	}
}

// distrust removes all entries if they have not been known to be good for MaxStale, and
// returns how long they have left.
func (t *Tier[K, V]) distrust() time.Duration {
	l := &t.log
	l.mu.Lock()
	defer l.mu.Unlock()
	left := t.options.MaxStale - elapsed(l.trusted)
	if left > 0 {
		return left
	}
	l.deaf, l.trusted = true, time.Now()
	t.clear()
	return t.options.MaxStale
}

// elapsed returns how long ago something was. The monotonic clock stands still while the
// machine sleeps, and the wall clock can be set.
func elapsed(since time.Time) time.Duration {
	now := time.Now()
	return max(now.Sub(since), now.Round(0).Sub(since.Round(0)))
}
