// Command heap measures package heap on a heap of many small objects.
//
//	go run ./heap -objects 20000000   # dumps go to os.TempDir
//	go run ./heap -server 2000        # so many dumps of a server under load, by copies
//
// It makes a heap, dumps it in the process and by a copy of the process, and has
// another process read the dump, so that the memory of the two is not mixed up.
// It prints times, and the memory of the reader an object beside the mapped file.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/weakref-go/weakref/heap"
)

// A pair is 96 bytes and one or two strings of 16 or 32: 1.5 pointers an object, as in a
// service that holds records.
type pair struct {
	name  *[16]byte
	value *[32]byte
	next  *pair
	_     [9]int
}

var pairs []*pair

func main() {
	objects := flag.Int("objects", 2_000_000, "`number` of objects")
	rounds := flag.Int("rounds", 3, "`number` of dumps by a copy of the process; the median pause counts")
	read := flag.String("read", "", "read the dump `FILE`, as the other process")
	server := flag.Int("server", 0, "dump a server under load this `number` of times")
	flag.Parse()
	var err error
	switch {
	case *read != "":
		err = measureReader(*read)
	case *server > 0:
		err = measureServer(*server)
	default:
		err = measureWriter(*objects, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func grow(objects int) {
	pairs = make([]*pair, 0, objects/5*2)
	for range objects / 5 {
		a, b := &pair{name: new([16]byte), value: new([32]byte)}, &pair{name: new([16]byte)}
		a.next = b
		pairs = append(pairs, a, b)
	}
}

func measureWriter(objects, rounds int) error {
	grow(objects)
	runtime.GC()
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	fmt.Printf("heap: %d objects, %d MB\n", ms.HeapObjects, ms.HeapAlloc>>20)
	dir, err := os.MkdirTemp("", "heapbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "dump")
	st, err := snapshot(path, heap.InProcess)
	if err != nil {
		return err
	}
	fmt.Printf("dump in the process: pause %v, %d MB\n", st.Pause.Round(time.Millisecond), st.Bytes>>20)
	if heap.CanFork {
		if err := measureFork(path, rounds); err != nil {
			return err
		}
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	pairs = nil
	debug.FreeOSMemory()
	cmd := exec.Command(exe, "-read", path)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

func measureFork(path string, rounds int) error {
	var pauses []time.Duration
	tries := 0
	for range rounds {
		st, err := snapshot(path, heap.Fork)
		if err != nil {
			return err
		}
		tries += st.Tries
		pauses = append(pauses, st.Pause)
	}
	slices.Sort(pauses)
	fmt.Printf("dump by a copy: pause %v (median of %d; worst %v), %d copies\n",
		pauses[rounds/2].Round(100*time.Microsecond), rounds, pauses[rounds-1].Round(100*time.Microsecond), tries)
	return nil
}

func snapshot(path string, mode heap.Mode) (heap.Stats, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return heap.Stats{}, err
	}
	defer f.Close()
	runtime.GC()
	return heap.Snapshot(f, mode)
}

func measureReader(path string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	most := watchMemory()
	works := map[string]stopwatch{}
	o := heap.Options{Binary: exe, Progress: func(work string, share float64) {
		if share == 0 {
			works[work] = start()
		}
	}}
	all := start()
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	d, err := heap.Read(f, o)
	if err != nil {
		return err
	}
	defer d.Close()
	fmt.Printf("read and searched: %v; the search alone: %v\n", all.since(), works["searching"].since())
	info := d.Info()
	n := info.Reached.Objects + info.Unreached
	fmt.Printf("%d reached + %d unreached = %d; HeapObjects %d\n", info.Reached.Objects, info.Unreached, n, info.HeapObjects)
	memory := func(when string) {
		var ms runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&ms)
		fmt.Printf("memory %s: %.1f bytes an object live, %.1f in use at the most\n", when,
			float64(ms.HeapAlloc)/float64(n), float64(most.Load())/float64(n))
	}
	memory("after opening")
	timed("dominators", func() { d.Dominators() })
	memory("after dominators")
	root := d.Dominators().Top(1)[0]
	timed("retained size of one object", func() { fmt.Println(root, "retains", d.Retained(root)) })
	timed("paths to one object", func() { d.Paths(d.Dominators().Children(root, 1)[0], 3) })
	timed("types", func() { fmt.Println(len(d.Types()), "types") })
	return nil
}

func timed(what string, f func()) {
	w := start()
	f()
	fmt.Printf("%s: %v\n", what, w.since())
}

// stopwatch is when something began.
type stopwatch struct {
	at  time.Time
	cpu time.Duration
}

func start() stopwatch { return stopwatch{time.Now(), cpu()} }

// since is the time of a processor, and the time that has passed.
func (w stopwatch) since() string {
	return fmt.Sprintf("%v (%v passed)", (cpu() - w.cpu).Round(time.Millisecond), time.Since(w.at).Round(time.Millisecond))
}
