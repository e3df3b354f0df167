package seam

import (
	"time"

	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/soft"
)

// Memory has the process have as much memory as a test says, until restore is called.
// collection pretends that there was one after which the heap is as good as full, or empty,
// and has all upkeep done.
func Memory() (collection func(full bool), restore func()) {
	m := soft.Memory{Room: 4 << 30, Target: 3 << 30, At: time.Now()}
	next := make(chan soft.Memory, 1)
	next <- m
	restore = soft.Process.Simulate(func() soft.Memory {
		m := <-next
		next <- m
		return m
	})
	return func(full bool) {
		m := <-next
		m.Cycle++
		m.Live = 1 << 20
		if full {
			m.Live = m.Room
		}
		next <- m
		gcclock.Run()
	}, restore
}
