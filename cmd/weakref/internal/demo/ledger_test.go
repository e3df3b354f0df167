package demo

import "testing"

func TestLedger(t *testing.T) {
	var l ledger
	a1, a2, a3, b := &Tree{Path: "a"}, &Tree{Path: "a"}, &Tree{Path: "a"}, &Tree{Path: "b"}
	steps := []struct {
		do                 func(*Tree)
		t                  *Tree
		duplicates, copies int
	}{
		{l.hold, a1, 0, 1},
		{l.hold, b, 0, 1},
		{l.hold, a1, 0, 1}, // the same tree, shared
		{l.hold, a2, 1, 2}, // a second one
		{l.hold, a2, 1, 2}, // which is shared, and so brings in nothing new
		{l.hold, a1, 1, 2},
		{l.release, a2, 1, 2},
		{l.hold, a3, 2, 3},
		{l.release, a2, 2, 3},
		{l.release, a3, 2, 3},
		{l.hold, a3, 3, 3}, // it was away, so it comes in anew
		{l.release, a1, 3, 3},
		{l.release, a1, 3, 3},
		{l.release, a1, 3, 3},
		{l.hold, a3, 3, 3}, // a1 is not held any more
		{l.release, a3, 3, 3},
		{l.release, a3, 3, 3},
		{l.hold, a2, 3, 3},
	}
	for i, s := range steps {
		s.do(s.t)
		if l.duplicates != s.duplicates || l.copies != s.copies {
			t.Fatalf("after step %d: %d duplicates and %d copies, want %d and %d", i, l.duplicates, l.copies, s.duplicates, s.copies)
		}
	}
	l.release(a2)
	l.release(b)
	if len(l.held) != 0 {
		t.Errorf("%d files are on the books when all is let go", len(l.held))
	}
}
