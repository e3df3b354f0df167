package demo

import (
	"context"
	"time"
)

// figures is what was measured of a strategy. The table says more of each.
type figures struct {
	Name        string  `json:"name"`
	Requests    int     `json:"requests"`
	Parses      int     `json:"parses"`
	HitRatio    float64 `json:"hit_ratio"`        // part of the requests that got a tree and did not parse it
	MaxAlive    int     `json:"max_alive"`        // the most trees not yet collected
	Duplicates  int     `json:"duplicates"`       // requests that brought in a tree while another of the file was held
	MaxCopies   int     `json:"max_copies"`       // the most trees of one file held at once
	EmptyHeap   uint64  `json:"empty_heap_bytes"` // before the first request
	PeakHeap    uint64  `json:"peak_heap_bytes"`
	HeapAfter   uint64  `json:"heap_after_bytes"` // when everybody has let go, and all garbage has been collected
	EntriesLeft int     `json:"entries_left"`     // then
	WallSeconds float64 `json:"wall_seconds"`     // from the first request to the last letting go
	Interrupted bool    `json:"interrupted,omitempty"`
}

// trial is a strategy with what was measured of it.
type trial struct {
	kind
	figures
	line  *timeline
	letGo time.Duration // when everybody had let go
}

// work is what every strategy is to do.
type work struct {
	source  *source
	found   int      // files in the source
	folders []folder // those of them to work with
	files   int      // in the folders
	editors int
	rounds  int
	seed    uint64
}

// try measures a strategy. It calls step after each round.
//
// The heap is that of the whole process. So only one strategy is measured at a time,
// each from a heap that has been emptied.
func (w *work) try(ctx context.Context, k kind, step func()) trial {
	script := newScript(w.folders, w.editors, w.rounds, w.seed)
	trees := new(census)
	t := trial{kind: k, line: newTimeline()}
	t.Name = k.name
	t.EmptyHeap = settle(func() (int, int) { return 0, 0 })

	stop := t.line.record()
	st := k.new(trees.counting(w.source.parse), guess(w.editors))
	played := play(ctx, st, script, step)
	t.letGo = time.Since(t.line.start)
	t.HeapAfter = settle(func() (int, int) {
		_, alive, _ := trees.count()
		return st.Len(), alive
	})
	stop()

	t.PeakHeap = t.line.peak
	t.EntriesLeft = st.Len() // and the strategy has been in memory until now
	t.Parses, _, t.MaxAlive = trees.count()
	t.set(played)
	t.WallSeconds = t.letGo.Seconds()
	return t
}

func (f *figures) set(t tally) {
	f.Requests = t.requests
	f.Duplicates, f.MaxCopies = t.duplicates, t.copies
	f.Interrupted = !t.complete
	// An interrupt may come between a parse and the answer to its request.
	if hits := t.requests - t.failed - f.Parses; hits > 0 {
		f.HitRatio = float64(hits) / float64(t.requests)
	}
}
