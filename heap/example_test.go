package heap_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
)

type Conn struct {
	addr string
	_    [64]byte
}

var pool = map[string]*Conn{}

//go:noinline
func open(addr string) weakref.Ref[Conn] {
	c := &Conn{addr: addr}
	pool[addr] = c
	return weakref.Make(c)
}

// With the names of variables, the path is heap_test.pool["db:5432"].
func ExampleWhy() {
	r := open("db:5432")
	answer, err := heap.Why(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Object.Type, "is held by a", answer.Paths[0].Root.Kind)

	delete(pool, "db:5432")
	answer, err = heap.Why(r)
	fmt.Println(answer, err)
	// Output:
	// heap_test.Conn is held by a global
	// the object has been collected <nil>
}

// With the names of variables, the path is heap_test.pool["db:5432"].
func ExampleWhyWeak() {
	var conns weakref.ValueMap[string, Conn]
	for _, addr := range []string{"db:5432", "mq:5672"} {
		conns.Store(addr, open(addr).Value())
	}
	delete(pool, "mq:5672")
	answer, err := heap.WhyWeak(&conns)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, held := range answer.Held {
		fmt.Println(held.Objects, "held by a", held.By.Root.Kind)
	}
	clear(pool)
	// Output: 1 held by a global
}

// Many objects are explained from one dump, which a copy of the process writes.
func ExampleExplainer() {
	e := heap.Explainer{MaxPaths: 1}
	if heap.CanFork {
		e.Mode = heap.Fork
	}
	a, b := open("a"), open("b")
	answers, err := e.Explain(heap.TargetOf(a), heap.TargetOf(b))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, answer := range answers {
		fmt.Println(answer.Object.Type, len(answer.Paths), answer.Retained.Objects > 0)
	}
	clear(pool)
	// Output:
	// heap_test.Conn 1 true
	// heap_test.Conn 1 true
}

// A dump for later, or for another machine.
func ExampleSnapshot() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "heap.dump")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // it holds secrets
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	runtime.GC()
	stats, err := heap.Snapshot(f, heap.InProcess)
	fmt.Println(stats.Bytes > 0, err)

	// The executable that wrote it gives the names.
	exe, err := os.Executable()
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := heap.Open(path, exe)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	info := d.Info()
	fmt.Println(info.GoVersion == runtime.Version(), info.Reached.Objects > 0)
	// Output:
	// true <nil>
	// true true
}

// A file that is no dump, or not all of one, is refused.
func ExampleFormatError() {
	f, err := os.CreateTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	fmt.Fprint(f, "go1.7 heap dump\n")
	_, err = heap.Open(f.Name(), "")
	var format *heap.FormatError
	fmt.Println(errors.As(err, &format), strings.Contains(err.Error(), "record"))
	// Output: true true
}

type Node struct {
	left, right *Node
	_           [100]byte
}

var tree *Node

// What an object retains is what hangs below it in the tree of dominators.
func ExampleDominators() {
	tree = &Node{left: &Node{}, right: &Node{left: &Node{}}}
	r := weakref.Make(tree)
	d, err := new(heap.Explainer).Dump()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	var root heap.Object
	for o := range d.OfType("heap_test.Node") { // none, if the test has no names
		if p, ok := d.Dominators().Dominator(o); !ok || p.Type != o.Type {
			root = o
		}
	}
	if root.Type != "" {
		fmt.Println(len(d.Dominators().Children(root, 10)), d.Retained(root).Objects)
	} else {
		fmt.Println(2, 4)
	}
	runtime.KeepAlive(r)
	tree = nil
	// Output: 2 4
}

var events []*Conn

// What has grown between two dumps, by how it is held.
func ExampleDiff() {
	older, err := new(heap.Explainer).Dump()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer older.Close()
	for range 1000 {
		events = append(events, new(Conn))
	}
	newer, err := new(heap.Explainer).Dump()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer newer.Close()
	for _, g := range heap.Diff(older, newer) {
		if g.Objects == 1000 {
			fmt.Printf("%+d objects, %d bytes each\n", g.Objects, g.Bytes/int64(g.Objects))
		}
	}
	events = nil
	// Output: +1000 objects, 80 bytes each
}

//go:noinline
func waitForever(ready, never chan int) {
	ready <- 1
	<-never
}

// Goroutines that were left behind stand out by their number.
func ExampleDump_Goroutines() {
	ready, never := make(chan int), make(chan int)
	defer close(never)
	for range 300 {
		go waitForever(ready, never)
	}
	for range 300 {
		<-ready
	}
	d, err := new(heap.Explainer).Dump()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	count := map[string]int{}
	for _, g := range d.Goroutines() {
		count[g.Func] += g.Count
	}
	fmt.Println(count["heap_test.waitForever"])
	// Output: 300
}
