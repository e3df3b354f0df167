package demo

import (
	"context"
	"sync/atomic"
	"testing"
)

// check fails the test unless the figures show what each strategy must show,
// whatever the input.
func check(t *testing.T, r *report) {
	t.Helper()
	all := byName(r)
	for name, f := range all {
		if f.Requests != all["map"].Requests || f.Requests == 0 {
			t.Errorf("%s: %d requests, and %d of the map", name, f.Requests, all["map"].Requests)
		}
		if f.Parses < all["map"].Parses {
			t.Errorf("%s: %d parses, and %d of the map", name, f.Parses, all["map"].Parses)
		}
		if f.MaxAlive > f.Parses || f.MaxAlive < 1 || f.PeakHeap < f.EmptyHeap || f.Interrupted {
			t.Errorf("%+v", f.figures)
		}
		if name != "lru" && (f.Duplicates != 0 || f.MaxCopies != 1) {
			t.Errorf("%s: %d duplicates, %d copies", name, f.Duplicates, f.MaxCopies)
		}
	}
	if f := all["map"]; f.EntriesLeft != f.Parses || f.MaxAlive != f.Parses {
		t.Errorf("map: %+v", f.figures)
	}
	if f := all["weak"]; f.EntriesLeft != 0 || f.HeapAfter > f.EmptyHeap*11/10 {
		t.Errorf("weak: %+v", f.figures)
	}
	for _, name := range []string{"lru", "weak-keep"} {
		if f := all[name]; f.EntriesLeft > guess(r.editors) {
			t.Errorf("%s: %d entries are left", name, f.EntriesLeft)
		}
	}
}

// TestStrategies is the demo's point: on the same requests, a map lets go of
// nothing, an LRU has files in memory twice, and a weak cache does neither.
func TestStrategies(t *testing.T) {
	r := toDo(t, files(60, 10), 3, 40, 1).run(t.Context(), quiet{})
	check(t, r)
	all := byName(r)
	if f := all["lru"]; f.Duplicates == 0 || f.MaxCopies < 2 {
		t.Errorf("the LRU has no duplicates: %+v", f.figures)
	}
	if f := all["map"]; f.HeapAfter < 2*f.EmptyHeap {
		t.Errorf("the map lets go: %+v", f.figures)
	}
}

func TestLittleWork(t *testing.T) {
	check(t, toDo(t, files(1, 1), 1, 1, 1).run(t.Context(), quiet{}))
	check(t, toDo(t, files(2, 1), 10, 3, 1).run(t.Context(), quiet{}))
}

func TestFilesThatCannotBeRead(t *testing.T) {
	s := files(3, 2)
	s.files = broken{FS: s.files, bad: map[string]bool{"p1/f0.go": true}}
	r := toDo(t, s, 4, 20, 1).run(t.Context(), quiet{})
	for name, f := range byName(r) {
		if f.Interrupted || f.Parses < 5 || f.HitRatio >= 1-float64(f.Parses)/float64(f.Requests) {
			t.Errorf("%s: %+v", name, f.figures)
		}
	}
	if unreadable, _ := s.counts(); unreadable != 1 {
		t.Errorf("%d are noted", unreadable)
	}
	s = files(2, 2)
	s.files = broken{FS: s.files, bad: map[string]bool{"p0/f0.go": true, "p0/f1.go": true, "p1/f0.go": true, "p1/f1.go": true}}
	for name, f := range byName(toDo(t, s, 2, 5, 1).run(t.Context(), quiet{})) {
		if f.Parses != 0 || f.HitRatio != 0 || f.Requests == 0 || f.EntriesLeft != 0 {
			t.Errorf("%s, if none can be read: %+v", name, f.figures)
		}
	}
}

// TestInterrupt ends the context while the second strategy parses.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := files(60, 10)
	w := toDo(t, s, 3, 40, 1)
	full := w.run(t.Context(), quiet{})
	var opened atomic.Int32
	limit := int32(byName(full)["map"].Parses + 50)
	s.files = broken{FS: s.files, opened: func(string) {
		if opened.Add(1) == limit {
			cancel()
		}
	}}
	r := w.run(ctx, quiet{})
	if !r.interrupted || len(r.trials) != 2 {
		t.Fatalf("interrupted %v, %d strategies", r.interrupted, len(r.trials))
	}
	if f := r.trials[0]; f.Interrupted || f.Requests != full.trials[0].Requests {
		t.Errorf("the first: %+v", f.figures)
	}
	f := r.trials[1]
	if !f.Interrupted || f.Requests == 0 || f.Requests >= full.trials[1].Requests {
		t.Errorf("the second: %+v", f.figures)
	}
	if want := float64(f.Requests-f.Parses) / float64(f.Requests); f.HitRatio != want {
		t.Errorf("a request that was not answered counts: hit ratio %v, want %v", f.HitRatio, want)
	}
	if f.EntriesLeft > guess(3) || f.WallSeconds <= 0 || f.HitRatio < 0 {
		t.Errorf("the second: %+v", f.figures)
	}
}

// TestInterruptEach interrupts each strategy alone, and sees that everybody lets go.
func TestInterruptEach(t *testing.T) {
	forEach(t, func(t *testing.T, k kind) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := files(60, 10)
		w := toDo(t, s, 3, 40, 1)
		var opened atomic.Int32
		s.files = broken{FS: s.files, opened: func(string) {
			if opened.Add(1) == 100 {
				cancel()
			}
		}}
		f := w.try(ctx, k, func() {})
		if !f.Interrupted || f.Requests == 0 {
			t.Errorf("%+v", f.figures)
		}
		if k.name == "weak" && f.EntriesLeft != 0 {
			t.Errorf("%d entries are left", f.EntriesLeft)
		}
	})
}
