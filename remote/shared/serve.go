package shared

import (
	"context"
	"errors"
	"fmt"

	"github.com/weakref-go/weakref/cache"
)

// flight is a key that is loaded here by a fetch which waits for other replicas besides.
// Whoever asks for the key waits for the flight, not for the fetch: two fetches that have
// keys of each other would wait for ever.
type flight struct {
	done  chan struct{}
	heard uint64 // of the log, when the load began
	value any    // *V; nil: not found
	err   error
}

// getting is what is got for a question. For each key there are three ways:
//
//	it is loaded in a flight                 wait for that, if it has begun late enough
//	its fetch waits for another replica,     refuse: that one may wait for this
//	and does not climb
//	neither                                  the cache
type getting[K comparable, V any] struct {
	tier    *Tier[K, V]
	cache   *cache.Cache[K, V]
	q       question
	keys    []K
	at      []int           // their places in the question
	flights map[int]*flight // by place
	answers []answer
}

// add decides how a key is got.
func (g *getting[K, V]) add(i int, key K) {
	t := g.tier
	text := g.q.keys[i]
	t.mu.Lock()
	defer t.mu.Unlock()
	switch f := t.loading[text]; {
	case f != nil && f.heard >= g.q.heard:
		if g.flights == nil {
			g.flights = map[int]*flight{}
		}
		g.flights[i] = f
	case f != nil: // refused
	case t.asked[text] == 0:
		t.serving[text]++ // from now on a fetch of the key loads it here
		g.keys, g.at = append(g.keys, key), append(g.at, i)
	}
}

func (g *getting[K, V]) end() {
	g.tier.mu.Lock()
	defer g.tier.mu.Unlock()
	for _, i := range g.at {
		release(g.tier.serving, g.q.keys[i])
	}
}

// release takes one back of what is counted.
func release(counted map[string]int, key string) {
	if counted[key]--; counted[key] == 0 {
		delete(counted, key)
	}
}

// get gets all keys.
func (g *getting[K, V]) get(ctx context.Context) {
	values, err := g.fromCache(ctx)
	for n, i := range g.at {
		v := values[g.keys[n]]
		switch {
		case v != nil:
			g.answers[i] = g.valueAnswer(g.keys[n], v)
		case err == nil || errors.Is(err, cache.ErrNotFound):
			g.answers[i] = answer{kind: isNotFound}
		default:
			g.answers[i] = answer{kind: isError, err: err}
		}
	}
	for i, f := range g.flights {
		g.answers[i] = g.fromFlight(ctx, f)
	}
}

func (g *getting[K, V]) fromCache(ctx context.Context) (values map[K]*V, err error) {
	if g.q.younger > 0 {
		if err := g.refresh(ctx); err != nil {
			return nil, err
		}
	}
	switch len(g.keys) {
	case 0:
		return nil, nil
	case 1:
		v, err := g.cache.Get(ctx, g.keys[0])
		return map[K]*V{g.keys[0]: v}, err
	}
	return g.cache.GetMany(ctx, g.keys)
}

// refresh has those keys loaded anew that have a value which is too old.
func (g *getting[K, V]) refresh(ctx context.Context) error {
	var old []K
	for _, k := range g.keys {
		if e, ok := g.cache.Peek(k); ok && (e.Age < 0 || e.Age >= g.q.younger) {
			old = append(old, k)
		}
	}
	if len(old) == 0 {
		return nil
	}
	return g.cache.Refresh(ctx, old...)
}

func (g *getting[K, V]) valueAnswer(key K, v *V) answer {
	data, err := g.tier.encode(v)
	if err != nil {
		return answer{kind: isRefused} // who asks loads it and has no need to encode it
	}
	a := answer{kind: isValue, value: data}
	if e, ok := g.cache.Peek(key); ok && e.Value == v {
		a.age = max(0, e.Age)
	}
	return a
}

func (g *getting[K, V]) fromFlight(ctx context.Context, f *flight) answer {
	select {
	case <-f.done:
	case <-ctx.Done():
		return answer{kind: isError, err: ctx.Err()}
	}
	switch v, _ := f.value.(*V); {
	case f.err != nil:
		return answer{kind: isError, err: f.err}
	case v == nil:
		return answer{kind: isNotFound}
	default:
		data, err := g.tier.encode(v)
		if err != nil {
			return answer{kind: isRefused}
		}
		return answer{kind: isValue, value: data}
	}
}

// encode encodes a value, and counts what cannot be.
func (t *Tier[K, V]) encode(v *V) (data []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("shared: the Codec panicked: %v", r)
		}
		if err != nil {
			t.counts.undecodable.Add(1)
		}
	}()
	return t.options.Codec.Encode(v)
}
