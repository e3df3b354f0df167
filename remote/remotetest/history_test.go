package remotetest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/embed"
)

// A name is a register that has no owner or one: an announcement takes it if it is free,
// Close frees it if it is the closer's, Lookup reads it. Histories of nodes that do all
// of this at the same time, with connections that break, must have an order in which
// each call takes effect at one moment.

type nameCall struct {
	name string
	op   string     // announce, close or lookup
	ref  remote.Ref // what is closed
}

type nameResult struct {
	ref   remote.Ref
	taken bool // an announcement was refused
}

// nameModel's state is the Ref of the owner; the zero Ref if there is none.
var nameModel = porcupine.Model{
	Init: func() any { return remote.Ref{} },
	Step: func(state, input, output any) (bool, any) {
		s, in, out := state.(remote.Ref), input.(nameCall), output.(nameResult)
		switch {
		case in.op == "announce" && out.taken:
			return !s.IsZero(), s
		case in.op == "announce":
			return s.IsZero(), out.ref
		case in.op == "close" && s == in.ref:
			return true, remote.Ref{}
		case in.op == "close":
			return true, s
		}
		return s == out.ref, s
	},
}

type recorder struct {
	mu    sync.Mutex
	began time.Time
	calls []porcupine.Operation

	unsure map[string]bool // names whose announcement has failed, so that nobody knows
}

// record runs a call and notes it, unless f says that nothing was learned.
func (r *recorder) record(client int, in nameCall, f func() (nameResult, bool)) {
	call := time.Since(r.began).Nanoseconds()
	out, learned := f()
	if learned {
		r.note(client, in, out, call)
	}
}

func (r *recorder) note(client int, in nameCall, out nameResult, call int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, porcupine.Operation{
		ClientId: client, Input: in, Call: call, Output: out, Return: time.Since(r.began).Nanoseconds(),
	})
}

// client makes random calls under random names. What it announces is p, which must live
// until all clients have finished, because its names vanish with it.
func (r *recorder) client(t *testing.T, id int, n *remote.Node, p *session, rounds int) {
	random := rand.New(rand.NewPCG(uint64(id), 1))
	var mine []*remote.Name
	for range rounds {
		name := fmt.Sprint("n", random.IntN(3))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		switch x := random.IntN(10); {
		case x < 4:
			if a := r.announce(ctx, id, n, name, p); a != nil {
				mine = append(mine, a)
			}
		case x < 7 && len(mine) > 0:
			i := random.IntN(len(mine))
			a := mine[i]
			mine = slices.Delete(mine, i, i+1)
			r.record(id, nameCall{a.String(), "close", a.Ref()}, func() (nameResult, bool) {
				a.Close(ctx) // whatever the broker says, the name is free
				return nameResult{}, true
			})
		default:
			r.record(id, nameCall{name: name, op: "lookup"}, func() (nameResult, bool) {
				ref, err := n.Lookup(ctx, name)
				return nameResult{ref: ref}, err == nil || errors.Is(err, remote.ErrNotFound)
			})
		}
		cancel()
	}
}

// announce announces, and notes what is known of the outcome.
func (r *recorder) announce(ctx context.Context, id int, n *remote.Node, name string, p *session) *remote.Name {
	call := time.Since(r.began).Nanoseconds()
	a, err := remote.Announce(ctx, n, name, p)
	switch {
	case err == nil:
		r.note(id, nameCall{name: name, op: "announce"}, nameResult{ref: a.Ref()}, call)
	case errors.Is(err, remote.ErrUnreachable), errors.Is(err, remote.ErrUnsure): // nothing was written
	case errors.Is(err, remote.ErrTaken):
		r.note(id, nameCall{name: name, op: "announce"}, nameResult{taken: true}, call)
	default:
		r.mu.Lock()
		r.unsure[name] = true
		r.mu.Unlock()
	}
	return a
}

func TestHistories(t *testing.T) {
	for _, faults := range []bool{false, true} {
		t.Run(fmt.Sprint("faults=", faults), func(t *testing.T) {
			t.Parallel()
			s := listening(t, embed.Options{})
			proxy := before(t, s)
			r := &recorder{began: time.Now(), unsure: map[string]bool{}}
			var clients sync.WaitGroup
			var objects []*session
			for id := range 6 {
				n := join(t, proxy.URL(), remote.Config{})
				objects = append(objects, new(session))
				p := objects[id]
				rounds := 300
				if faults {
					rounds = 60 // most of which wait for a connection
				}
				clients.Go(func() { r.client(t, id, n, p, rounds) })
			}
			if faults {
				cutUntil(proxy, clients.Wait)
			}
			clients.Wait()
			runtime.KeepAlive(objects)
			r.check(t)
		})
	}
}

// check checks each name by itself.
func (r *recorder) check(t *testing.T) {
	t.Helper()
	byName := map[string][]porcupine.Operation{}
	for _, c := range r.calls {
		name := c.Input.(nameCall).name
		byName[name] = append(byName[name], c)
	}
	for name, h := range byName {
		if r.unsure[name] {
			t.Logf("%s: an announcement failed without an answer", name)
			continue
		}
		switch porcupine.CheckOperationsTimeout(nameModel, h, 20*time.Second) {
		case porcupine.Illegal:
			t.Errorf("the history of %s, %d calls, has no order", name, len(h))
		case porcupine.Unknown:
			t.Logf("the history of %s, %d calls, takes too long to check", name, len(h))
		}
	}
	t.Logf("%d calls", len(r.calls))
}

// TestModelRejects: the model is not so weak that it accepts everything.
func TestModelRejects(t *testing.T) {
	a, _ := remote.ParseRef("00000000000000000000000000000001.1")
	op := func(in nameCall, out nameResult, at int64) porcupine.Operation {
		return porcupine.Operation{Input: in, Call: at, Output: out, Return: at + 1}
	}
	for _, h := range [][]porcupine.Operation{
		{op(nameCall{name: "n", op: "lookup"}, nameResult{ref: a}, 0)},
		{op(nameCall{name: "n", op: "announce"}, nameResult{ref: a}, 0), op(nameCall{name: "n", op: "lookup"}, nameResult{}, 10)},
		{op(nameCall{name: "n", op: "announce"}, nameResult{ref: a}, 0), op(nameCall{name: "n", op: "announce"}, nameResult{ref: a}, 10)},
	} {
		if porcupine.CheckOperations(nameModel, h) {
			t.Errorf("accepted: %v", h)
		}
	}
}
