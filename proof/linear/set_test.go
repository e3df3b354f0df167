package linear

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/proof/internal/seam"
)

// members is the model of a Set of the objects 1 to keys. A dead one is never in it.
type members struct{ in, dead ids }

func (s *members) step(in input, out output) bool {
	is := s.in.has(in.a)
	switch in.op {
	case "Has":
		return out.ok == is
	case "Add":
		if !s.dead.has(in.a) {
			s.in = s.in.with(in.a)
		}
		return out.ok == !is
	case "Delete":
		s.in &^= ids(0).with(in.a)
		return out.ok == is
	case "Pop":
		// That there was none says little: an element may come where Pop has been. An
		// element of no number is not among those that the history is about.
		if out.id == 0 {
			return true
		}
		is = s.in.has(out.id)
		s.in &^= ids(0).with(out.id)
		return is
	case "Clear":
		s.in = 0
	case "Kill":
		s.in &^= ids(0).with(in.a)
		s.dead = s.dead.with(in.a)
	}
	return true
}

var membersModel = modelOf(members{}, (*members).step)

// set is one history of a Set.
type set struct {
	scenario
	history
	s       weakref.Set[object]
	objects [keys]*object
}

func TestSet(t *testing.T) {
	under(t, func(t *testing.T, s scenario) int {
		h := &set{scenario: s}
		for i := range h.objects {
			h.objects[i] = &object{id: uint8(i + 1)}
		}
		fillers := make([]*object, 100)
		for i := range fillers {
			fillers[i] = new(object)
		}
		h.s.Add(fillers[0])
		seam.CheckHash(t, &h.s, s.most)
		grow := 0
		h.run([]func(int){h.client(14, h.step), h.client(14, h.step), h.client(14, h.step)}, h.collector(), func() {
			for i, f := range fillers {
				switch {
				case grow%2 == 1:
					h.s.Delete(f)
				case i%2 == 0:
					h.s.Add(f)
				default:
					h.s.Add(new(object)) // dies at once
				}
			}
			h.s.Sweep()
			grow++
		})
		if err := seam.Validate(&h.s); err != nil {
			t.Error(err)
		}
		runtime.KeepAlive(fillers)
		return h.check(t, membersModel)
	})
}

func (h *set) step(rnd *rand.Rand, client int) {
	p := h.objects[rnd.IntN(keys)]
	do := func(op string, f func() output) { h.do(client, input{op: op, a: p.id}, f) }
	switch rnd.IntN(12) {
	case 0, 1, 2:
		do("Has", func() output { return output{ok: h.s.Has(p)} })
	case 3, 4, 5, 6:
		do("Add", func() output { return output{ok: h.s.Add(p)} })
	case 7, 8:
		do("Delete", func() output { return output{ok: h.s.Delete(p)} })
	case 9:
		do("Pop", func() output { got, _ := h.s.Pop(); return output{id: idOf(got)} })
	case 10:
		do("Clear", func() output { h.s.Clear(); return output{} })
	case 11:
		if !h.collect && rnd.IntN(3) == 0 {
			do("Kill", func() output { handle.Kill(p); return output{} })
		}
	}
}
