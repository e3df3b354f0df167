package counter

import (
	"sync"
	"testing"
)

func TestCounter(t *testing.T) {
	var c Counter
	const goroutines, each = 8, 10_000
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			last := uint64(0)
			for range each {
				c.Inc()
				n := c.Load()
				if n <= last {
					t.Errorf("%d after %d", n, last)
					return
				}
				last = n
			}
		})
	}
	wg.Wait()
	if n := c.Load(); n != goroutines*each {
		t.Errorf("counted %d of %d", n, goroutines*each)
	}
}
