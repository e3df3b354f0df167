package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"time"

	"github.com/weakref-go/weakref"
)

var errGoexit = errors.New("cache: the loader called runtime.Goexit")

// get loads the value of a key, or waits until somebody else has.
func (s *core[K, V]) get(ctx context.Context, hash uint64, key K) (*V, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	from := runOf(ctx)
	s.loads.mu.Lock()
	c, v, err := s.join(from, hash, key)
	if c != nil || v != nil || err != nil {
		s.loads.mu.Unlock()
		if c == nil {
			return v, err
		}
		return s.await(ctx, from, c)
	}
	c, err = s.begin(ctx, from, hash, key)
	if err != nil {
		s.loads.mu.Unlock()
		return nil, err
	}
	if ctx.Done() == nil {
		// The caller will not leave before the load ends, so it needs no goroutine.
		s.loads.mu.Unlock()
		defer c.batch.leave(from)
		s.load(c.batch)
		return c.v, c.err
	}
	c.beWaitedFor()
	s.loads.mu.Unlock()
	go s.load(c.batch)
	return s.await(ctx, from, c)
}

// join returns the call under way for a key after entering it, or the key's value,
// or its kept error, or nothing. s.loads.mu is held.
func (s *core[K, V]) join(from *run, hash uint64, key K) (*call[K, V], *V, error) {
	if c := s.loads.calls[key]; c != nil {
		if err := c.batch.enter(from); err != nil {
			return nil, nil, fmt.Errorf("key %v: %w", key, err)
		}
		c.beWaitedFor()
		s.counts.joined.Add(1)
		return c, nil, nil
	}
	if v, _ := s.lookup(hash, key); v != nil {
		return nil, v, nil // somebody has just stored it
	}
	return nil, nil, s.loads.errors.get(key)
}

// begin makes a batch to load one key, and enters it. The caller must have it loaded
// when s.loads.mu, which is held, is free.
func (s *core[K, V]) begin(ctx context.Context, from *run, hash uint64, key K) (*call[K, V], error) {
	if !s.loads.possible() {
		return nil, ErrNoLoader
	}
	b := &batch[K, V]{run: &run{values: ctx}}
	c := s.add(b, hash, key)
	return c, b.enter(from)
}

// await waits for a call that the caller has entered.
func (s *core[K, V]) await(ctx context.Context, from *run, c *call[K, V]) (*V, error) {
	select {
	case <-c.done:
	case <-ctx.Done():
		select {
		case <-c.done: // both; the result is worth more
		default:
			s.giveUp(from, c)
			return nil, ctx.Err()
		}
	}
	c.batch.leave(from)
	return c.v, c.err
}

// giveUp leaves a call that has perhaps not ended. If nobody else waits for its
// batch, that is cancelled, and whoever comes now begins anew.
func (s *core[K, V]) giveUp(from *run, c *call[K, V]) {
	s.loads.mu.Lock()
	defer s.loads.mu.Unlock()
	if !c.batch.leave(from) {
		return
	}
	c.batch.cancel()
	for _, c := range c.batch.calls {
		if s.loads.calls[c.key] == c {
			delete(s.loads.calls, c.key)
		}
	}
}

// load runs the loader for a batch and ends its calls. The loader may end the
// goroutine.
func (s *core[K, V]) load(b *batch[K, V]) {
	var extra map[K]*V
	var entries map[K]*entry[K] // of extra
	err := errGoexit
	begun := time.Now()
	defer func() {
		b.cancel()
		s.counts.load(time.Since(begun), err)
		for _, c := range b.calls {
			s.end(c, err)
		}
		for key, e := range entries {
			if err == nil {
				s.storeExtra(e, extra[key])
			}
		}
	}()
	defer capturePanic(&err)
	if extra, err = s.loads.call(b); err != nil {
		return
	}
	// A new entry may call the user's Weigh, so it is made without a lock.
	for _, c := range b.calls {
		if c.v != nil {
			c.entry = s.newEntry(c.key, c.v)
		}
	}
	if len(extra) > 0 {
		entries = make(map[K]*entry[K], len(extra))
	}
	for key, v := range extra {
		if v != nil && key == key {
			entries[key] = s.newEntry(key, v)
		}
	}
}

// call calls the user's loader, sets the values of the batch's calls, and returns
// those that were not asked for.
func (l *loads[K, V]) call(b *batch[K, V]) (extra map[K]*V, err error) {
	if len(b.calls) == 1 && l.one != nil {
		c := b.calls[0]
		c.v, err = l.one(b.run, c.key)
		if err == nil && c.v == nil {
			err = fmt.Errorf("cache: Load returned nil and no error for key %v", c.key)
		}
		return nil, err
	}
	keys := make([]K, len(b.calls))
	for i, c := range b.calls {
		keys[i] = c.key
	}
	values, err := l.many(b.run, keys)
	if err != nil {
		return nil, err
	}
	extra = maps.Clone(values) // the map remains the user's
	for _, c := range b.calls {
		c.v = values[c.key]
		delete(extra, c.key)
	}
	return extra, nil
}

func capturePanic(err *error) {
	if v := recover(); v != nil {
		*err = &weakref.PanicError{Value: v, Stack: debug.Stack()}
	}
}

// end ends a call whose value has been loaded, or with an error.
func (s *core[K, V]) end(c *call[K, V], err error) {
	if err == nil && c.v == nil {
		err = ErrNotFound
	}
	if c.err = err; err != nil {
		c.v = nil
	}
	s.loads.mu.Lock()
	listed := s.loads.calls[c.key] == c
	if listed {
		delete(s.loads.calls, c.key)
		if err != nil {
			s.loads.errors.put(c.key, err)
		} else {
			c.v, c.entry = s.store(c.hash, c.entry, c.v, c.renew)
		}
	}
	done := c.done // nobody joins from now on
	s.loads.mu.Unlock()
	if done != nil {
		close(done)
	}
	if listed && err == nil {
		s.keep(c.hash, c.entry, c.v)
	}
}

// storeExtra stores a value that LoadMany has returned although it was not asked
// for it, unless the key has one, or it is being loaded.
func (s *core[K, V]) storeExtra(e *entry[K], v *V) {
	hash := s.keys.Hash(e.key)
	s.loads.mu.Lock()
	busy := s.loads.calls[e.key] != nil
	if !busy {
		v, e = s.store(hash, e, v, nil)
	}
	s.loads.mu.Unlock()
	if !busy {
		s.keep(hash, e, v)
	}
}

// refreshIfDue loads the value of an entry anew, in the background, if it is time.
func (s *core[K, V]) refreshIfDue(ctx context.Context, hash uint64, e *entry[K]) {
	if !s.times.dueForRefresh(&e.age) || !s.loads.possible() {
		return
	}
	b := &batch[K, V]{run: &run{values: ctx}}
	s.loads.mu.Lock()
	defer s.loads.mu.Unlock()
	if s.loads.calls[e.key] != nil {
		return
	}
	c := s.add(b, hash, e.key)
	c.renew = e
	b.waiters = 1 // the cache itself, which does not give up
	s.counts.refreshes.Add(1)
	go func() {
		defer func() {
			if c.err != nil {
				slog.Warn("cache: a value could not be refreshed", "cache", s.name, "key", c.key, "error", c.err)
			}
		}()
		s.load(b)
	}()
}
