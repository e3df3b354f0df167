package linear

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/weakref-go/weakref/internal/keyhash"
	"github.com/weakref-go/weakref/proof/internal/seam"
)

var histories = flag.Int("histories", 60, "how many histories to check for each container and kind of hash")

// object is what the containers refer to.
type object struct {
	id uint8
	_  [3]*object
}

// maxID bounds the numbers of objects in a history: sets of them are words.
const maxID = 63

// ids is a set of numbers.
type ids uint64

func (s ids) has(id uint8) bool     { return id != 0 && s>>id&1 == 1 }
func (s ids) with(id uint8) ids     { return s | 1<<id }
func (s ids) String() (text string) { return fmt.Sprintf("%#x", uint64(s)) }

// input is an operation.
type input struct {
	op   string
	key  uint8
	a, b uint8 // objects or values
}

// output is its result.
type output struct {
	id uint8
	ok bool
}

// modelOf returns a sequential model: its state at the beginning, and a step that
// changes the state and reports whether the result could be.
func modelOf[S any](init S, step func(*S, input, output) bool) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return init },
		Step: func(state, in, out any) (bool, any) {
			s := state.(S)
			ok := step(&s, in.(input), out.(output))
			return ok, s
		},
	}
}

// history is recorded by several goroutines.
type history struct {
	clock atomic.Int64
	ops   [][]porcupine.Operation // by client
}

// do makes a call and records it.
func (h *history) do(client int, in input, f func() output) {
	call := h.clock.Add(1)
	out := f()
	h.ops[client] = append(h.ops[client], porcupine.Operation{
		ClientId: client, Input: in, Call: call, Output: out, Return: h.clock.Add(1),
	})
}

// run runs the clients at the same time. beside runs for as long.
func (h *history) run(clients []func(client int), beside ...func()) {
	h.ops = make([][]porcupine.Operation, len(clients))
	var stop atomic.Bool
	var others, wg sync.WaitGroup
	for _, f := range beside {
		others.Go(func() {
			for !stop.Load() {
				f()
				runtime.Gosched()
			}
		})
	}
	var ready atomic.Int32
	for i, f := range clients {
		wg.Go(func() {
			// All begin at once, or on a machine with few cores each would be done before
			// the next begins.
			ready.Add(1)
			for ready.Load() < int32(len(clients)) {
				runtime.Gosched()
			}
			f(i)
		})
	}
	wg.Wait()
	stop.Store(true)
	others.Wait()
}

// check looks for an order that explains the history.
func (h *history) check(t *testing.T, model porcupine.Model) int {
	t.Helper()
	all := slices.Concat(h.ops...)
	switch porcupine.CheckOperationsTimeout(model, all, time.Minute) {
	case porcupine.Ok:
	case porcupine.Unknown:
		t.Log("a history was too hard to judge")
	default:
		t.Errorf("no order of operations explains this history:\n%v", h)
	}
	return len(all)
}

// String lists the operations in the order of their calls.
func (h *history) String() string {
	all := slices.Concat(h.ops...)
	slices.SortFunc(all, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var b strings.Builder
	for _, o := range all {
		fmt.Fprintf(&b, "client %d  %4d to %4d  %+v → %+v\n", o.ClientId, o.Call, o.Return, o.Input, o.Output)
	}
	return b.String()
}

// scenario is how a history is made.
type scenario struct {
	*rand.Rand
	collect bool // objects are forgotten and collected, else killed
	most    int  // see seam.Hashes
}

// under makes and checks many histories of a container under every kind of hash,
// with deaths of both kinds.
func under(t *testing.T, one func(t *testing.T, s scenario) (operations int)) {
	seam.NeedsKill(t)
	for _, h := range seam.Hashes {
		t.Run(h.Name, func(t *testing.T) {
			defer keyhash.Use(h.Kind)()
			many(t, scenario{most: h.Most}, one)
		})
	}
}

// many makes and checks many histories, with deaths of both kinds.
func many(t *testing.T, s scenario, one func(t *testing.T, s scenario) (operations int)) {
	for name, n := range map[string]int{"kills": *histories, "collections": *histories / 4} {
		if testing.Short() {
			n /= 4
		}
		t.Run(name, func(t *testing.T) {
			operations := 0
			for seed := range uint64(n) {
				s.Rand, s.collect = rand.New(rand.NewPCG(seed, 1)), name == "collections"
				operations += one(t, s)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
			t.Logf("%d operations in %d histories", operations, n)
		})
	}
}

// collector returns what a history runs beside its clients so that the forgotten
// die.
func (s scenario) collector() func() {
	if s.collect {
		return runtime.GC
	}
	return runtime.Gosched
}

// client returns a function that makes n steps, with a source of chance of its own.
func (s scenario) client(n int, step func(rnd *rand.Rand, client int)) func(int) {
	seed := s.Uint64()
	return func(client int) {
		rnd := rand.New(rand.NewPCG(seed, uint64(client)))
		for range n {
			step(rnd, client)
			if rnd.IntN(3) == 0 {
				runtime.Gosched()
			}
		}
	}
}

// pool is the objects of a history, by number. What is nil has been forgotten, or
// not yet made.
type pool struct {
	next atomic.Int32
	held [maxID + 1]atomic.Pointer[object]
}

// make returns a new object, or nil if there are enough.
func (p *pool) make() *object {
	id := p.next.Add(1)
	if id > maxID {
		return nil
	}
	o := &object{id: uint8(id)}
	p.held[id].Store(o)
	return o
}

// any returns a new object, or one that is held, perhaps dead.
func (p *pool) any(rnd *rand.Rand) *object {
	if rnd.IntN(2) == 0 {
		if o := p.old(rnd); o != nil {
			return o
		}
	}
	if o := p.make(); o != nil {
		return o
	}
	return p.old(rnd)
}

// old returns an object that is held, or nil.
func (p *pool) old(rnd *rand.Rand) *object {
	n := min(p.next.Load(), maxID)
	if n == 0 {
		return nil
	}
	return p.held[1+rnd.Int32N(n)].Load()
}

// idOf returns the number of what a call has returned.
func idOf(o *object) uint8 {
	if o == nil {
		return 0
	}
	return o.id
}
