package cache

import (
	"context"
	"maps"
	"time"
)

// Tier is a second tier behind a cache: other processes, or a store, which may have a
// value that the cache lacks. Package remote/shared has one.
//
// A cache asks its tier in the place of its loader, and hands it the loader. So a call of
// Fetch is a load like any other: there is one for a key at a time, whoever asks; its
// context ends when nobody waits for the result any more; a load that waits for itself
// through it gets ErrDeadlock; what is put or invalidated meanwhile wins. What the tier
// keeps is its own affair: neither Put nor Invalidate of the cache reach it.
type Tier[K comparable, V any] interface {
	// Fetch returns the values of keys. A key that is missing from the result is not
	// found; further ones are treated as those that LoadMany returns. It is called as Load
	// is, see Cache, and may panic or end its goroutine, as the loader that it calls.
	//
	// The values are the cache's from then on, as those that Load returns.
	Fetch(ctx context.Context, f Fetch[K, V]) (map[K]Fetched[V], error)
}

// Fetch is what a cache wants of its [Tier].
type Fetch[K comparable, V any] struct {
	// Keys are one, or as many as LoadMany would be called with.
	Keys []K

	// Younger, if not 0, is the age that a value must not have reached. The fetch is to
	// refresh a value that is that old, or to load it anew if it is 1.
	Younger time.Duration

	// Load calls the cache's loader for some of Keys: LoadMany, or Load if there is one
	// key. It is called by Fetch, on its goroutine, with its context or one that is derived
	// from it. MaxLoads bounds how many of these calls run at once, not how many of Fetch.
	// It returns ErrNoLoader if the cache has none.
	Load func(ctx context.Context, keys ...K) (map[K]*V, error)
}

// Fetched is a value that a [Tier] has found.
type Fetched[V any] struct {
	Value *V

	// Age is how long ago the value was loaded. ExpireAfterWrite, ExpireFunc and
	// RefreshAfter count from then.
	Age time.Duration
}

// fetch has the tier set the values of the batch's calls, and returns those that were not
// asked for.
func (s *core[K, V]) fetch(b *batch[K, V]) (map[K]Fetched[V], error) {
	f := Fetch[K, V]{Keys: make([]K, len(b.calls)), Younger: s.younger(b)}
	for i, c := range b.calls {
		f.Keys[i] = c.entry.key
	}
	f.Load = func(ctx context.Context, keys ...K) (map[K]*V, error) {
		turn := s.turns.take(b.run)
		defer turn.giveBack()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return s.loader.load(ctx, keys)
	}
	values, err := s.loader.tier.Fetch(b.run, f)
	if err != nil {
		return nil, err
	}
	values = maps.Clone(values) // the map remains the tier's
	for _, c := range b.calls {
		found := values[c.entry.key]
		c.v, c.age = found.Value, max(0, int64(found.Age))
		delete(values, c.entry.key)
	}
	return values, nil
}

// younger returns the age that what a batch brings must not have reached: that of the
// youngest value which it is to refresh.
func (s *core[K, V]) younger(b *batch[K, V]) (age time.Duration) {
	for _, c := range b.calls {
		if c.renews == nil {
			continue
		}
		old := time.Duration(1)
		if s.times.on {
			old = max(1, time.Duration(s.times.now()-c.renews.age().written))
		}
		if age == 0 || old < age {
			age = old
		}
	}
	return age
}

// load calls the user's loader for a tier.
func (l *loader[K, V]) load(ctx context.Context, keys []K) (map[K]*V, error) {
	switch {
	case len(keys) == 1 && l.one != nil:
		v, err := l.one(ctx, keys[0])
		if err == nil && v == nil {
			err = keyed(keys[0], errNil)
		}
		if err != nil {
			return nil, err
		}
		return map[K]*V{keys[0]: v}, nil
	case l.many != nil:
		return l.many(ctx, keys)
	}
	return nil, ErrNoLoader
}
