package soft

import (
	"fmt"
	"os"
	"path"
	"runtime"
	"runtime/metrics"
	"strings"
	"time"
	"weak"
)

// The limit is that of the Go runtime (GOMEMLIMIT, debug.SetMemoryLimit), if it is one
// that the cgroup grants, too. The collector then keeps the heap within it, so three
// quarters of it can be alive. Without it the heap grows to twice what is alive, or whatever
// GOGC says, before the next collection; so much less can be alive.
const (
	headroom  = 0.97 // of the runtime's limit, as its pacer has it
	liveShare = 0.75 // of the room with such a limit
	usable    = 0.95 // of what the cgroup grants
	margin    = 0.85 // of that without such a limit
	ofMachine = 4    // without any limit: a quarter of the memory
)

// system reads the figures of the process.
type system struct{}

// token is an object of its own size, with a pointer, so that it dies for itself.
func (system) token() func() bool {
	w := weak.Make(&[3]*int{}) //weakvet:ignore weakdiscard it is to die at the next collection
	return func() bool { return w.Value() == nil }
}

// Now returns the figures of the process.
func Now() Memory { return system{}.read() }

var names = [...]string{
	"/gc/cycles/total:gc-cycles", "/gc/heap/live:bytes", "/gc/heap/goal:bytes", "/gc/gomemlimit:bytes", "/gc/gogc:percent",
	"/memory/classes/total:bytes", "/memory/classes/heap/released:bytes",
	"/memory/classes/heap/free:bytes", "/memory/classes/heap/objects:bytes", "/memory/classes/heap/unused:bytes",
}

func (system) newest() uint64 {
	s := [1]metrics.Sample{{Name: names[0]}}
	metrics.Read(s[:])
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0 // see read
	}
	return s[0].Value.Uint64()
}

func (system) read() Memory {
	var s [len(names)]metrics.Sample
	for i, name := range names {
		s[i].Name = name
	}
	metrics.Read(s[:])
	var v [len(names)]float64
	for i := range s {
		if s[i].Value.Kind() != metrics.KindUint64 {
			return Memory{At: time.Now()} // a Go that has no such figure any more; nothing grows
		}
		v[i] = float64(s[i].Value.Uint64())
	}
	mapped := v[5] - v[6]
	granted, others := granted("", mapped)
	m := Memory{Cycle: uint64(v[0]), Live: int64(v[1]), Goal: int64(v[2]), At: time.Now()}
	m.Room, m.Target = targets(v[3], v[4], granted-others, mapped-v[7]-v[8]-v[9])
	return m
}

// collect does not wait.
func (system) collect() { go runtime.GC() }

// targets returns the room of the heap, and the target of what is alive of it. limit is the
// runtime's, granted what else bounds the process; beside is what it takes beside the heap.
func targets(limit, gogc, granted, beside float64) (room, target int64) {
	granted *= usable
	if limit <= granted {
		r := max(0, headroom*limit-beside)
		return int64(r), int64(liveShare * r)
	}
	r := max(0, granted-beside)
	return int64(r), int64(margin * r / (1 + gogc/100))
}

// cgroups is the two versions of control groups: where their folders are, how the line of
// /proc/self/cgroup begins, and what their files are called.
var cgroups = []struct{ root, prefix, limit, used string }{
	{"/sys/fs/cgroup", "0::", "memory.max", "anon "},
	{"/sys/fs/cgroup/memory", ":memory:", "memory.limit_in_bytes", "total_rss "},
}

// granted returns the least limit of the control groups that the process is in, or a
// quarter of the machine's memory, or 0 if neither is known; and what of it others use, if the
// process itself has so much mapped. root is that of the file system.
func granted(root string, mapped float64) (limit, others float64) {
	own, _ := os.ReadFile(root + "/proc/self/cgroup")
	machine := 1024 * number(root+"/proc/meminfo", "MemTotal:")
	limit = machine
	for _, g := range cgroups {
		_, dir, _ := strings.Cut(string(own), g.prefix)
		dir, _, _ = strings.Cut(dir, "\n")
		for dir = path.Clean("/" + dir); ; dir = path.Dir(dir) {
			// In a container the path may be that outside: then there is only the root.
			if l := number(path.Join(root, g.root, dir, g.limit), ""); l > 0 && l < limit {
				limit = l
				others = max(0, number(path.Join(root, g.root, dir, "memory.stat"), g.used)-mapped)
			}
			if dir == "/" {
				break
			}
		}
	}
	if limit == machine {
		limit /= ofMachine
	}
	return limit, others
}

// number returns the number after a word at the beginning of a line of a file, or 0.
func number(file, word string) (n float64) {
	b, _ := os.ReadFile(file)
	_, after, _ := strings.Cut("\n"+string(b), "\n"+word)
	fmt.Sscan(after, &n)
	return n
}
