package linear

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/proof/internal/seam"
)

// attached is the model of a KeyMap: values of objects, some of which are dead to
// the map although the test holds them. A dead object has no value and gets none.
type attached struct {
	value [keys]uint8
	dead  [keys]bool
}

func (s *attached) store(k, v uint8) {
	if !s.dead[k] {
		s.value[k] = v
	}
}

func (s *attached) step(in input, out output) bool {
	k := in.key
	was := s.value[k]
	switch in.op {
	case "Load":
		return out.id == was
	case "Store":
		s.store(k, in.a)
	case "LoadOrStore":
		if out.ok {
			return out.id == was && was != 0
		}
		s.store(k, in.a)
		return was == 0 && out.id == in.a
	case "LoadOrCreate":
		if out.id != 0 && out.id == was {
			return true
		}
		s.store(k, out.id)
		return was == 0
	case "Swap":
		s.store(k, in.a)
		return out.id == was
	case "Compute": // to a, or to nothing if that is zero
		s.store(k, in.a)
		return out.id == was
	case "CompareAndSwap":
		if out.ok {
			s.store(k, in.b)
		}
		return out.ok == (was == in.a)
	case "CompareAndDelete":
		if out.ok {
			s.value[k] = 0
		}
		return out.ok == (was == in.a)
	case "LoadAndDelete":
		s.value[k] = 0
		return out.id == was
	case "Delete":
		s.value[k] = 0
	case "Clear":
		s.value = [keys]uint8{}
	case "Kill":
		s.value[k], s.dead[k] = 0, true
	}
	return true
}

var attachedModel = modelOf(attached{}, (*attached).step)

// keyMap is one history of a KeyMap with keys of type K.
type keyMap[K any] struct {
	scenario
	history
	m     weakref.KeyMap[K, uint8]
	keys  [keys]*K
	next  atomic.Int32 // the next value
	slots bool
}

type slotted struct {
	weakref.Slots
	_ [3]*object
}

func TestKeyMap(t *testing.T) {
	under(t, func(t *testing.T, s scenario) int { return keyHistory[object](t, s, false) })
}

// TestKeyMapWithSlots has no Clear, which is not one operation then.
func TestKeyMapWithSlots(t *testing.T) {
	under(t, func(t *testing.T, s scenario) int { return keyHistory[slotted](t, s, true) })
}

func keyHistory[K any](t *testing.T, s scenario, slots bool) int {
	h := &keyMap[K]{scenario: s, slots: slots}
	for i := range h.keys {
		h.keys[i] = new(K)
	}
	fillers := make([]*K, 100)
	for i := range fillers {
		fillers[i] = new(K)
	}
	h.m.Store(fillers[0], 0)
	seam.CheckHash(t, &h.m, s.most)
	grow := 0
	h.run([]func(int){h.client(12, h.step), h.client(12, h.step), h.client(12, h.step)}, h.collector(), func() {
		for i, f := range fillers {
			switch {
			case grow%2 == 1:
				h.m.Delete(f)
			case i%2 == 0:
				h.m.Store(f, 0)
			default:
				h.m.Store(new(K), 0) // dies at once
			}
		}
		h.m.Sweep()
		grow++
	})
	if err := seam.Validate(&h.m); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(fillers)
	return h.check(t, attachedModel)
}

func (h *keyMap[K]) step(rnd *rand.Rand, client int) {
	k := rnd.IntN(keys)
	key := h.keys[k]
	value := func() uint8 { return uint8(h.next.Add(1)) }
	old := uint8(1 + rnd.Int32N(h.next.Load()+1))
	do := func(op string, a, b uint8, f func() output) { h.do(client, input{op, uint8(k), a, b}, f) }
	switch rnd.IntN(16) {
	case 0, 1, 2:
		do("Load", 0, 0, func() output { v, ok := h.m.Load(key); return output{v, ok} })
	case 3, 4:
		v := value()
		do("Store", v, 0, func() output { h.m.Store(key, v); return output{} })
	case 5:
		v := value()
		do("LoadOrStore", v, 0, func() output { got, loaded := h.m.LoadOrStore(key, v); return output{got, loaded} })
	case 6, 7:
		do("LoadOrCreate", 0, 0, func() output {
			v, _ := h.m.LoadOrCreate(key, func() (uint8, error) {
				runtime.Gosched()
				if rnd.IntN(5) == 0 {
					return 0, errCreate
				}
				return value(), nil
			})
			return output{id: v}
		})
	case 8:
		v := value()
		do("Swap", v, 0, func() output { was, loaded := h.m.Swap(key, v); return output{was, loaded} })
	case 9:
		v := value()
		do("CompareAndSwap", old, v, func() output { return output{ok: h.m.CompareAndSwap(key, old, v)} })
	case 10:
		do("CompareAndDelete", old, 0, func() output { return output{ok: h.m.CompareAndDelete(key, old)} })
	case 11:
		do("LoadAndDelete", 0, 0, func() output { v, ok := h.m.LoadAndDelete(key); return output{v, ok} })
	case 12:
		do("Delete", 0, 0, func() output { h.m.Delete(key); return output{} })
	case 13:
		switch {
		case !h.collect && rnd.IntN(2) == 0:
			do("Kill", 0, 0, func() output { handle.Kill(key); return output{} })
		case !h.slots && rnd.IntN(2) == 0:
			do("Clear", 0, 0, func() output { h.m.Clear(); return output{} })
		}
	case 14:
		v := value()
		do("Compute", v, 0, func() output { return h.compute(key, v, weakref.UpdateOp) })
	case 15:
		do("Compute", 0, 0, func() output { return h.compute(key, 0, weakref.DeleteOp) })
	}
}

// compute returns what the entry was when the operation took place.
func (h *keyMap[K]) compute(key *K, v uint8, op weakref.ComputeOp) (out output) {
	h.m.Compute(key, func(was uint8, loaded bool) (uint8, weakref.ComputeOp) {
		out = output{was, loaded}
		runtime.Gosched()
		return v, op
	})
	return out
}
