package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/rc"
)

// counted is values with counted handles. Those of the workers are cloned, upgraded,
// closed and lost; others are made into rings that only rc.Collect can drop. Drop
// functions count, fail and panic; each must run once.
type counted struct {
	*parts
	weak [workers]rc.Weak[*part] // of the worker's value
	held [workers][]*rc.Strong[*part]
}

// parts is what drop functions refer to. It must not lead to handles: the backstop
// would never find one of these lost.
type parts struct {
	*world
	made, dropped atomic.Int64
}

// part is a value that may own a handle of another.
type part struct {
	object
	drops atomic.Int32
	next  atomic.Pointer[rc.Strong[*part]]
}

// Handles lists what a part owns.
func (p *part) Handles(yield func(rc.Handle) bool) {
	if h := p.next.Load(); h != nil {
		yield(h)
	}
}

func newCounted(w *world) *counted {
	return &counted{parts: &parts{world: w}}
}

func (s *parts) new(id int) *rc.Strong[*part] {
	s.made.Add(1)
	return rc.New(&part{object: *newObject(id)}, s.drop)
}

func (s *parts) drop(p *part) error {
	if p.drops.Add(1) != 1 {
		s.violate("G7", "a value was dropped twice")
	}
	if !p.intact(p.id) {
		s.violate("G1", "a value was collected before it was dropped")
	}
	s.dropped.Add(1)
	switch p.id % 100 {
	case 0:
		s.panics.Add(1)
		panic(errFault)
	case 1:
		s.failed.Add(1)
		return errFault
	}
	return nil
}

func (s *counted) step(rnd *rand.Rand, worker int) {
	held := &s.held[worker]
	id := rnd.IntN(1 << 30)
	if len(*held) == 0 {
		if h, ok := s.weak[worker].Upgrade(); ok {
			s.violate("G1", "the value has no handle, and is upgraded")
			s.close(h)
		}
		h := s.new(id)
		s.weak[worker] = h.Weak()
		*held = append(*held, h)
		return
	}
	h := (*held)[0]
	if p := h.Value(); p.drops.Load() != 0 || !p.intact(p.id) {
		s.violate("G2", "a value with an open handle was dropped")
	}
	switch op := rnd.IntN(100); {
	case op < 35:
		if up, ok := s.weak[worker].Upgrade(); !ok || up.Value() != h.Value() {
			s.violate("G2", "Upgrade fails although a handle is open")
		} else {
			s.close(up)
		}
	case op < 45:
		*held = append(*held, h.Clone())
	case op < 85:
		last := len(*held) - 1
		s.close((*held)[last])
		(*held)[last] = nil
		*held = (*held)[:last]
	case op < 90 && s.Rings:
		s.ring(id, 1+rnd.IntN(5))
	case op < 92:
		s.losses.Add(1)
		s.new(id) // and nobody closes it
	default:
		if _, err := rc.Collect(); err != nil && !errors.Is(err, rc.ErrCollecting) {
			s.checkError(err)
		}
	}
}

// ring makes n values each of which owns the next. Only rc.Collect drops them.
func (s *counted) ring(id, n int) {
	first := s.new(id)
	last := first.Value()
	for i := range n - 1 {
		h := s.new(id + 1 + i)
		p := h.Value()
		last.next.Store(h)
		last = p
	}
	last.next.Store(first.Clone())
	s.close(first)
}

func (s *counted) close(h *rc.Strong[*part]) {
	if err := h.Close(); err != nil {
		s.checkError(err)
	}
}

// checkError reports an error that was not thrown in.
func (s *counted) checkError(err error) {
	if !errors.Is(err, errFault) {
		s.violate("G7", "an error that nobody made: %v", err)
	}
}

func (s *counted) settle() {
	for _, held := range s.held {
		for _, h := range held {
			s.close(h)
		}
	}
	s.held = [workers][]*rc.Strong[*part]{}
}

func (s *counted) settled() error {
	rc.Collect()
	if made, dropped := s.made.Load(), s.dropped.Load(); made != dropped {
		return fmt.Errorf("%d values of %d were dropped", dropped, made)
	}
	return nil
}

func (s *counted) died() uint64      { return uint64(s.dropped.Load()) }
func (s *counted) dead() func() bool { return dead(weakref.Make(s)) }
