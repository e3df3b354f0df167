package linear

import (
	"context"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/proof/internal/seam"
)

// cached is one history of a Cache. Its model is that of a ValueMap in which Get is
// LoadOrCreate: what Load returns is stored at one moment, if there is no value.
type cached struct {
	scenario
	history
	pool
	c cache.Cache[int, object]
}

func TestCache(t *testing.T) {
	under(t, func(t *testing.T, s scenario) int {
		h := &cached{scenario: s}
		collection, restore := seam.Memory()
		defer restore()
		if s.collect { // only what is held weakly can be killed
			h.c.Keep = s.IntN(3)
			h.c.KeepSoft = s.IntN(3) * 60
			h.c.KeepFor = time.Duration(s.IntN(2)) * time.Hour
		}
		h.c.Load = func(_ context.Context, key int) (*object, error) {
			runtime.Gosched()
			if o := h.pool.make(); o != nil && o.id%5 != 0 {
				return o, nil
			}
			return nil, errCreate
		}
		filler := new(object)
		h.c.Put(1<<20, filler)
		seam.CheckHash(t, &h.c, s.most)
		grow := 0
		h.run([]func(int){h.client(12, h.step), h.client(12, h.step), h.client(6, h.death)}, h.collector(), func() {
			for i := range 100 {
				if grow%2 == 0 {
					h.c.Put(1<<20+i, filler)
				} else {
					h.c.Invalidate(1<<20 + i)
				}
			}
			collection(grow%4 < 2)
			grow++
		})
		runtime.KeepAlive(filler)
		validate(t, &h.c)
		return h.check(t, valuesModel)
	})
}

func (h *cached) step(rnd *rand.Rand, client int) {
	k := rnd.IntN(keys)
	do := func(op string, a *object, f func() output) {
		h.do(client, input{op: op, key: uint8(k), a: idOf(a)}, f)
		runtime.KeepAlive(a)
	}
	switch rnd.IntN(8) {
	case 0, 1, 2:
		do("LoadOrCreate", nil, func() output {
			ctx := context.Background() // so that the caller loads
			if rnd.IntN(2) == 0 {       // or a goroutine
				var cancel context.CancelFunc
				ctx, cancel = context.WithCancel(ctx)
				defer cancel()
			}
			if rnd.IntN(3) == 0 {
				m, _ := h.c.GetMany(ctx, []int{k})
				return output{id: idOf(m[k])}
			}
			v, _ := h.c.Get(ctx, k)
			return output{id: idOf(v)}
		})
	case 3, 4:
		do("Load", nil, func() output { v, ok := h.c.Lookup(k); return output{idOf(v), ok} })
	case 5:
		if p := h.pool.any(rnd); p != nil {
			do("Store", p, func() output { h.c.Put(k, p); return output{} })
		}
	default:
		do("Delete", nil, func() output { h.c.Invalidate(k); return output{} })
	}
}

func (h *cached) death(rnd *rand.Rand, client int) {
	if p := h.pool.old(rnd); p != nil {
		h.end(&h.pool, h.scenario.collect, client, p.id)
	}
}

// TestModelsRefuse checks that the models are not blind: histories that cannot have
// been are refused.
func TestModelsRefuse(t *testing.T) {
	at := func(n int64, in input, out output) porcupine.Operation {
		return porcupine.Operation{Input: in, Call: 2 * n, Output: out, Return: 2*n + 1}
	}
	store, load := input{op: "Store", a: 1}, input{op: "Load"}
	for name, c := range map[string]struct {
		model porcupine.Model
		ops   []porcupine.Operation
	}{
		"a value is lost":            {valuesModel, []porcupine.Operation{at(0, store, output{}), at(1, load, output{})}},
		"a dead value is returned":   {valuesModel, []porcupine.Operation{at(0, store, output{}), at(1, input{op: "Kill", a: 1}, output{}), at(2, load, output{id: 1})}},
		"a dead value comes back":    {valuesModel, []porcupine.Operation{at(0, store, output{}), at(1, input{op: "Forget", a: 1}, output{}), at(2, load, output{}), at(3, load, output{id: 1})}},
		"a deleted value is created": {valuesModel, []porcupine.Operation{at(0, store, output{}), at(1, input{op: "Delete"}, output{}), at(2, load, output{id: 1})}},
		"two creators, two values":   {valuesModel, []porcupine.Operation{at(0, input{op: "LoadOrCreate"}, output{id: 1}), at(1, input{op: "LoadOrCreate"}, output{id: 2})}},
		"a dead key has a value":     {attachedModel, []porcupine.Operation{at(0, store, output{}), at(1, input{op: "Kill"}, output{}), at(2, load, output{id: 1})}},
		"added twice":                {membersModel, []porcupine.Operation{at(0, input{op: "Add", a: 1}, output{ok: true}), at(1, input{op: "Add", a: 1}, output{ok: true})}},
		"popped twice":               {membersModel, []porcupine.Operation{at(0, input{op: "Add", a: 1}, output{ok: true}), at(1, input{op: "Pop"}, output{id: 1}), at(2, input{op: "Pop"}, output{id: 1})}},
		"dropped with a handle left": {sharesModel, []porcupine.Operation{at(0, input{op: "Clone"}, output{ok: true}), at(1, input{op: "Close"}, output{ok: true})}},
		"revived":                    {sharesModel, []porcupine.Operation{at(0, input{op: "Close"}, output{ok: true}), at(1, input{op: "Upgrade"}, output{ok: true})}},
	} {
		if porcupine.CheckOperations(c.model, c.ops) {
			t.Errorf("%s, and the model finds nothing wrong", name)
		}
	}
}

// validate checks the table of a cache. A load whose result has been handed out may not
// have ended, and looks at the table once more, so it is given time.
func validate(t *testing.T, c any) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for err := seam.Validate(c); err != nil; err = seam.Validate(c) {
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
}
