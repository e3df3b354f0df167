package cache

import (
	"context"
	"errors"
	"fmt"
)

// getMany is GetMany. It looks up all keys first, enters or begins the calls for
// those that are missing at one moment, and then waits for them.
func (s *core[K, V]) getMany(ctx context.Context, keys []K) (map[K]*V, error) {
	found := make(map[K]*V, len(keys))
	missing := make(map[K]uint64) // with their hashes
	for _, key := range keys {
		hash := s.keys.Hash(key)
		if v, e := s.lookup(hash, key); v != nil {
			s.hit(hash, e, v)
			s.refreshIfDue(ctx, hash, e)
			found[key] = v
		} else {
			s.counts.misses.Inc()
			missing[key] = hash
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	if err := ctx.Err(); err != nil {
		return found, err
	}
	from := runOf(ctx)
	calls, errs := s.beginMany(ctx, from, missing, found)
	for i, c := range calls {
		v, err := s.await(ctx, from, c)
		switch {
		case err == nil:
			found[c.key] = v
		case ctx.Err() != nil && err == ctx.Err():
			for _, c := range calls[i+1:] {
				s.giveUp(from, c)
			}
			return found, errors.Join(append(errs, err)...)
		case !errors.Is(err, ErrNotFound):
			errs = append(errs, fmt.Errorf("key %v: %w", c.key, err))
		}
	}
	return found, errors.Join(errs...)
}

// beginMany enters the calls for the keys in missing, and begins those that are
// not under way. What turns out to be there goes into found.
func (s *core[K, V]) beginMany(ctx context.Context, from *run, missing map[K]uint64, found map[K]*V) (calls []*call[K, V], errs []error) {
	s.loads.mu.Lock()
	defer s.loads.mu.Unlock()
	var together *batch[K, V]
	for key, hash := range missing {
		c, v, err := s.join(from, hash, key)
		switch {
		case err != nil:
			if !errors.Is(err, ErrNotFound) {
				errs = append(errs, err)
			}
		case v != nil:
			found[key] = v
		case c != nil:
			calls = append(calls, c)
		case s.loads.many == nil:
			if c, err = s.begin(ctx, from, hash, key); err != nil {
				errs = append(errs, fmt.Errorf("key %v: %w", key, err))
			} else {
				c.beWaitedFor()
				calls = append(calls, c)
				go s.load(c.batch)
			}
		default:
			if together == nil {
				together = &batch[K, V]{run: &run{values: ctx}}
			}
			c = s.add(together, hash, key)
			c.beWaitedFor()
			if err := together.enter(from); err != nil {
				errs = append(errs, err)
			} else {
				calls = append(calls, c)
			}
		}
	}
	if together != nil {
		go s.load(together)
	}
	return calls, errs
}
