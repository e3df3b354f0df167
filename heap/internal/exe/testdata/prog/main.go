// Command prog has one of each thing that an executable tells about.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

type User struct {
	Name string
	Age  int32
}

type Session struct {
	user  *User
	tags  []string
	peers map[string]*Session
	done  chan *User
	out   io.Writer
	any   any
	grid  [3][2]*User
}

type Pair[K comparable, V any] struct {
	Key K
	Val V
}

var (
	registry = map[string]*Session{}
	first    Session
	pair     Pair[string, *User]
	once     sync.Once
	hooks    []func()
	answer   = 42
)

//go:noinline
func capture(s *Session, n int) func() {
	total := 0
	return func() {
		total += n
		s.user.Age += int32(total)
	}
}

func inlined(u *User) string { return "user " + u.Name }

//go:noinline
func block(s *Session, in chan int) {
	var arr [4]*User
	arr[1] = s.user
	fill(&arr)
	fmt.Fprintln(io.Discard, inlined(s.user))
	in <- 1
	<-in
	runtime.KeepAlive(s)
	fill(&arr)
}

//go:noinline
func fill(a *[4]*User) { a[2] = a[1] }

func main() {
	s := &Session{user: &User{Name: "alice"}}
	registry["a"] = s
	first = *s
	first.any = answer
	pair.Val = s.user
	once.Do(func() {})
	hooks = append(hooks, capture(s, 3))
	in := make(chan int)
	go block(s, in)
	<-in
	waitUntilBlocked()
	if len(os.Args) > 1 {
		f, err := os.Create(os.Args[1])
		if err != nil {
			panic(err)
		}
		debug.WriteHeapDump(f.Fd())
	}
	fmt.Fprintln(io.Discard, registry, first, pair, hooks)
}

// waitUntilBlocked waits until block is where it will stay.
func waitUntilBlocked() {
	stacks := make([]byte, 1<<16)
	for !bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte(" [chan receive]")) {
		runtime.Gosched()
	}
}
