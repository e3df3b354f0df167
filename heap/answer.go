package heap

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Answer says why an object is alive.
type Answer struct {
	// Collected: it is not. All that follows is zero then.
	Collected bool
	Object    Object
	// Paths lead to the object, best first, each through another direct holder.
	Paths    []Path
	Retained Size
	// AllocatedAt is the stack of the allocation, innermost call first, if the
	// memory profiler has sampled it. It samples every allocation if
	// [runtime.MemProfileRate] is 1: run tests with -memprofilerate=1.
	AllocatedAt []Call
	Names       Names
	Hint        string // how to get better names, "" if they are full
}

// Call is an entry of the stack of an allocation.
type Call struct {
	Func, File string
	Line       int
}

// Answer says why an object is alive, with up to maxPaths paths.
func (d *Dump) Answer(o Object, maxPaths int) *Answer {
	a := &Answer{Object: o, Names: d.level, Hint: d.hint()}
	a.Paths = d.Paths(o, maxPaths)
	if o.Type == "" && len(a.Paths) > 0 {
		last := a.Paths[0].Steps
		a.Object.Type = last[len(last)-1].Object.Type
	}
	a.Retained = d.Retained(o)
	a.AllocatedAt = d.AllocatedAt(o)
	return a
}

// AllocatedAt returns the stack of the allocation of an object, innermost call
// first, or nil if the memory profiler has not sampled it.
func (d *Dump) AllocatedAt(o Object) []Call {
	// A sample has the address of the object, which comes behind a header in
	// some slots.
	for _, stack := range d.heap.Dump.Allocations([]uint64{o.Address, o.Address + 8}) {
		if stack == nil {
			continue
		}
		calls := make([]Call, len(stack))
		for i, c := range stack {
			calls[i] = Call(c)
		}
		return withoutRuntime(calls)
	}
	return nil
}

// withoutRuntime leaves out the calls by which the runtime allocates, and those by
// which it starts a goroutine.
func withoutRuntime(stack []Call) []Call {
	for len(stack) > 1 && strings.HasPrefix(stack[0].Func, "runtime.") && !strings.HasPrefix(stack[0].Func, "runtime.AddCleanup") {
		stack = stack[1:]
	}
	for len(stack) > 1 && strings.HasPrefix(stack[len(stack)-1].Func, "runtime.") {
		stack = stack[:len(stack)-1]
	}
	return stack
}

// String is the answer in a few lines.
func (a *Answer) String() string {
	if a.Collected {
		return "the object has been collected"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%v is held by\n", a.Object)
	for i, p := range a.Paths {
		if i > 0 && a.repeats(i) {
			continue
		}
		if i > 0 {
			b.WriteString("also by\n")
		}
		fmt.Fprintf(&b, "  %v\n", p)
		if i == 0 && p.Root.CreatedBy != "" {
			fmt.Fprintf(&b, "    in a goroutine started by %s\n", p.Root.CreatedBy)
		}
	}
	b.WriteString(a.facts())
	return strings.TrimSuffix(b.String(), "\n")
}

// repeats says whether path i reads as one before it.
func (a *Answer) repeats(i int) bool {
	text := a.Paths[i].String()
	return slices.ContainsFunc(a.Paths[:i], func(p Path) bool { return p.String() == text })
}

// Detail is the answer with a line for each reference of the best path.
func (a *Answer) Detail() string {
	if a.Collected || len(a.Paths) == 0 {
		return a.String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%v is held by\n%s\n", a.Object, a.Paths[0].Detail())
	for i, p := range a.Paths[1:] {
		if !a.repeats(i + 1) {
			fmt.Fprintf(&b, "also by\n  %v\n", p)
		}
	}
	b.WriteString(a.facts())
	return strings.TrimSuffix(b.String(), "\n")
}

// facts is what there is to say beside the paths.
func (a *Answer) facts() string {
	var b strings.Builder
	fmt.Fprintf(&b, "retains %s in %s\n", bytesText(a.Retained.Bytes), count(a.Retained.Objects, "object"))
	for i, c := range a.AllocatedAt {
		if i == maxCalls {
			break
		}
		fmt.Fprintf(&b, "%s %s (%s:%d)\n", [...]string{"allocated by", "  called by"}[min(i, 1)], c.Func, filepath.Base(c.File), c.Line)
	}
	if a.Hint != "" {
		fmt.Fprintf(&b, "%s\n", a.Hint)
	}
	return b.String()
}

// maxCalls is how many calls of an allocation are shown.
const maxCalls = 4
