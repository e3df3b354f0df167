package cache

import (
	"sync"

	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/waits"
)

// turns bounds how many loads run at once. A load that another load asks for does not
// count, and does not wait: that other one would keep its turn, and wait for it.
type turns struct {
	limit int // 0: no bound

	mu      sync.Mutex
	running int
	waiting int
	freed   bubble.Cond
}

// turn is the right to run; nil if none is needed.
type turn struct{ of *turns }

// take waits for a turn. It may return without one if the run is abandoned meanwhile.
func (t *turns) take(r *run) turn {
	if t.limit == 0 || waits.From(r.values) != nil {
		return turn{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running < t.limit {
		t.running++
		return turn{t}
	}
	t.waiting++
	err := t.freed.Wait(r, &t.mu, func() bool { return t.running < t.limit || r.exempt })
	t.waiting--
	if err != nil || r.exempt {
		return turn{}
	}
	t.running++
	return turn{t}
}

func (t turn) giveBack() {
	if t.of == nil {
		return
	}
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	t.of.running--
	t.of.freed.Signal()
}

// exempt has a run not wait for its turn any more, because another load waits for it.
func (t *turns) exempt(r *run) {
	if t.limit == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r.exempt = true
	for range t.waiting {
		t.freed.Signal()
	}
}
