package cache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/policy"
	"github.com/weakref-go/weakref/internal/usercode"
)

// due is an entry that is to be loaded anew, with its value.
type due[K comparable, V any] struct {
	hash uint64
	e    *entry[K, V]
	v    *V
}

// refresher is the entries that are due, and not yet begun. So that LoadMany gets many of
// them at once without anyone waiting for others to come, few runs are under way at a
// time, and each takes all that have come during those before.
type refresher[K comparable, V any] struct {
	timeout time.Duration

	mu      sync.Mutex
	pending []due[K, V]
	values  context.Context // of who asked for the first of them
	runs    int
}

// bulkRuns is how many refreshes by LoadMany run at once. With one, one that hangs would
// hold up all others.
const bulkRuns = 4

// isDue reports whether the caller shall have an entry loaded anew. It says so to one
// caller.
func (s *core[K, V]) isDue(e *entry[K, V]) bool {
	return s.times.refresh != 0 && s.times.dueForRefresh(e.age()) && s.loader.possible()
}

// refreshSoon has entries loaded anew in the background.
func (s *core[K, V]) refreshSoon(ctx context.Context, list ...due[K, V]) {
	if len(list) == 0 {
		return
	}
	r := &s.refresher
	r.mu.Lock()
	if len(r.pending) == 0 {
		r.values = ctx
	}
	r.pending = append(r.pending, list...)
	r.mu.Unlock()
	s.refreshMore()
}

// refreshMore begins as many runs as may be.
func (s *core[K, V]) refreshMore() {
	r := &s.refresher
	for {
		r.mu.Lock()
		take, values := s.nextRun(), r.values
		r.mu.Unlock()
		if len(take) == 0 {
			return
		}
		go s.refreshNow(values, take)
	}
}

// nextRun returns what the next run of the loader shall refresh, if one may begin. The
// refresher is locked.
func (s *core[K, V]) nextRun() []due[K, V] {
	r := &s.refresher
	most, n := together, 1
	if s.loader.many != nil {
		most, n = bulkRuns, len(r.pending)
	}
	if len(r.pending) == 0 || r.runs >= most {
		return nil
	}
	take := r.pending[:n:n]
	if r.pending = r.pending[n:]; len(r.pending) == 0 {
		r.pending = nil
	}
	r.runs++
	return take
}

// refreshNow is one run.
func (s *core[K, V]) refreshNow(values context.Context, list []due[K, V]) {
	over := sync.OnceFunc(func() {
		s.refresher.mu.Lock()
		s.refresher.runs--
		s.refresher.mu.Unlock()
		s.refreshMore()
	})
	defer over()
	b := s.newBatch(values)
	for _, d := range list {
		l := s.tier.Lock(d.hash)
		s.renewal(l, b, d)
		l.Unlock()
	}
	if len(b.calls) == 0 {
		return
	}
	defer s.leaveRefresh(b)
	if limit := s.refresher.timeout; limit != 0 {
		timer := time.AfterFunc(limit, func() {
			s.abandonRefresh(b)
			over()
		})
		defer timer.Stop()
	}
	s.perform(b)
}

// renewal makes the call that refreshes an entry, in batch b, if the entry is still
// there and nobody else does so. The entry's segment is locked.
func (s *core[K, V]) renewal(l locked[K, V], b *batch[K, V], d due[K, V]) *call[K, V] {
	at, _ := s.slotOf(l, d.hash, d.e)
	if at == nil || d.e.is(refreshing) {
		return nil
	}
	c := s.begin(b, d.hash, d.e.key) // the cache itself enters it, which does not give up
	c.renews, c.old = d.e, d.v
	s.refreshes.add(c)
	s.counts.refreshes.Add(1)
	return c
}

// renew ends a call that refreshes an entry. The segment is locked.
func (s *core[K, V]) renew(l locked[K, V], c *call[K, V], ref handle.H, out []*policy.Node) (departure[K, V], []*policy.Node) {
	var left departure[K, V]
	if !s.refreshes.remove(c) {
		return left, out // it took too long, and has been given up
	}
	at, v := s.slotOf(l, c.hash, c.renews)
	c.renewed = true
	c.old = nil
	switch {
	case at == nil: // replaced or invalidated meanwhile
	case c.class == notFound:
		left = s.depart(l, at, v, Removed)
	case c.err == nil && s.voids.noneOfAll(c.batch.begun):
		left = s.depart(l, at, v, Replaced)
		out = s.place(l, nil, c.entry, c.v, ref, out)
	}
	return left, out
}

// abandonRefresh gives up a refresh that takes too long. What it brings is not stored, and
// it can be tried again.
func (s *core[K, V]) abandonRefresh(b *batch[K, V]) {
	if !b.abandon() {
		return
	}
	b.cancel()
	for _, c := range b.calls {
		s.takeOut(c)
	}
}

// leaveRefresh is what the cache itself does in the place of one who waits.
func (s *core[K, V]) leaveRefresh(b *batch[K, V]) {
	defer func() {
		for range b.calls {
			s.leave(b)
		}
	}()
	s.warn(b)
}

// warn logs what could not be refreshed. That calls code of the user's, which may end
// the goroutine.
func (s *core[K, V]) warn(b *batch[K, V]) {
	for _, c := range b.calls {
		err := c.err
		if !c.renewed && b.isAbandoned() {
			err = errSlow
		}
		if err != nil && c.class != notFound {
			_ = usercode.Do(func() error {
				slog.Warn("cache: a value could not be refreshed", "cache", s.name, "key", c.entry.key, "error", err)
				return nil
			})
		}
	}
}

var errSlow = errors.New("cache: the refresh takes longer than RefreshTimeout")

// refresh is Refresh.
func (s *core[K, V]) refresh(ctx context.Context, keys []K) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g := group[K, V]{core: s, ctx: ctx}
	asked := make(map[K]bool, len(keys))
	for _, key := range keys {
		if asked[key] || key != key {
			continue
		}
		asked[key] = true
		b := g.batch()
		c, f := s.joinRefresh(s.keys.Hash(key), key, b)
		g.took(key, b, c, f)
	}
	g.start()
	g.await(func(c *call[K, V]) {
		if c.err != nil {
			g.failed(keyed(c.entry.key, c.err))
		}
	})
	return errors.Join(g.errs...)
}

// joinRefresh is join for one who wants a value to be loaded although there is one.
func (s *core[K, V]) joinRefresh(hash uint64, key K, b *batch[K, V]) (*call[K, V], *failure) {
	if !s.loader.possible() {
		return nil, noLoader
	}
	l := s.tier.Lock(hash)
	at, v := s.current(l, hash, key)
	if v != nil && !s.expired(at.Side) {
		defer l.Unlock()
		if c := s.refreshes.of(at.Side); c != nil && c.batch.enter() {
			return c, nil
		}
		return s.renewal(l, b, due[K, V]{hash, at.Side, v}), nil
	}
	if at != nil && at.Side.is(failed) {
		l.Remove(at)
	}
	l.Unlock()
	c, _, f := s.join(hash, key, b)
	return c, f
}
