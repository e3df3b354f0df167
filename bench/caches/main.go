//go:build linux

// Command caches measures what a hit, a miss and an entry of a cache cost, in processor
// time of the thread and of the process, so that it can be run on a machine that does
// other things as well. The peers take turns. The lower quartiles of many turns are
// shown, beside the median of what is otter's in the same turn.
//
//	go run ./caches            # all of it, Keep 10 000
//	go run ./caches -size 400000 -what hit
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

func main() {
	size := flag.Int("size", 10_000, "how many values the caches keep")
	what := flag.String("what", "hit,miss,bytes", "what is measured")
	turns := flag.Int("turns", 15, "how often")
	only := flag.String("only", "", "only peers with this in their names, and otter")
	flag.Parse()
	if *only != "" {
		peers = slices.DeleteFunc(peers, func(p peer) bool { return !strings.Contains(p.name, *only) && p.name != yardstick })
	}
	for _, w := range strings.Split(*what, ",") {
		switch w {
		case "hit":
			hits(*size, *turns)
		case "miss":
			misses(*size, *turns)
		case "bytes":
			bytes(*size)
		}
	}
}

const yardstick = "otter"

// table is figures by peer and column, several of each.
type table struct {
	title   string
	columns []string
	figures map[string][][]float64
}

func newTable(title string, columns ...string) *table {
	return &table{title, columns, map[string][][]float64{}}
}

func (t *table) add(peer string, figures ...float64) {
	if t.figures[peer] == nil {
		t.figures[peer] = make([][]float64, len(t.columns))
	}
	for i, f := range figures {
		t.figures[peer][i] = append(t.figures[peer][i], f)
	}
}

// low is the lower quartile: what is above it is other people's noise.
func (t *table) low(peer string, column int) float64 {
	list := slices.Sorted(slices.Values(t.figures[peer][column]))
	return list[len(list)/4]
}

// ratio is the median of what is measured to what is measured of the yardstick in the same
// turn: the machine may be faster in another.
func (t *table) ratio(peer string, column int) float64 {
	var list []float64
	for i, f := range t.figures[peer][column] {
		list = append(list, f/t.figures[yardstick][column][i])
	}
	slices.Sort(list)
	return list[len(list)/2]
}

func (t *table) print() {
	fmt.Printf("%-24s", t.title)
	for _, c := range t.columns {
		fmt.Printf(" %20s", c)
	}
	fmt.Println()
	for _, p := range peers {
		fmt.Printf("%-24s", p.name)
		for i := range t.columns {
			fmt.Printf(" %11.2f (%5.2f)", t.low(p.name, i), t.ratio(p.name, i))
		}
		fmt.Println()
	}
	fmt.Println()
}

// hits measures requests for what is there, by one and by two threads.
func hits(size, turns int) {
	t := newTable(fmt.Sprintf("hit, Keep %d", size), "1 thread, CPU ns", "2 threads, CPU ns")
	keys := permutation(0, size/2)
	var list []cached
	for _, p := range peers {
		c := p.make(size)
		for range 3 {
			c.loop(keys)
		}
		list = append(list, c)
	}
	runtime.GC()
	for range turns {
		for i, p := range peers {
			one := cpuOf(1, list[i], keys)
			t.add(p.name, one, cpuOf(2, list[i], keys))
		}
	}
	runtime.KeepAlive(list)
	t.print()
}

// cpuOf returns the processor time of a request, made by so many threads at once.
func cpuOf(threads int, c cached, keys []int) float64 {
	rounds := max(1, 200_000/len(keys))
	var wg sync.WaitGroup
	var total atomic.Int64
	var ready sync.WaitGroup
	ready.Add(threads)
	for i := range threads {
		mine := slices.Concat(keys[i*len(keys)/threads:], keys[:i*len(keys)/threads])
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ready.Done()
			ready.Wait()
			begin := threadCPU()
			for range rounds {
				c.loop(mine)
			}
			total.Add(threadCPU() - begin)
		})
	}
	wg.Wait()
	return float64(total.Load()) / float64(threads*rounds*len(keys))
}

// misses measures requests for keys that a full cache does not have.
func misses(size, turns int) {
	t := newTable(fmt.Sprintf("miss, Keep %d", size), "caller CPU ns", "process CPU ns", "wall ns", "allocations")
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const n = 100_000
	for turn := range turns {
		for _, p := range peers {
			c := p.make(size)
			c.loop(permutation(0, size))
			runtime.GC()
			quiet()
			keys := permutation(size, n)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			process, thread, wall := processCPU(), threadCPU(), time.Now()
			c.loop(keys)
			took := []float64{float64(threadCPU()-thread) / n, 0, float64(time.Since(wall)) / n, 0}
			runtime.ReadMemStats(&after)
			quiet()
			took[1] = float64(processCPU()-process) / n
			took[3] = float64(after.Mallocs-before.Mallocs) / n
			if turn > 0 {
				t.add(p.name, took...)
			}
			if c.close != nil {
				c.close()
			}
		}
	}
	t.print()
}

// several caches are measured at once, because what the runtime has besides grows by a
// quarter of a megabyte at a time.
const several = 10

// bytes measures what full caches take beside their values.
func bytes(size int) {
	t := newTable(fmt.Sprintf("bytes, Keep %d", size), "1x, 1 GC", "1x, 3 GCs", "2x, 1 GC", "2x, 3 GCs", "10x, 3 GCs")
	for _, p := range peers {
		row := func(keys int) (one, three float64) {
			footprint()
			footprint()
			before := footprint()
			var list [several]cached
			for i := range list {
				list[i] = p.make(size)
				list[i].loop(permutation(0, keys))
			}
			per := func() float64 {
				return float64(footprint()-before)/float64(several*size) - float64(unsafe.Sizeof(object{}))
			}
			one = per()
			footprint()
			three = per()
			for _, c := range list {
				c.loop([]int{1})
				if c.close != nil {
					c.close()
				}
			}
			return one, three
		}
		a1, a3 := row(size)
		b1, b3 := row(2 * size)
		_, c3 := row(10 * size)
		t.add(p.name, a1, a3, b1, b3, c3)
	}
	t.print()
}

// footprint is the heap, and what the runtime has beside it for weak handles.
func footprint() int64 {
	quiet()
	runtime.GC()
	quiet()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.OtherSys)
}

// quiet waits until the process does nothing.
func quiet() {
	last := processCPU()
	for still, i := 0, 0; still < 3 && i < 1000; i++ {
		time.Sleep(3 * time.Millisecond)
		now := processCPU()
		if still++; now-last > 300_000 {
			still = 0
		}
		last = now
	}
}

func permutation(from, n int) []int {
	list := rand.New(rand.NewPCG(uint64(from), 3)).Perm(n)
	for i := range list {
		list[i] += from
	}
	return list
}

func threadCPU() int64  { return clock(3) } // CLOCK_THREAD_CPUTIME_ID
func processCPU() int64 { return clock(2) } // CLOCK_PROCESS_CPUTIME_ID

func clock(id uintptr) int64 {
	var ts syscall.Timespec
	if _, _, err := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&ts)), 0); err != 0 {
		panic(err)
	}
	return ts.Nano()
}
