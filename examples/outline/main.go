// Outline builds the tree of a folder of Go source (packages, files, declarations with
// their text), keeps the declarations with a given name, drops everything else, and
// prints what the heap holds: once with package tree, whose nodes hold their parents
// weakly, and once with parent pointers as one writes them by hand.
//
//	outline [-keep name] [-print] [folder]
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"

	"github.com/weakref-go/weakref/tree"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("outline: ")
	keep := flag.String("keep", "main", "keep the declarations with this `name`")
	show := flag.Bool("print", false, "print the tree as well")
	flag.Parse()
	dir := "."
	if flag.NArg() > 0 {
		dir = flag.Arg(0)
	}
	if _, err := run(os.Stdout, dir, *keep, *show); err != nil {
		log.Fatal(err)
	}
}

// result is what the heap held, in bytes.
type result struct {
	nodes, kept           int
	weakWhole, weakKept   int
	strongWhole, strongly int
}

func run(w io.Writer, dir, keep string, show bool) (r result, err error) {
	before := heap()
	root, err := parse(dir)
	if err != nil {
		return r, err
	}
	for range root.Descendants() {
		r.nodes++
	}
	if show {
		if err := root.WriteText(w, label); err != nil {
			return r, err
		}
	}
	r.weakWhole = heap() - before
	var leaves []*tree.Node[item]
	for n := range root.Descendants() {
		if n.Value.Kind == declaration && n.Value.Name == keep {
			leaves = append(leaves, n)
		}
	}
	r.kept = len(leaves)
	if r.kept == 0 {
		return r, fmt.Errorf("no declaration in %s is named %q; choose another with -keep", dir, keep)
	}
	runtime.KeepAlive(root)
	r.weakKept = heap() - before // nothing refers to the root from here on
	orphans := 0
	for _, n := range leaves {
		if n.Parent() == nil {
			orphans++
		}
	}

	before = heap()
	if root, err = parse(dir); err != nil {
		return r, err
	}
	strong := strongCopy(root)
	root = nil
	r.strongWhole = heap() - before
	strongLeaves := strong.find(keep, nil)
	r.strongly = heap() - before
	runtime.KeepAlive(strongLeaves)
	runtime.KeepAlive(leaves)

	fmt.Fprintf(w, "%d nodes, of which %d are kept; %d of those have lost their parents\n", r.nodes, r.kept, orphans)
	fmt.Fprintf(w, "heap with weak parents:   %7d KB, then %7d KB\n", r.weakWhole>>10, r.weakKept>>10)
	fmt.Fprintf(w, "heap with strong parents: %7d KB, then %7d KB\n", r.strongWhole>>10, r.strongly>>10)
	return r, nil
}

func label(n *tree.Node[item]) string { return fmt.Sprintf("%v %s", n.Value.Kind, n.Value.Name) }

// heap returns the bytes on the heap that are in use.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
