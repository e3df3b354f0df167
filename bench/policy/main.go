// Command policy compares what caches keep: the hit ratios of the policy of package
// cache, of otter and of a plain LRU, on made traces and on those in files.
//
//	go run ./policy                          # made traces
//	go run ./policy web07.trace.gz           # and real ones: gzip of big-endian 32-bit keys
//	go run ./policy -sizes 100,1000          # other sizes of the cache
//
// Nothing is timed, so the result is the same on every machine.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

func main() {
	sizes := flag.String("sizes", "50,500,5000", "sizes of the cache")
	requests := flag.Int("requests", 500_000, "length of the made traces")
	only := flag.String("only", "", "only traces whose name has this in it")
	flag.Parse()
	if err := run(*sizes, *requests, *only, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(1)
	}
}

// pair is a trace and a size of the cache.
type pair struct {
	trace
	size int
}

func run(sizes string, requests int, only string, files []string) error {
	var pairs []pair
	for _, field := range strings.Split(sizes, ",") {
		size, err := strconv.Atoi(field)
		if err != nil {
			return err
		}
		for _, t := range made(10*size, requests) {
			pairs = append(pairs, pair{t, size})
		}
	}
	for _, path := range files {
		t, err := read(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		t.name = strings.TrimSuffix(filepath.Base(path), ".trace.gz")
		different := make(map[int]bool)
		for _, k := range t.keys {
			different[k] = true
		}
		for _, part := range []int{200, 50, 20, 10, 5} {
			pairs = append(pairs, pair{t, max(2, len(different)/part)})
		}
	}
	print(pairs, only)
	return nil
}

func print(pairs []pair, only string) {
	fmt.Printf("%-16s %8s", "trace", "size")
	for _, p := range peers {
		fmt.Printf(" %8s", p.name)
	}
	fmt.Printf(" %8s\n", "-otter")
	sum, worst, n := 0.0, 0.0, 0
	for _, p := range pairs {
		if !strings.Contains(p.name, only) {
			continue
		}
		ratios := measure(p)
		more := ratios[len(ratios)-1] - ratios[0]
		fmt.Printf("%-16s %8d", p.name, p.size)
		for _, r := range ratios {
			fmt.Printf(" %7.2f%%", r)
		}
		fmt.Printf(" %+8.2f\n", more)
		sum, worst, n = sum+more, min(worst, more), n+1
	}
	fmt.Printf("%d pairs: mean %+.2f points against otter, worst %+.2f\n", n, sum/float64(n), worst)
}

// measure returns the hit ratio of each peer.
func measure(p pair) []float64 {
	ratios := make([]float64, len(peers))
	var wg sync.WaitGroup
	for i, peer := range peers {
		wg.Go(func() {
			c, hits := peer.make(p.size), 0
			for _, key := range p.keys {
				if c.request(key) {
					hits++
				}
			}
			ratios[i] = 100 * float64(hits) / float64(len(p.keys))
		})
	}
	wg.Wait()
	return ratios
}
