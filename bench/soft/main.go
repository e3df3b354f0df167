//go:build linux

// Command soft measures what Cache.KeepSoft does with the memory of a process. It runs
// the same requests against a cache with Keep alone and against one that has KeepSoft as well,
// each in a process of its own with a limit, while the rest of the heap changes:
//
//	go run ./soft                # GOMEMLIMIT=512MiB
//	go run ./soft -cgroup        # and in a control group of that size and an eighth more (as root)
//	go run ./soft -cgroup -nolimit   # in a control group of 1 GiB, without GOMEMLIMIT
//
// The figures are of memory and of hits, not of time; so they hardly depend on what else the
// machine does.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
)

const (
	limit = 512 << 20
	keep  = 4000
)

func main() {
	child := flag.Int("child", -1, "be the process that is measured, with that KeepSoft")
	group := flag.Bool("cgroup", false, "run in a control group")
	noLimit := flag.Bool("nolimit", false, "without GOMEMLIMIT")
	up := flag.Int("step", 0, "by how many MB the rest of the heap grows in the process that is measured")
	requests := flag.Int("requests", 100_000, "in a phase")
	runs := flag.Int("runs", 3, "how often")
	flag.Parse()
	if *child >= 0 {
		json.NewEncoder(os.Stdout).Encode(measure(*child, *requests, *up))
		return
	}
	fmt.Printf("%-8s %-5s %6s %7s %16s %8s %9s %9s %6s\n", "phase", "", "hits %", "rest MB", "live/target", "settled", "most MB", "of limit", "kept")
	for range *runs {
		alone := run(0, *requests, *group, *noLimit)
		soft := run(1_000_000, *requests, *group, *noLimit)
		for i := range max(len(soft), len(alone)) {
			alone[i].print("Keep", bound(*noLimit))
			soft[i].print("soft", bound(*noLimit))
		}
	}
}

// phase is what was seen in a phase.
type phase struct {
	Name     string
	Hits     float64
	Rest     int     // MB
	Low, Top float64 // of the live heap after the settling, in parts of the target
	Settled  int     // collections until the live heap was within 5 % of the target, and remained
	Most     float64 // MB of the process, as Go sees it
	Kept     int
}

func (p phase) print(who string, limit int) {
	live, settled := "", ""
	if who != "Keep" {
		live, settled = fmt.Sprintf("%.3f to %.3f", p.Low, p.Top), strconv.Itoa(p.Settled)
	}
	fmt.Printf("%-8s %-5s %6.2f %7d %16s %8s %9.1f %9.4f %6d\n", p.Name, who, p.Hits, p.Rest, live, settled, p.Most, p.Most/float64(limit>>20), p.Kept)
}

// run runs a process.
func run(keepSoft, requests int, group, noLimit bool) (phases []phase) {
	cmd := exec.Command(must(os.Executable()), "-child", strconv.Itoa(keepSoft), "-requests", strconv.Itoa(requests), "-step", strconv.Itoa(bound(noLimit)/5>>20))
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "GOGC=100")
	size := bound(noLimit)
	if !noLimit {
		cmd.Env = append(cmd.Env, "GOMEMLIMIT="+strconv.Itoa(limit))
		size += limit / 8
	}
	var g cgroup
	if group {
		g = newCgroup(size)
		defer g.remove()
		cmd.Args = slices.Concat([]string{"/bin/sh", "-c", `echo $$ >` + g.procs() + ` && exec "$0" "$@"`, cmd.Path}, cmd.Args[1:])
		cmd.Path = "/bin/sh"
	}
	out, err := cmd.Output()
	if err != nil {
		fmt.Println("the process ended:", err)
	}
	if group {
		fmt.Printf("KeepSoft %d: the control group had %d MB at most, of %d; it hit its limit %d times\n", keepSoft, g.most()>>20, size>>20, g.hits())
	}
	if err := json.Unmarshal(out, &phases); err != nil {
		return make([]phase, len(plan))
	}
	return phases
}

// bound is how many bytes the process may take.
func bound(noLimit bool) int {
	if noLimit {
		return 2 * limit // the heap grows to twice what is alive
	}
	return limit
}

var plan = []struct {
	name string
	high bool // the rest of the heap, 64 MB, has grown by the step
}{
	{"fill", false}, {"steady", false}, {"step up", true}, {"high", true}, {"step dn", false}, {"again", false},
}

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "soft:", err)
		os.Exit(1)
	}
	return v
}
