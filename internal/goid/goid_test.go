package goid

import (
	"runtime"
	"sync"
	"testing"
)

func TestCurrent(t *testing.T) {
	for name, current := range map[string]func() uintptr{"Current": Current, "parse": parse} {
		t.Run(name, func(t *testing.T) {
			const n = 100
			var mu sync.Mutex
			ids := make(map[uintptr]bool)
			var all, wg sync.WaitGroup
			all.Add(n)
			for range n {
				wg.Go(func() {
					id := current()
					mu.Lock()
					ids[id] = true
					mu.Unlock()
					all.Done()
					all.Wait() // all run at once, so no identity can have been used again
					if grown(0) != 0 || current() != id {
						t.Error("the identity of a goroutine has changed")
					}
				})
			}
			wg.Wait()
			if len(ids) != n {
				t.Errorf("%d identities of %d goroutines", len(ids), n)
			}
		})
	}
}

// grown makes the stack move.
//
//go:noinline
func grown(n int) int {
	var pad [1024]byte
	if n < 100 {
		return grown(n+1) + int(pad[n])
	}
	runtime.Gosched()
	return 0
}

func TestAssemblyWorksWhereItIsMeantTo(t *testing.T) {
	switch runtime.GOARCH {
	case "amd64", "arm64", "386":
		if !works() {
			t.Error("goroutines are told apart by their stack traces here, which is slow")
		}
	}
}
