// Command app holds a few objects and writes dumps of its heap: the first with
// ten sessions, the others with ten more each.
package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/weakref-go/weakref/heap"
)

type User struct{ Name string }

type Session struct {
	user *User
	buf  []byte
	next *Session
}

type Listener struct {
	id int
	fn func()
}

var (
	sessions  = map[string]*Session{}
	listeners []Listener
	newest    *Session
	hostile   = map[string]*User{"</script><script>alert(1)</script>": {"a key that a page must not run"}}
)

var never = make(chan int)

// blocked starts goroutines that wait for ever.
func blocked() {
	for range 10 {
		go func() { <-never }()
	}
}

func grow() {
	blocked()
	for range 10 {
		name := fmt.Sprintf("user-%d", len(sessions))
		s := &Session{user: &User{name}, buf: make([]byte, 10_000), next: newest}
		sessions[name], newest = s, s
	}
	last := newest
	listeners = append(listeners, Listener{len(listeners), func() { last.buf[0]++ }})
}

//go:noinline
func cleanup() {
	s := &Session{user: &User{"only a cleanup holds it"}}
	runtime.AddCleanup(s, func(*Session) {}, &Session{next: s})
}

func main() {
	cleanup()
	runtime.KeepAlive(hostile)
	for _, path := range os.Args[1:] {
		grow()
		if err := dump(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func dump(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	runtime.GC()
	_, err = heap.Snapshot(f, heap.InProcess)
	return err
}
