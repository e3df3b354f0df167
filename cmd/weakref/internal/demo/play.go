package demo

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// tally is what was counted while a script was played.
type tally struct {
	complete   bool // the script was played to its end
	requests   int  // answered, with a tree or an error
	failed     int  // of these: with an error
	duplicates int  // see ledger
	copies     int
}

// player plays a script to a strategy.
type player struct {
	strategy strategy
	editors  []editor
	ledger   ledger
	requests atomic.Int64
	failed   atomic.Int64
}

// editor is what an editor holds.
type editor []held

type held struct {
	tree  *Tree
	until int // the end of this round
}

// play plays a script, or as much of it as ctx allows. At the end everybody has let
// go. It calls step after each round.
func play(ctx context.Context, st strategy, s *script, step func()) tally {
	p := &player{strategy: st, editors: make([]editor, len(s.editors))}
	complete := p.rounds(ctx, s, step)
	p.letGo(func(held) bool { return true })
	return tally{
		complete:   complete,
		requests:   int(p.requests.Load()),
		failed:     int(p.failed.Load()),
		duplicates: p.ledger.duplicates,
		copies:     p.ledger.copies,
	}
}

func (p *player) rounds(ctx context.Context, s *script, step func()) (complete bool) {
	for {
		r, ok := s.next()
		if !ok {
			return true
		}
		p.ask(ctx, r.opens)
		p.ask(ctx, r.visits)
		if ctx.Err() != nil {
			return false
		}
		p.letGo(func(h held) bool { return h.until == r.number })
		step()
	}
}

// ask has all editors make their requests at the same time, and returns when they
// have their trees.
func (p *player) ask(ctx context.Context, requests [][]request) {
	var wg sync.WaitGroup
	for i := range p.editors {
		wg.Go(func() {
			for _, q := range requests[i] {
				p.askOne(ctx, &p.editors[i], q)
			}
		})
	}
	wg.Wait()
}

func (p *player) askOne(ctx context.Context, e *editor, q request) {
	t, err := p.strategy.Get(ctx, q.path)
	if err != nil && ctx.Err() != nil {
		return // that is no answer
	}
	p.requests.Add(1)
	if err != nil {
		p.failed.Add(1)
		return
	}
	p.ledger.hold(t)
	*e = append(*e, held{t, q.until})
}

// letGo has all editors let go of what is done with.
func (p *player) letGo(done func(held) bool) {
	for i := range p.editors {
		e := &p.editors[i]
		*e = slices.DeleteFunc(*e, func(h held) bool {
			if !done(h) {
				return false
			}
			p.ledger.release(h.tree)
			return true
		})
	}
}
