package cache

import (
	"context"
	"errors"
	"sync/atomic"
)

// together is how many loads GetMany and refreshes run at once, if there is no LoadMany
// and MaxLoads says nothing else.
const together = 64

// group is the calls that one caller waits for.
type group[K comparable, V any] struct {
	*core[K, V]
	ctx   context.Context
	calls []*call[K, V]
	many  *batch[K, V]   // what is begun if there is LoadMany
	each  []*batch[K, V] // what is begun if not
	errs  []error
}

// batch returns the batch of the next call that is begun.
func (g *group[K, V]) batch() *batch[K, V] {
	if g.loader.many == nil {
		b := g.newBatch(g.ctx)
		b.queued = true
		return b
	}
	if g.many == nil {
		g.many = g.newBatch(g.ctx)
	}
	return g.many
}

// took notes what join has returned for a key, but for a value.
func (g *group[K, V]) took(key K, b *batch[K, V], c *call[K, V], f *failure) {
	switch {
	case f != nil && f.class == notFound:
	case f != nil:
		g.failed(keyed(key, f.err))
	case c == nil:
	default:
		if c.batch != b {
			g.hurry(g.ctx, c)
		} else if g.many == nil {
			g.each = append(g.each, b)
		}
		g.calls = append(g.calls, c)
	}
}

func (g *group[K, V]) failed(err error) { g.errs = append(g.errs, err) }

// start begins what nobody has begun before.
func (g *group[K, V]) start() {
	if g.many != nil && len(g.many.calls) > 0 {
		go g.perform(g.many)
	}
	most := g.turns.limit
	if most == 0 {
		most = together
	}
	var next atomic.Int64
	var work func()
	work = func() {
		returned := false
		defer func() {
			if !returned { // the loader has ended the goroutine
				go work()
			}
		}()
		for i := next.Add(1) - 1; i < int64(len(g.each)); i = next.Add(1) - 1 {
			g.perform(g.each[i])
		}
		returned = true
	}
	for range min(most, len(g.each)) {
		go work()
	}
}

// await waits for all calls, and calls each with those that have ended. If the context
// ends, it leaves those that are left.
func (g *group[K, V]) await(each func(c *call[K, V])) {
	for i, c := range g.calls {
		err := g.core.await(g.ctx, c)
		if err == nil {
			each(c)
			g.leave(c.batch)
			continue
		}
		g.failed(err)
		if g.ctx.Err() != nil {
			for _, c := range g.calls[i+1:] {
				g.giveUp(c)
			}
			return
		}
	}
}

// getMany is GetMany. It looks up all keys first, enters or begins the calls for
// those that are missing, and then waits for them.
func (s *core[K, V]) getMany(ctx context.Context, keys []K) (map[K]*V, error) {
	found := make(map[K]*V, len(keys))
	missing := make(map[K]uint64) // with their hashes
	var dues []due[K, V]
	for _, key := range keys {
		hash := s.keys.Hash(key)
		v, e, _ := s.peek(hash, key)
		if v == nil || s.expired(e) {
			missing[key] = hash
			continue
		}
		s.hit(hash, e, v)
		found[key] = v
		if s.isDue(e) {
			dues = append(dues, due[K, V]{hash, e, v})
		}
	}
	s.refreshSoon(ctx, dues...)
	if len(missing) == 0 {
		return found, nil
	}
	if err := ctx.Err(); err != nil {
		return found, err
	}
	g := group[K, V]{core: s, ctx: ctx}
	for key, hash := range missing {
		b := g.batch()
		c, v, f := s.join(hash, key, b)
		if v != nil {
			found[key] = v
		}
		g.took(key, b, c, f)
	}
	g.start()
	g.await(func(c *call[K, V]) {
		switch {
		case c.err == nil:
			found[c.entry.key] = c.v
		case c.class != notFound:
			g.failed(keyed(c.entry.key, c.err))
		}
	})
	return found, errors.Join(g.errs...)
}
