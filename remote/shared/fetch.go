package shared

import (
	"context"
	"errors"
	"time"

	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/remote"
)

// fetch is one call of Fetch. It goes in rounds, and most have one:
//
//	plan    for each key that is left: who is to be asked, or is it loaded here?
//	ask     others, at the same time
//	load    what is loaded here, with one call of the loader, meanwhile
//	take    the answers; what a replica did not answer is left for the next round
type fetch[K comparable, V any] struct {
	*Tier[K, V]
	cache.Fetch[K, V]
	ctx   context.Context
	found map[K]cache.Fetched[V]
	keys  []fetched // as Keys
}

// fetched is one key of a fetch.
type fetched struct {
	text   string
	alone  bool             // load it here, and tell nobody
	lock   uint64           // revision of our lock in the bucket
	nonce  uint64           // of that
	silent remote.SessionID // who has a lock and does not answer
	flight *flight
}

// Fetch is for the cache alone.
func (t *Tier[K, V]) Fetch(ctx context.Context, f cache.Fetch[K, V]) (map[K]cache.Fetched[V], error) {
	t.counts.fetched.Add(uint64(len(f.Keys)))
	_, deaf := t.log.state()
	deaf = deaf || t.over() != nil
	if deaf && t.options.FailWhenDeaf {
		return nil, ErrDeaf
	}
	ctx, cancel := context.WithTimeout(ctx, t.options.LoadTimeout)
	defer cancel()
	r := &fetch[K, V]{t, f, ctx, make(map[K]cache.Fetched[V], len(f.Keys)), make([]fetched, len(f.Keys))}
	left := make([]int, len(f.Keys))
	for i, key := range f.Keys {
		text, err := t.encodeKey(key)
		r.keys[i] = fetched{text: text, alone: err != nil || deaf || !t.node.Conn().IsConnected()}
		left[i] = i
	}
	defer r.end()
	for len(left) > 0 {
		var err error
		if left, err = r.round(left); err != nil {
			return nil, err
		}
	}
	return r.found, nil
}

// plan is what is to be done with keys, by their indices.
type plan struct {
	own    []int
	others map[remote.SessionID][]int
}

func (p *plan) ask(id remote.SessionID, i int) {
	if p.others == nil {
		p.others = map[remote.SessionID][]int{}
	}
	p.others[id] = append(p.others[id], i)
}

// replied is what a replica has said of some keys.
type replied struct {
	from    remote.SessionID
	at      []int
	answers []answer
	err     error
}

// round does what is planned for some keys, and returns those that are left.
func (r *fetch[K, V]) round(at []int) (left []int, err error) {
	p := r.plan(at)
	r.enter(&p)
	replies := make(chan replied, len(p.others))
	for id, at := range p.others {
		if len(p.others) == 1 && len(p.own) == 0 {
			replies <- r.askFor(id, at)
		} else {
			go func() { replies <- r.askFor(id, at) }()
		}
	}
	if len(p.own) > 0 {
		if err := r.load(p.own); err != nil {
			return nil, err
		}
	}
	for range p.others {
		more, err := r.take(<-replies)
		if err != nil {
			return nil, err
		}
		left = append(left, more...)
	}
	return left, nil
}

// plan says who brings keys.
func (r *fetch[K, V]) plan(at []int) (p plan) {
	if r.options.Stored {
		return r.planStored(at)
	}
	self := r.node.Session()
	for _, i := range at {
		if k := &r.keys[i]; k.alone {
			p.own = append(p.own, i)
		} else if id := r.owner(k.text); id == self {
			p.own = append(p.own, i)
		} else {
			p.ask(id, i)
		}
	}
	return p
}

// climbs reports whether who waits for whom cannot be a circle: one key, which is only asked
// of a replica that comes before this one in the order of owners. So whoever asks here may
// wait for this fetch, and what was passed on may be passed on again.
func (r *fetch[K, V]) climbs() bool { return len(r.keys) == 1 && !r.options.Stored }

// enter notes which keys wait for others, and lists what is loaded here beside them. What
// others ask for here is loaded here.
func (r *fetch[K, V]) enter(p *plan) {
	if r.climbs() || len(p.others) == 0 && len(r.keys) == 1 {
		return
	}
	heard, _ := r.log.state()
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, at := range p.others {
		asked := at[:0]
		for _, i := range at {
			if r.serving[r.keys[i].text] > 0 {
				p.own = append(p.own, i)
			} else {
				r.asked[r.keys[i].text]++
				asked = append(asked, i)
			}
		}
		if p.others[id] = asked; len(asked) == 0 {
			delete(p.others, id)
		}
	}
	if len(r.keys) == 1 {
		return
	}
	for _, i := range p.own {
		k := &r.keys[i]
		if k.text != "" && r.loading[k.text] == nil {
			k.flight = &flight{done: make(chan struct{}), heard: heard}
			r.loading[k.text] = k.flight
		}
	}
}

// end takes back what the fetch has noted.
func (r *fetch[K, V]) end() {
	if len(r.keys) == 1 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.keys {
		if k := &r.keys[i]; k.flight != nil {
			delete(r.loading, k.text)
		}
	}
}

// askFor asks a replica for some keys.
func (r *fetch[K, V]) askFor(id remote.SessionID, at []int) replied {
	texts := make([]string, len(at))
	for n, i := range at {
		texts[n] = r.keys[i].text
	}
	answers, err := r.ask(r.ctx, id, texts, r.Younger)
	if !r.climbs() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, text := range texts {
			release(r.asked, text)
		}
	}
	return replied{id, at, answers, err}
}

// take takes what a replica has said, and returns the keys that are left.
func (r *fetch[K, V]) take(a replied) (left []int, err error) {
	switch {
	case errors.Is(a.err, errSilent):
		r.exclude(a.from)
		for _, i := range a.at {
			r.keys[i].silent = a.from
		}
		return a.at, nil
	case a.err != nil:
		return nil, a.err
	}
	for n, i := range a.at {
		switch got := a.answers[n]; {
		case got.kind == isError:
			return nil, got.err
		case got.kind == isValue && r.decode(i, got.value, got.age):
			r.counts.fromPeers.Add(1)
		case got.kind != isNotFound:
			r.keys[i].alone = true
			left = append(left, i)
		}
	}
	return left, nil
}

// decode notes a value that has come from elsewhere, and reports whether it is one.
func (r *fetch[K, V]) decode(i int, data []byte, age time.Duration) bool {
	v, err := r.options.Codec.Decode(data)
	if err != nil || v == nil {
		r.counts.undecodable.Add(1)
		return false
	}
	r.found[r.Keys[i]] = cache.Fetched[V]{Value: v, Age: age}
	return true
}

// load calls the loader for some keys. It may panic, or end the goroutine.
func (r *fetch[K, V]) load(at []int) error {
	keys := make([]K, len(at))
	for n, i := range at {
		keys[n] = r.Keys[i]
		if r.keys[i].alone {
			r.counts.alone.Add(1)
		} else {
			r.counts.loaded.Add(1)
		}
	}
	var values map[K]*V
	err := errors.New("shared: the loader has not returned")
	defer func() { r.loaded(at, values, err) }()
	values, err = r.Load(r.ctx, keys...)
	for k, v := range values {
		if v != nil {
			r.found[k] = cache.Fetched[V]{Value: v}
		}
	}
	return err
}

// loaded tells of what the loader has returned: those who wait for a flight, and the bucket.
func (r *fetch[K, V]) loaded(at []int, values map[K]*V, err error) {
	for _, i := range at {
		k := &r.keys[i]
		if f := k.flight; f != nil {
			f.value, f.err = values[r.Keys[i]], err
			close(f.done)
		}
		if k.lock != 0 {
			r.store(k, values[r.Keys[i]])
		}
	}
}
