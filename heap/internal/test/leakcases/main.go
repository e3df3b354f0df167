// Command leakcases holds one object in each of many ways, and says for each how
// package heap explains it.
//
//	leakcases           explain in the process
//	leakcases fork      explain by a forked copy
//	leakcases dump FILE write a dump, and print the addresses
//	leakcases dump FILE fork
//	                    by a forked copy
//	leakcases wait      print the addresses, and wait for the end of the input
//
// It prints a [Case] in JSON for each. A case that is wanted at "file.go:@name"
// stands at the line of that file with the comment "// @name".
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
)

// Case is one way to hold an object.
type Case struct {
	Name string
	Want string // the path, "" if nothing holds the object; several are separated by " || "

	Address uint64 // with a dump
	Answer  *heap.Answer
	Text    string // of the best path

	target heap.Target
	hidden func() uintptr // the complement of the address
}

// User and Target are what is held.
type User struct {
	Name string
	ID   int
}

type Target struct {
	Label string
	Self  *User
	pad   [40]byte
}

var (
	mu    sync.Mutex
	cases []*Case
)

// held makes the object of a case.
//
//go:noinline
func held(name, want string) *Target {
	t := &Target{Label: name, Self: &User{Name: name}}
	note(name, want, t)
	return t
}

// note enters a case.
func note[T any](name, want string, p *T) {
	mu.Lock()
	defer mu.Unlock()
	r := weakref.Make(p)
	cases = append(cases, &Case{
		Name: name, Want: want,
		target: heap.TargetOf(r),
		hidden: func() uintptr { return ^uintptr(unsafe.Pointer(r.Value())) },
	})
}

//go:noinline
func use(x any) { runtime.KeepAlive(x) }

func main() {
	setup()
	switch {
	case len(os.Args) > 2:
		writeDump(os.Args[2], mode(os.Args[3:]))
	case len(os.Args) > 1 && os.Args[1] == "wait":
		locate()
		defer io.Copy(io.Discard, os.Stdin)
	default:
		explain(mode(os.Args[1:]))
	}
	json.NewEncoder(os.Stdout).Encode(cases)
}

func setup() {
	containers()
	closures()
	library()
	specials()
	goroutines()
	servers()
	literals()
	waitUntilBlocked()
	// Twice, because a sync.Pool keeps what it holds for one collection.
	runtime.GC()
	runtime.GC()
	usePools()
}

// waitUntilBlocked waits until all goroutines of the cases stand where they are
// going to be found.
func waitUntilBlocked() {
	starting.Wait()
	buf := make([]byte, 1<<20)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if n := runtime.Stack(buf, true); settled(string(buf[:n])) {
			return
		}
	}
	fail(fmt.Errorf("the goroutines did not settle:\n%s", buf))
}

// mode is by a forked copy if the arguments say so.
func mode(args []string) heap.Mode {
	if len(args) > 0 && args[0] == "fork" {
		return heap.Fork
	}
	return heap.InProcess
}

func explain(mode heap.Mode) {
	e := heap.Explainer{MaxPaths: 3, Mode: mode}
	var targets []heap.Target
	for _, c := range cases {
		targets = append(targets, c.target)
	}
	answers, err := e.Explain(targets...)
	if err != nil {
		fail(err)
	}
	for i, a := range answers {
		cases[i].Answer = a
		if len(a.Paths) > 0 {
			cases[i].Text = a.Paths[0].String()
		}
	}
}

func writeDump(path string, mode heap.Mode) {
	f, err := os.Create(path)
	if err != nil {
		fail(err)
	}
	defer f.Close()
	if _, err := heap.Snapshot(f, mode); err != nil {
		fail(err)
	}
	locate()
}

// locate enters the addresses of the objects.
func locate() {
	for _, c := range cases {
		c.Address = uint64(^c.hidden())
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
