// Command service has a map that grows, until its input ends.
package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

type Session struct {
	user string
	_    [100]byte
}

var (
	mu       sync.Mutex
	sessions = map[string]*Session{}
)

func grow() {
	mu.Lock()
	defer mu.Unlock()
	s := &Session{user: fmt.Sprint("user-", len(sessions))}
	sessions[s.user] = s
}

func main() {
	for range 100 {
		grow()
	}
	go func() {
		for range time.Tick(time.Millisecond) {
			grow()
		}
	}()
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
