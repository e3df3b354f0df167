package linear

import (
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/weakref-go/weakref/internal/goid"
	"github.com/weakref-go/weakref/rc"
)

// shares is the model of one counted value.
type shares struct {
	held   int  // open handles that somebody has
	leaked int  // and that nobody has any more, and the backstop has perhaps not given back
	dead   bool // the value has been dropped
	apart  bool // the backstop finds leaked handles one by one, not all with the last
}

// shows reports whether a call may have found n handles. What it has found tells how
// many leaked ones have been given back.
func (s *shares) shows(n int) bool {
	if s.dead {
		return n == 0
	}
	all := s.held + s.leaked
	if n != all && !(s.apart && s.held <= n && n < all) && !(s.held == 0 && n == 0) {
		return false
	}
	s.leaked = n - s.held
	s.dead = n == 0
	return true
}

func (s *shares) step(in input, out output) bool {
	switch in.op {
	case "Clone": // of a handle that the caller has
		s.held++
	case "Close": // likewise; out.ok: it has dropped the value
		s.held--
		if out.ok {
			return s.held == 0 && (s.leaked == 0 || s.apart) && s.shows(0)
		}
		return s.held+s.leaked > 0
	case "Leak":
		s.held--
		s.leaked++
	case "Upgrade":
		if !out.ok {
			return s.shows(0)
		}
		s.held++
		return !s.dead
	case "Count":
		return s.shows(int(out.id))
	}
	return true
}

// The models of values whose leaked handles are found together, and one by one.
var (
	sharesModel = modelOf(shares{held: 1}, (*shares).step)
	apartModel  = modelOf(shares{held: 1, apart: true}, (*shares).step)
)

// counted is one history of a value with counted handles. An owner may be part of a
// cycle, so the cycle collector judges it all the while, and must find it held.
type counted[T any] struct {
	scenario
	history
	weak  rc.Weak[T]
	held  [][]*rc.Strong[T] // by client
	drops atomic.Int32
	at    atomic.Uintptr // the goroutine that has dropped the value
}

type plain struct{ _ [3]*object }

// owner lists a handle of another value.
type owner struct{ other *rc.Strong[plain] }

func (o *owner) Handles(yield func(rc.Handle) bool) { yield(o.other) }

func TestRC(t *testing.T) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // leaks are meant
	many(t, scenario{}, func(t *testing.T, s scenario) int {
		if s.Uint64()%2 == 0 {
			return sharesHistory(t, s, plain{}, sharesModel)
		}
		return sharesHistory(t, s, &owner{rc.New(plain{}, func(plain) {})}, apartModel)
	})
}

func sharesHistory[T any](t *testing.T, s scenario, v T, model porcupine.Model) int {
	const clients = 3
	h := &counted[T]{scenario: s, held: make([][]*rc.Strong[T], clients)}
	first := rc.New(v, func(T) {
		if h.drops.Add(1) > 1 {
			t.Error("dropped twice")
		}
		h.at.Store(goid.Current())
	})
	h.weak = first.Weak()
	h.held[0] = append(h.held[0], first)
	first = nil
	h.run([]func(int){h.client(14, h.step), h.client(14, h.step), h.client(14, h.step)}, h.collector(), func() { rc.Collect() })
	n := h.check(t, model)
	runtime.KeepAlive(h)
	return n
}

func (h *counted[T]) step(rnd *rand.Rand, client int) {
	do := func(op string, f func() output) { h.do(client, input{op: op}, f) }
	held := &h.held[client]
	op := rnd.IntN(10)
	switch {
	case op < 4:
		do("Upgrade", func() output {
			s, ok := h.weak.Upgrade()
			if ok {
				*held = append(*held, s)
			}
			return output{ok: ok}
		})
	case op < 5:
		do("Count", func() output { return output{id: uint8(h.weak.Count())} })
	case len(*held) == 0:
	case op < 6:
		do("Clone", func() output { *held = append(*held, (*held)[0].Clone()); return output{} })
	case h.collect && op < 8:
		do("Leak", func() output { h.take(held); return output{} })
	default:
		do("Close", func() output {
			if err := h.take(held).Close(); err != nil {
				panic(err)
			}
			return output{ok: h.at.Load() == goid.Current()}
		})
	}
}

// take takes a client's last handle away.
func (h *counted[T]) take(held *[]*rc.Strong[T]) *rc.Strong[T] {
	last := len(*held) - 1
	s := (*held)[last]
	(*held)[last] = nil
	*held = (*held)[:last]
	return s
}
