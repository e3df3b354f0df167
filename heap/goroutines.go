package heap

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Goroutines is goroutines that stand at one place.
type Goroutines struct {
	Count     int
	State     string // what they wait for: "chan send", "IO wait"; or "runnable", "syscall"
	Func      string // of the nearest frame outside the standard library
	File      string
	Line      int
	In        string // the function of the standard library that they are in, "" if they are in none
	CreatedBy string // the function that started them, and where; "" if the runtime did
	Stack     uint64 // bytes that their frames take; the stacks are larger
	Example   uint64 // the number of one of them
	Runtime   bool   // they are the runtime's own, or do this module's upkeep
}

// String is the group in a line.
func (g Goroutines) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s [%s]", count(g.Count, "goroutine"), g.State)
	if g.Func != "" {
		fmt.Fprintf(&b, " %s", g.Func)
	}
	if g.Line != 0 {
		fmt.Fprintf(&b, " (%s:%d)", g.File, g.Line)
	}
	if g.In != "" {
		fmt.Fprintf(&b, " in %s", g.In)
	}
	if g.CreatedBy != "" {
		fmt.Fprintf(&b, ", started by %s", g.CreatedBy)
	}
	return b.String()
}

// standing tells groups apart.
type standing struct {
	state, fn, file string
	line            int
	in, createdBy   string
}

func (g *Goroutines) standing() standing {
	return standing{g.State, g.Func, g.File, g.Line, g.In, g.CreatedBy}
}

// Goroutines returns the goroutines by where they stand, most first.
func (d *Dump) Goroutines() []Goroutines {
	groups := map[standing]*Goroutines{}
	for i := range d.heap.Dump.Goroutines {
		r := &d.heap.Dump.Goroutines[i]
		s := d.namer.Standing(r)
		g := &Goroutines{State: s.State, Func: s.Func, File: s.File, Line: s.Line, In: s.In, CreatedBy: s.CreatedBy, Example: r.ID, Runtime: s.Runtime}
		if known := groups[g.standing()]; known != nil {
			g = known
		} else {
			groups[g.standing()] = g
		}
		g.Count++
		for k := range r.Frames {
			g.Stack += uint64(len(r.Frames[k].Contents))
		}
	}
	return sortedGoroutines(groups)
}

func sortedGoroutines(groups map[standing]*Goroutines) []Goroutines {
	return slices.SortedFunc(values(groups), func(a, b Goroutines) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Func, b.Func), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.State, b.State), cmp.Compare(a.CreatedBy, b.CreatedBy), cmp.Compare(a.In, b.In))
	})
}

// DiffGoroutines returns of which goroutines there are more or fewer in a newer dump,
// most more first, without the runtime's own and those that do this module's upkeep.
// Count is the difference, and so is Stack where there are more; an Example is of the
// newer dump if it has one.
func DiffGoroutines(older, newer *Dump) []Goroutines {
	changes := map[standing]*Goroutines{}
	for _, g := range newer.Goroutines() {
		changes[g.standing()] = &g
	}
	for _, g := range older.Goroutines() {
		c := changes[g.standing()]
		if c == nil {
			c = &g
			changes[g.standing()] = c
			c.Count, c.Stack = -c.Count, 0
			continue
		}
		c.Count -= g.Count
		c.Stack -= min(c.Stack, g.Stack)
	}
	maps.DeleteFunc(changes, func(_ standing, g *Goroutines) bool { return g.Count == 0 || g.Runtime })
	return sortedGoroutines(changes)
}
