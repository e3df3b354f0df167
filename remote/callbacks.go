package remote

import (
	"log/slog"
	"runtime/debug"
	"sync"
)

// callbacks calls functions of users one after the other, in order, under no lock,
// on a goroutine that exists while there is something to call.
type callbacks struct {
	mu      sync.Mutex
	queue   []func()
	running bool
}

// add lets functions be called after those added before.
func (c *callbacks) add(f ...func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, f...)
	if !c.running && len(c.queue) > 0 {
		c.running = true
		go c.run()
	}
}

// run calls what there is. If a function ends its goroutine, another goes on.
func (c *callbacks) run() {
	finished := false
	defer func() {
		if !finished {
			go c.run()
		}
	}()
	for {
		c.mu.Lock()
		batch := c.queue
		c.queue = nil
		c.running = len(batch) > 0
		c.mu.Unlock()
		if len(batch) == 0 {
			finished = true
			return
		}
		for i, f := range batch {
			c.call(f, batch[i+1:])
		}
	}
}

// call calls f. If f ends the goroutine, what was to follow goes back to the queue.
func (c *callbacks) call(f func(), rest []func()) {
	returned := false
	defer func() {
		if r := recover(); r != nil {
			slog.Error("remote: a callback panicked", "panic", r, "stack", string(debug.Stack()))
		} else if !returned {
			c.mu.Lock()
			c.queue = append(append([]func(){}, rest...), c.queue...)
			c.mu.Unlock()
		}
	}()
	f()
	returned = true
}
