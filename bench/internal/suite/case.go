package suite

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
)

// Name says what is measured. Fields that do not apply are zero.
type Name struct {
	Group   string // "Values", "Keys", …
	Impl    string
	Keys    string // type of the keys, where it varies
	Op      string
	N       int // entries
	Threads int
}

// String returns the name in the form that benchstat reads.
func (n Name) String() string { return "Benchmark" + n.Path() }

// Path returns the name as a benchmark's below another.
func (n Name) Path() string {
	return strings.Join(append([]string{n.Group}, n.parts()...), "/")
}

func (n Name) parts() []string {
	parts := []string{}
	add := func(key string, value any) {
		if s := fmt.Sprint(value); s != "" && s != "0" {
			parts = append(parts, key+"="+s)
		}
	}
	add("impl", n.Impl)
	add("keys", n.Keys)
	add("op", n.Op)
	add("n", n.N)
	add("threads", n.Threads)
	return parts
}

// Timer is what a Case needs of a testing.B.
type Timer interface {
	StartTimer()
	StopTimer()
}

// Metric is one measured figure.
type Metric struct {
	Value float64
	Unit  string
}

// Case is one operation of one implementation. It has either a Loop or a Probe.
type Case struct {
	Name

	// Loop does the operation count times on each thread. The timer is stopped
	// when it is called, and when it returns.
	Loop func(t Timer, count int)

	// Batch is how many operations Loop does at a time; other counts cost as much
	// as the next multiple.
	Batch int

	// Probe measures itself.
	Probe func() []Metric
}

// Set is the cases that share what they prepare, and a process. They run in order.
type Set struct {
	Name            // of the cases, without operation and threads
	Slow     bool   // left out of quick runs
	MaxRound int    // no more rounds than these; 0: as many as there is time for
	Need     uint64 // bytes of memory
	Cases    func() []Case
}

// Scale divides the numbers of entries, down to a hundred: 1 to measure, more to
// test the cases themselves.
type Scale int

func (s Scale) of(n int) int {
	if s == 1 {
		return n
	}
	return max(100, n/int(s))
}

// rounds is how often a collection is forced to find out what it costs.
func (s Scale) rounds() int {
	if s == 1 {
		return 3
	}
	return 1
}

// Sets lists what there is to measure, those to be compared next to each other.
func Sets(scale Scale) []Set {
	var all []Set
	all = append(all, valueSets(scale)...)
	all = append(all, churnSets(scale)...)
	all = append(all, millionSets(scale)...)
	all = append(all, keySets(scale)...)
	all = append(all, internSets(scale)...)
	all = append(all, cacheSets(scale)...)
	return all
}

// Find returns the set with a name.
func Find(name string, scale Scale) (Set, bool) {
	for _, s := range Sets(scale) {
		if s.String() == name {
			return s, true
		}
	}
	return Set{}, false
}

// Select returns the sets of the groups that match.
func Select(all []Set, groups *regexp.Regexp, slow bool) []Set {
	var chosen []Set
	for _, s := range all {
		if groups.MatchString(s.Group) && (slow || !s.Slow) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// Threads returns the numbers of threads to measure with.
func Threads() []int {
	if runtime.GOMAXPROCS(0) < 2 {
		return []int{1}
	}
	return []int{1, 2}
}

// mustBe stops a case that does not do what it says.
func mustBe(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf("not measured: "+format, args...))
	}
}
