package cache

import (
	"context"
	"errors"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/policy"
	"github.com/weakref-go/weakref/internal/usercode"
	"github.com/weakref-go/weakref/internal/waits"
)

// A load goes through these steps, whoever asks for it:
//
//	join     under the lock of the key's segment: is there a value, a kept error, or a
//	         call to wait for? If not, an entry that is loading is put into the slot,
//	         with a call that others find there.
//	perform  under no lock: the user's loader runs for the calls of a batch, and what
//	         else is the user's: Weigh, ExpireFunc, the Is of errors.
//	end      under the lock again: the entry gets its value, if it is still in its slot,
//	         and those who wait are woken.
//
// Whoever is not interested any more takes the entry out of its slot: Put, Invalidate,
// the last one who waits and leaves. So whether the entry is there says, at one moment,
// whether its value is wanted.

// get loads the value of a key, or waits until somebody else has.
func (s *core[K, V]) get(ctx context.Context, hash uint64, key K) (*V, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b := s.newSingle(ctx)
	c, v, f := s.join(hash, key, b)
	if c == nil || c.batch != b {
		s.reuse(b)
	}
	switch {
	case f != nil:
		return nil, f.err
	case c == nil:
		return v, nil
	case c.batch != b:
		s.hurry(ctx, c)
	case ctx.Done() == nil:
		// The caller will not leave before the load ends, so it needs no goroutine.
		defer s.leave(b)
		s.perform(b)
		return c.v, c.err
	default:
		go s.perform(b)
	}
	if err := s.await(ctx, c); err != nil {
		return nil, err
	}
	defer s.leave(c.batch)
	return c.v, c.err
}

// join returns the value of a key, or why there is none, or the call that brings it, which
// the caller has entered then. If there is none, it makes one in batch b.
func (s *core[K, V]) join(hash uint64, key K, b *batch[K, V]) (*call[K, V], *V, *failure) {
	if key != key { // a NaN: nobody could find it
		s.counts.misses.Inc()
		if !s.loader.possible() {
			return nil, nil, noLoader
		}
		return s.begin(b, hash, key), nil, nil
	}
	l := s.tier.Lock(hash)
	at, v := s.current(l, hash, key)
	if v != nil && !s.expired(at.Side) {
		e := at.Side
		l.Unlock()
		s.hit(hash, e, v)
		return nil, v, nil
	}
	var c *call[K, V]
	var f *failure
	if at != nil {
		c, f = s.underWay(l, at, v)
	}
	joined := c != nil
	switch {
	case joined || f != nil:
	case !s.loader.possible():
		f = noLoader
	default:
		c = s.begin(b, hash, key)
		l.Insert(c.ref(), c.entry)
	}
	l.Unlock()
	s.counts.misses.Inc()
	if joined {
		s.counts.joined.Add(1)
	}
	if v != nil {
		s.report(key, v, Expired)
	}
	return c, nil, f
}

// begin makes a call in batch b, and enters it.
func (s *core[K, V]) begin(b *batch[K, V], hash uint64, key K) *call[K, V] {
	c := s.add(b, hash, key)
	b.enter()
	return c
}

// underWay enters the call that an entry without a valid value is waiting for, or
// returns the failure in its place. If there is neither, it takes the entry out of its
// slot. v is the value if that has expired. The segment is locked.
func (s *core[K, V]) underWay(l locked[K, V], at *slot[K, V], v *V) (*call[K, V], *failure) {
	e := at.Side
	switch {
	case v != nil:
		c := s.refreshes.of(e)
		s.detach(l, at)
		if !s.serve(l, c) {
			return nil, nil
		}
		if c.batch.enter() {
			return c, nil
		}
		at, _ = s.slotOf(l, c.hash, c.entry) // given up at this moment
	case e.is(failed):
		if f := failureOf(at); s.times.now() < f.until {
			return nil, f
		}
	default:
		if c := callOf(at); c.batch.enter() {
			return c, nil
		}
		// All who waited have left, and the last one is about to take it out.
	}
	l.Remove(at)
	return nil, nil
}

// await waits for a call that the caller has entered. An error is about the waiting; the
// caller has left the call then, and does not know its result. Otherwise, he leaves it when
// he has taken that.
func (s *core[K, V]) await(ctx context.Context, c *call[K, V]) error {
	wait, ok := waits.Enter(ctx, &c.batch.work)
	if !ok {
		err := keyed(c.entry.key, ErrDeadlock)
		s.giveUp(c)
		return err
	}
	err := c.done.Wait(ctx)
	wait.Leave()
	if err != nil {
		s.giveUp(c)
		return err
	}
	return nil
}

// giveUp leaves a call that has perhaps not ended. If nobody else waits for its
// batch, that is cancelled, and whoever comes now begins anew.
func (s *core[K, V]) giveUp(c *call[K, V]) {
	if !s.leave(c.batch) {
		return
	}
	c.batch.cancel()
	for _, c := range c.batch.calls {
		s.takeOut(c)
	}
}

// takeOut takes the entry of a call out of its slot if it is still loading.
func (s *core[K, V]) takeOut(c *call[K, V]) {
	l := s.tier.Lock(c.hash)
	defer l.Unlock()
	if c.renews != nil {
		s.refreshes.remove(c)
	}
	if at, _ := s.slotOf(l, c.hash, c.entry); at != nil && c.entry.isLoading() {
		l.Remove(at)
	}
}

// perform runs the loader for a batch and ends its calls, if nobody else does so or has
// done so. The loader may end the goroutine.
func (s *core[K, V]) perform(b *batch[K, V]) {
	if !b.claim() {
		return
	}
	var turn turn
	if s.loader.tier == nil { // which waits for a turn if it loads
		turn = s.turns.take(b.run)
	}
	if b.isAbandoned() {
		turn.giveBack()
		for _, c := range b.calls { // one who waits for a refresh may be left
			c.err, c.class = errSlow, ofContext
			c.done.Open()
		}
		return
	}
	var extras []extra[K, V]
	var err error
	returned := false
	begun := b.made
	if b.queued || s.turns.limit != 0 {
		begun = bubble.Clock() // it has waited
	}
	defer func() {
		err = outcome(usercode.Outcome(returned, recover(), err))
		s.counts.load(bubble.Clock()-begun, err)
		b.end()
		turn.giveBack()
		for _, x := range extras {
			s.storeExtra(b, x)
		}
		for _, c := range b.calls {
			if !returned {
				c.class = ofKey
			}
			s.end(c, err)
		}
		if b.complete() {
			s.reuse(b)
		}
		s.tendLater()
	}()
	b.work.Here()
	extras, err = s.call(b)
	returned = true
}

// outcome gives the errors of package usercode the form that users know.
func outcome(err error) error {
	if p, ok := err.(*usercode.Panic); ok {
		return (*weakref.PanicError)(p)
	}
	if err == usercode.ErrGoexit {
		return errGoexit
	}
	return err
}

// call calls the user's loader and sets the results of the batch's calls. It returns
// what is to be stored besides.
func (s *core[K, V]) call(b *batch[K, V]) (extras []extra[K, V], err error) {
	var values map[K]Fetched[V]
	if s.loader.tier != nil {
		values, err = s.fetch(b)
	} else {
		values, err = s.loader.call(b)
	}
	for _, c := range b.calls {
		if c.err = err; err == nil && c.v == nil {
			c.err = ErrNotFound
		}
		if c.err == nil {
			s.fill(c.entry, c.v, c.age)
		} else {
			c.class = classify(c.err)
		}
	}
	for key, found := range values {
		if found.Value == nil || key != key {
			continue
		}
		hash := s.keys.Hash(key)
		x := extra[K, V]{hash, s.newEntry(hash, key), found.Value}
		s.fill(x.entry, x.v, max(0, int64(found.Age)))
		extras = append(extras, x)
	}
	return extras, err
}

// end ends a call. err is not nil if the loader, or what else is the user's, has failed
// for all calls of the batch.
func (s *core[K, V]) end(c *call[K, V], err error) {
	if err != nil {
		c.v, c.err = nil, err
	}
	var ref handle.H
	if c.err == nil {
		ref = s.refOf(c.entry, c.v)
	}
	var room [8]*policy.Node
	out := room[:0]
	var left departure[K, V]
	l := s.tier.Lock(c.hash)
	at, _ := s.slotOf(l, c.hash, c.entry)
	switch {
	case c.put != nil: // meanwhile; it wins
		c.v, c.err = c.put, nil
	case at != nil && c.err == nil:
		out = s.place(l, at, c.entry, c.v, ref, out)
	case at != nil:
		s.fail(l, at, c)
	case c.renews != nil:
		left, out = s.renew(l, c, ref, out)
	}
	l.Unlock()
	s.weaken(out)
	s.reportLeft(left)
	c.done.Open() // last: what a call does is done when it returns
}

// extra is a value that LoadMany has returned although it was not asked for.
type extra[K comparable, V any] struct {
	hash  uint64
	entry *entry[K, V]
	v     *V
}

// storeExtra stores an extra, unless the key has a value, or is being loaded, or may
// have been invalidated, or put, since the batch began.
func (s *core[K, V]) storeExtra(b *batch[K, V], x extra[K, V]) {
	ref := s.refOf(x.entry, x.v)
	var room [8]*policy.Node
	out := room[:0]
	var left departure[K, V]
	l := s.tier.Lock(x.hash)
	if s.voids.none(b.begun, x.hash) {
		at, v := s.current(l, x.hash, x.entry.key)
		switch {
		case at != nil && v == nil && at.Side.is(failed):
			l.Remove(at)
			at = nil
		case v != nil && s.expired(at.Side) && !at.Side.is(refreshing):
			left = s.depart(l, at, v, Expired)
			at = nil
		}
		if at == nil {
			out = s.place(l, nil, x.entry, x.v, ref, out)
		}
	}
	l.Unlock()
	s.weaken(out)
	s.reportLeft(left)
}

// class is what an error says.
type class uint8

const (
	ofKey     class = iota // something about the key
	notFound               // the thing is not there
	ofContext              // only that somebody gave up, or about the call
)

// classify calls the methods of an error of the user's.
func classify(err error) class {
	switch {
	case errors.Is(err, ErrNotFound):
		return notFound
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, ErrDeadlock):
		return ofContext
	}
	return ofKey
}
