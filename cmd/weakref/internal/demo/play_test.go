package demo

import (
	"slices"
	"testing"
)

// TestPlayerFollowsTheScript compares what editors hold with what the script says
// that they have open, after every round.
func TestPlayerFollowsTheScript(t *testing.T) {
	w := toDo(t, files(20, 10), 4, 50, 1)
	s := newScript(w.folders, w.editors, w.rounds, w.seed)
	p := &player{strategy: kinds[0].new(w.source.parse, 10), editors: make([]editor, w.editors)}
	round := 0
	complete := p.rounds(t.Context(), s, func() {
		for i, e := range p.editors {
			var holds []request
			for _, h := range e {
				holds = append(holds, request{h.tree.Path, h.until})
			}
			if !slices.Equal(holds, s.editors[i].open) {
				t.Fatalf("after round %d, editor %d holds %v, and the script says %v", round, i, holds, s.editors[i].open)
			}
		}
		round++
	})
	if !complete || round != w.rounds {
		t.Errorf("complete: %v, after %d rounds", complete, round)
	}
	p.letGo(func(held) bool { return true })
	if len(p.ledger.held) != 0 {
		t.Errorf("%d files are held when all is let go", len(p.ledger.held))
	}
}
