// Soak tries the promises of package remote for minutes, against a cluster of three
// brokers, while brokers, connections and processes fail.
//
//	go run ./remote/remotetest/soak --for 10m
//
// It prints what it did, which faults it made, and which promises were broken; its exit
// status is 1 if any was. Nothing leaves the loopback.
package main

import (
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/weakref-go/weakref/remote/remotetest"
)

// ttl is the shortest that three replicas allow.
const ttl = 12 * time.Second

func main() {
	remotetest.RunChild(remotetest.BrokerRole(map[string]remotetest.Role{"member": memberRole}))
	length := flag.Duration("for", time.Minute, "how long to run")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the random choices")
	flag.Parse()
	fmt.Printf("soak: %v, seed %d\n", *length, *seed)
	t, err := newTrial(*seed)
	if err != nil {
		log.Fatal(err)
	}
	t.run(*length)
	t.close()
	fmt.Print(t.report.String())
	if t.report.violations() > 0 {
		os.Exit(1)
	}
}

// report counts what has happened.
type report struct {
	mu     sync.Mutex
	counts map[string]int // by "kind: what"
	broken []string
}

func (r *report) count(kind, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[string]int{}
	}
	r.counts[kind+": "+what]++
}

// violation notes that a promise was broken.
func (r *report) violation(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := time.Now().Format("15:04:05.000 ") + fmt.Sprintf(format, args...)
	fmt.Println("VIOLATION", text)
	r.broken = append(r.broken, text)
}

func (r *report) violations() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.broken)
}

// sum returns how many there were of a kind.
func (r *report) sum(kind string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for what, k := range r.counts {
		if strings.HasPrefix(what, kind+": ") {
			n += k
		}
	}
	return n
}

func (r *report) String() string {
	var b strings.Builder
	for _, what := range slices.Sorted(maps.Keys(r.counts)) {
		fmt.Fprintf(&b, "%-40s %8d\n", what, r.counts[what])
	}
	fmt.Fprintf(&b, "operations %d, faults %d, violations %d\n", r.sum("operation"), r.sum("fault"), r.violations())
	return b.String()
}
