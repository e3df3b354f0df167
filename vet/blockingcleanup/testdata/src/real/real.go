// Package real holds a bug found in published code, rewritten in minimal form,
// and the form worth copying.
package real

import (
	"runtime"
	"sync"
)

// A renderer's pool of workers, stopped when the renderer is collected: the
// cleanup waits until the last worker has left.
type pool struct {
	quit   chan struct{}
	once   sync.Once
	exited sync.WaitGroup
}

type renderer struct{ pool *pool }

func (r *renderer) start() {
	r.pool = &pool{quit: make(chan struct{})}
	runtime.AddCleanup(r, func(p *pool) { p.close() }, r.pool) // want `this cleanup waits for other goroutines`
}

func (p *pool) close() {
	if p == nil {
		return
	}
	p.once.Do(func() { close(p.quit) })
	p.exited.Wait()
}

// A state that is closed on a goroutine of its own.
func (r *renderer) startRight() {
	r.pool = &pool{quit: make(chan struct{})}
	runtime.AddCleanup(r, func(p *pool) { go p.close() }, r.pool)
}
