package linear

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/proof/internal/seam"
)

const keys = 3

// values is the model of what maps keys to objects: a ValueMap or a cache.
type values struct {
	cur    [keys]uint8 // the object of each key, 0 for none
	dead   ids
	mortal ids // forgotten, so it may be dead
}

// store sets the value of a key.
func (s *values) store(key, id uint8) {
	if s.dead.has(id) {
		id = 0
	}
	s.cur[key] = id
}

// die removes a dead object wherever it is.
func (s *values) die(id uint8) {
	s.dead = s.dead.with(id)
	for k := range s.cur {
		if s.cur[k] == id {
			s.cur[k] = 0
		}
	}
}

// shows reports whether a call may have found the value id, or none, for a key. If
// it has found none, a mortal value has died.
func (s *values) shows(key, id uint8) bool {
	was := s.cur[key]
	if id == 0 && s.mortal.has(was) {
		s.die(was)
	}
	return s.cur[key] == id
}

// errCreate is what a creating function may return.
var errCreate = errors.New("not created")

func (s *values) step(in input, out output) bool {
	k := in.key
	switch in.op {
	case "Load":
		return s.shows(k, out.id)
	case "Store":
		s.store(k, in.a)
	case "LoadOrStore":
		if out.ok {
			return out.id != 0 && s.shows(k, out.id)
		}
		ok := out.id == in.a && s.shows(k, 0)
		s.store(k, in.a)
		return ok
	case "LoadOrCreate":
		// out.id is 0 if create failed. A dead object may be created: then it is
		// returned, but not stored.
		if out.id != 0 && s.shows(k, out.id) {
			return true
		}
		ok := s.shows(k, 0)
		s.store(k, out.id)
		return ok
	case "Swap":
		ok := s.shows(k, out.id)
		s.store(k, in.a)
		return ok
	case "CompareAndSwap":
		if out.ok != (s.cur[k] == in.a) {
			return false
		}
		if out.ok {
			s.store(k, in.b)
		}
	case "CompareAndDelete":
		if out.ok != (s.cur[k] == in.a) {
			return false
		}
		if out.ok {
			s.cur[k] = 0
		}
	case "LoadAndDelete":
		ok := s.shows(k, out.id)
		s.cur[k] = 0
		return ok
	case "Delete":
		s.cur[k] = 0
	case "Clear":
		s.cur = [keys]uint8{}
	case "Kill":
		s.die(in.a)
	case "Forget":
		s.mortal = s.mortal.with(in.a)
	}
	return true
}

var valuesModel = modelOf(values{}, (*values).step)

// valueMap is one history of a ValueMap.
type valueMap struct {
	scenario
	history
	pool
	m weakref.ValueMap[int, object]
}

func TestValueMap(t *testing.T) {
	under(t, func(t *testing.T, s scenario) int {
		h := &valueMap{scenario: s}
		filler := new(object)
		h.m.Store(1<<20, filler)
		seam.CheckHash(t, &h.m, s.most)
		clients := []func(int){h.client(12, h.step), h.client(12, h.step), h.client(6, h.death)}
		grow := 0
		h.run(clients, h.collector(), func() {
			// Other entries come and go, so that segments are rebuilt, split and merged.
			for i := range 100 {
				if grow%2 == 0 {
					h.m.Store(1<<20+i, filler)
				} else {
					h.m.Delete(1<<20 + i)
				}
			}
			h.m.Sweep()
			grow++
		})
		runtime.KeepAlive(filler)
		if err := seam.Validate(&h.m); err != nil {
			t.Error(err)
		}
		return h.check(t, valuesModel)
	})
}

func (h *valueMap) step(rnd *rand.Rand, client int) {
	k := rnd.IntN(keys)
	do := func(op string, a, b *object, f func() output) {
		h.do(client, input{op, uint8(k), idOf(a), idOf(b)}, f)
		runtime.KeepAlive(a)
		runtime.KeepAlive(b)
	}
	p := h.pool.any(rnd)
	if p == nil {
		return
	}
	switch rnd.IntN(14) {
	case 0, 1, 2:
		do("Load", nil, nil, func() output { v, ok := h.m.Load(k); return output{idOf(v), ok} })
	case 3, 4:
		do("Store", p, nil, func() output { h.m.Store(k, p); return output{} })
	case 5:
		do("LoadOrStore", p, nil, func() output { v, loaded := h.m.LoadOrStore(k, p); return output{idOf(v), loaded} })
	case 6, 7:
		do("LoadOrCreate", nil, nil, func() output {
			v, _ := h.m.LoadOrCreate(k, func() (*object, error) {
				runtime.Gosched()
				if rnd.IntN(5) == 0 {
					return nil, errCreate
				}
				if o := h.pool.make(); o != nil {
					return o, nil
				}
				return nil, errCreate
			})
			return output{id: idOf(v)}
		})
	case 8:
		do("Swap", p, nil, func() output { v, loaded := h.m.Swap(k, p); return output{idOf(v), loaded} })
	case 9:
		if old := h.pool.old(rnd); old != nil {
			do("CompareAndSwap", old, p, func() output { return output{ok: h.m.CompareAndSwap(k, old, p)} })
		}
	case 10:
		do("CompareAndDelete", p, nil, func() output { return output{ok: h.m.CompareAndDelete(k, p)} })
	case 11:
		do("LoadAndDelete", nil, nil, func() output { v, ok := h.m.LoadAndDelete(k); return output{idOf(v), ok} })
	case 12:
		do("Delete", nil, nil, func() output { h.m.Delete(k); return output{} })
	case 13:
		if rnd.IntN(3) == 0 {
			do("Clear", nil, nil, func() output { h.m.Clear(); return output{} })
		}
	}
}

// death kills an object that somebody holds, or forgets it.
func (h *valueMap) death(rnd *rand.Rand, client int) {
	if p := h.pool.old(rnd); p != nil {
		h.end(&h.pool, h.scenario.collect, client, p.id)
	}
}

// end kills or forgets an object.
func (h *history) end(p *pool, collect bool, client int, id uint8) {
	if collect {
		h.do(client, input{op: "Forget", a: id}, func() output { p.held[id].Store(nil); return output{} })
	} else {
		h.do(client, input{op: "Kill", a: id}, func() output { handle.Kill(p.held[id].Load()); return output{} })
	}
}
