package demo

import (
	"context"
	"runtime"
	"sync"
)

// census counts the trees in memory: those that have been parsed and not yet been
// collected. It has the runtime tell it of deaths, and uses nothing of what it is to
// measure.
type census struct {
	mu    sync.Mutex
	born  int
	alive int
	most  int // alive at once
}

// counting returns a loader that counts what it parses.
func (c *census) counting(parse loader) loader {
	return func(ctx context.Context, path string) (*Tree, error) {
		t, err := parse(ctx, path)
		if err == nil {
			c.birth(t)
		}
		return t, err
	}
}

func (c *census) birth(t *Tree) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.born++
	c.alive++
	c.most = max(c.most, c.alive)
	runtime.AddCleanup(t, (*census).death, c)
}

func (c *census) death() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alive--
}

// count returns how many trees have been parsed, are in memory, and were so at once.
func (c *census) count() (born, alive, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.born, c.alive, c.most
}
