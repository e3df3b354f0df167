package cache

import (
	"github.com/maypok86/otter/v2"

	"github.com/weakref-go/weakref/internal/callback"
)

// keeper is the strong tier. It decides what is worth keeping and nothing else:
// whether a value is current, the weak tier knows. So the two need not change
// together, and what the keeper has wrong by a race puts itself right at the next
// use of the key.
type keeper[K comparable, V any] struct {
	values *otter.Cache[K, kept[V]]
}

// kept is a value in the strong tier.
type kept[V any] struct {
	v      *V
	weight uint32
}

func newKeeper[K comparable, V any](limit int, weighted bool, events *callback.Queue[removal[K, V]], counts *counts) *keeper[K, V] {
	o := &otter.Options[K, kept[V]]{
		OnDeletion: func(e otter.DeletionEvent[K, kept[V]]) {
			if e.Cause != otter.CauseOverflow {
				return
			}
			counts.byCause[Evicted].Add(1)
			if events != nil {
				events.Push([]removal[K, V]{{e.Key, e.Value.v, Evicted}})
			}
		},
	}
	if weighted {
		o.MaximumWeight = uint64(limit)
		o.Weigher = func(_ K, k kept[V]) uint32 { return k.weight }
	} else {
		o.MaximumSize = limit
	}
	return &keeper[K, V]{otter.Must(o)}
}

// has reports whether v is kept for key, and counts as a use of it.
func (k *keeper[K, V]) has(key K, v *V) bool {
	got, ok := k.values.GetIfPresent(key)
	return ok && got.v == v
}

// put offers a value. The policy may decline it at once.
func (k *keeper[K, V]) put(e *entry[K], v *V) {
	k.values.Set(e.key, kept[V]{v, e.weight})
}

// remove lets go of v if it is kept for key.
func (k *keeper[K, V]) remove(key K, v *V) {
	k.values.ComputeIfPresent(key, func(got kept[V]) (kept[V], otter.ComputeOp) {
		if got.v == v {
			return got, otter.InvalidateOp
		}
		return got, otter.CancelOp
	})
}

// settle has the policy consider all uses so far. Until then it holds the values that
// were used, even those it has evicted meanwhile; and that could be for ever, because it
// does so by itself only when there are enough of them.
func (k *keeper[K, V]) settle() { k.values.CleanUp() }

// len returns about how many values are kept.
func (k *keeper[K, V]) len() int { return k.values.EstimatedSize() }
