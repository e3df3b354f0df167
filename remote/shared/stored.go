package shared

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref/remote"
)

// With Stored, a key belongs to whoever has written a lock in its record. The lock is
// compared with what was read, so it is also the second look: nothing has come in between.
// It names a session, which is asked for the value: so nobody polls, and the end of a
// process is seen at once. Its value is written over the lock. An Invalidate
// replaces the lock, so that is refused then.
//
//	nothing ──lock──► locked by S, nonce ──value──► value ──TTL──► nothing
//	   ▲                   │ Invalidate, error,        │ Invalidate
//	   └───────────────────┴───────────────────────────┘ or LoadTimeout

// planStored says who brings keys, according to the bucket.
func (r *fetch[K, V]) planStored(at []int) (p plan) {
	for n, l := range r.looks(at) {
		i := at[n]
		switch {
		case l.value != nil && r.decode(i, l.value, l.age):
			r.counts.fromBucket.Add(1)
		case l.loads != remote.SessionID{}:
			p.ask(l.loads, i)
		default:
			if r.keys[i].lock == 0 {
				r.keys[i].alone = true
			}
			p.own = append(p.own, i)
		}
	}
	return p
}

// look is what the bucket says of a key: a value, or who loads it. If neither, it is to be
// loaded here, and is locked, or the bucket cannot be used.
type look struct {
	value []byte
	age   time.Duration
	loads remote.SessionID
}

// looks looks at all keys, at some of them at a time.
func (r *fetch[K, V]) looks(at []int) []look {
	all := make([]look, len(at))
	if len(at) == 1 {
		all[0] = r.look(&r.keys[at[0]])
		return all
	}
	var next atomic.Int64
	var lookers sync.WaitGroup
	for range min(len(at), mostLooks) {
		lookers.Go(func() {
			for n := next.Add(1) - 1; n < int64(len(at)); n = next.Add(1) - 1 {
				all[n] = r.look(&r.keys[at[n]])
			}
		})
	}
	lookers.Wait()
	return all
}

// mostLooks is how many requests for records are under way for a fetch: as many as the cache
// makes calls of Load for GetMany.
const mostLooks = 64

// look reads the record of a key, and locks it if need be.
func (r *fetch[K, V]) look(k *fetched) (l look) {
	if k.alone {
		return l
	}
	ctx, cancel := context.WithTimeout(r.ctx, silence)
	defer cancel()
	for {
		rec, err := r.bucket.read(ctx, k.text)
		if err != nil {
			return l
		}
		data := read(rec.data)
		op := data.Byte()
		switch {
		case op == opValue && (r.Younger == 0 || rec.age < r.Younger):
			return look{value: data.Rest, age: rec.age}
		case op == opLock:
			id, nonce := data.session(), data.Number()
			if id == r.node.Session() && nonce == k.nonce && data.OK {
				k.lock = rec.rev // our own; its acknowledgement was lost
				return l
			}
			if id != r.node.Session() && id != k.silent && data.OK {
				return look{loads: id}
			}
		}
		if k.lock, err = r.lock(ctx, k, rec.rev); !errors.Is(err, errConflict) {
			return l
		}
	}
}

// lock writes a lock over what was read.
func (r *fetch[K, V]) lock(ctx context.Context, k *fetched, over uint64) (uint64, error) {
	if k.nonce == 0 {
		r.mu.Lock()
		r.last++
		k.nonce = r.last
		r.mu.Unlock()
	}
	id := r.node.Session()
	data := binary.AppendUvarint(append([]byte{opLock}, id[:]...), k.nonce)
	return r.bucket.write(ctx, k.text, data, over, r.options.LoadTimeout+time.Second)
}

// store writes a value over our lock, or nothing if there is none.
func (r *fetch[K, V]) store(k *fetched, v *V) {
	data, ttl := []byte{opGone}, time.Second
	if v != nil {
		if value, err := r.encode(v); err == nil {
			data, ttl = append([]byte{opValue}, value...), r.options.TTL
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), silence)
	defer cancel()
	if _, err := r.bucket.write(ctx, k.text, data, k.lock, ttl); err != nil || v != nil && data[0] != opValue {
		r.counts.unstored.Add(1)
	}
	k.lock = 0
}
