// Command leaky leaks in eight ways that services leak in, and says for each why.
// docs/why.md tells how each is found and mended.
//
//	leaky               leak, and print what keeps an object of each kind alive
//	leaky -fixed        the same with the bugs mended
//	leaky -dump FILE    leak once more for each FILE and write a dump to it, for weakref why
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"

	"github.com/weakref-go/weakref/heap"
)

// leaks are the bugs. Each function makes something, is done with it, and returns
// it as a target to ask about.
var leaks = []struct {
	name string
	run  func() heap.Target
}{
	{"map", loginLogout},
	{"listener", openClose},
	{"goroutine", handleRequest},
	{"timer", dialHangUp},
	{"context", startReindex},
	{"cleanup", mapFile},
	{"weakkey", acceptConn},
	{"freelist", renderPage},
}

// fixed mends the bugs.
var fixed = flag.Bool("fixed", false, "mend the bugs")

func main() {
	dumps := flag.Bool("dump", false, "write dumps to the files that are named")
	flag.Parse()
	var err error
	if *dumps {
		err = writeDumps(flag.Args())
	} else {
		err = explain()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "leaky:", err)
		os.Exit(1)
	}
}

// explain runs each leak and prints why what it made is alive.
func explain() error {
	for _, l := range leaks {
		target := l.run()
		answers, err := new(heap.Explainer).Explain(target)
		if err != nil {
			return err
		}
		fmt.Printf("== %s\n%v\n", l.name, answers[0])
	}
	return nil
}

// writeDumps leaks a hundred times before each dump.
func writeDumps(files []string) error {
	for _, path := range files {
		for range 100 {
			for _, l := range leaks {
				l.run()
			}
		}
		if err := writeDump(path); err != nil {
			return err
		}
	}
	return nil
}

func writeDump(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	runtime.GC()
	_, err = heap.Snapshot(f, heap.InProcess)
	return err
}
