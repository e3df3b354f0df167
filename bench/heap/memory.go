package main

import (
	"bytes"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// watchMemory follows how much memory this process has in use beside mapped files,
// and returns the most, in bytes. It is 0 where /proc does not tell.
func watchMemory() *atomic.Int64 {
	most := new(atomic.Int64)
	go func() {
		for range time.Tick(10 * time.Millisecond) {
			most.Store(max(most.Load(), anonymous()))
		}
	}()
	return most
}

func anonymous() (n int64) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := bytes.Cut(status, []byte("RssAnon:"))
	fmt.Sscanf(string(line), "%d kB", &n)
	return n << 10
}
