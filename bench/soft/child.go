//go:build linux

package main

import (
	"context"
	"math/rand/v2"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/internal/soft"
)

const keys = 100_000

// value is what the cache holds: 1 to 64 KiB.
type value struct {
	name string
	data []byte
}

// sizeOf gives every key a size of its own, the same in all runs.
func sizeOf(key int) int { return 1<<10 + int(uint32(key)*2654435761>>16)%(63<<10) }

// measure goes through the phases.
func measure(keepSoft, requests, up int) (phases []phase) {
	c := &cache.Cache[int, value]{Keep: keep, KeepSoft: keepSoft, Load: func(_ context.Context, key int) (*value, error) {
		return &value{"value", make([]byte, sizeOf(key))}, nil
	}}
	w := newWatch()
	defer w.stop()
	var rest [][]byte
	rnd := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(rnd, 1.05, 10, keys-1)
	for _, step := range plan {
		p := phase{Name: step.name, Rest: 64}
		if step.high {
			p.Rest += up
		}
		for len(rest) > p.Rest {
			rest[len(rest)-1] = nil
			rest = rest[:len(rest)-1]
		}
		w.begin()
		for len(rest) < p.Rest { // at once
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			rest = append(rest, b)
		}
		before := c.Stats()
		for range requests {
			v, err := c.Get(context.Background(), int(zipf.Uint64()))
			if err != nil {
				panic(err)
			}
			for i := 0; i < len(v.data); i += 4096 {
				v.data[i]++ // a page that nothing touches does not count
			}
		}
		after := c.Stats()
		p.Hits = 100 * float64(after.Hits-before.Hits) / float64(requests)
		p.Kept = after.Kept
		w.end(&p)
		phases = append(phases, p)
	}
	return phases
}

// watch looks at the memory of the process every half millisecond.
type watch struct {
	mu    sync.Mutex
	cycle uint64
	parts []float64 // live heap by target, after each collection
	most  uint64
	done  atomic.Bool
	ended chan struct{}
}

func newWatch() *watch {
	w := &watch{ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}}
		for !w.done.Load() {
			time.Sleep(time.Millisecond / 2)
			metrics.Read(s)
			w.mu.Lock()
			w.most = max(w.most, s[0].Value.Uint64()-s[1].Value.Uint64())
			if n := s[2].Value.Uint64(); n != w.cycle {
				m := soft.Now()
				w.cycle = m.Cycle
				w.parts = append(w.parts, float64(m.Live)/float64(max(1, m.Target)))
			}
			w.mu.Unlock()
		}
	}()
	return w
}

func (w *watch) stop() {
	w.done.Store(true)
	<-w.ended
}

func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.parts, w.most = nil, 0
}

func (w *watch) end(p *phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.Most = float64(w.most) / (1 << 20)
	for i, part := range w.parts {
		if part < 0.9 || part > 1.05 {
			p.Settled = i + 1
		}
	}
	last := w.parts[len(w.parts)/2:]
	p.Low, p.Top = last[0], last[0]
	for _, part := range last {
		p.Low, p.Top = min(p.Low, part), max(p.Top, part)
	}
}
