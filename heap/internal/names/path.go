package names

import (
	"slices"
	"strconv"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/graph"
)

// Step is a reference on a path, with its name.
type Step struct {
	Ref
	From graph.ID // the object that holds the pointer; None if the root does
	Off  uint64   // where in it
	To   graph.ID
	Ptr  uint64
	Type string // of what it leads to, "" if it is not known

	holder string // the type of what the pointer is in
}

// maxNamed bounds how many references at each end of a path are named. Those
// between are the links of a list, and named once.
const maxNamed = 1000

// Path names a path.
func (n *Namer) Path(path []graph.Step) (Root, []Step) {
	if len(path) == 0 {
		return Root{}, nil
	}
	root, ref, v := n.Root(path[0].Root)
	steps := []Step{{Ref: ref, From: graph.None, To: path[0].To, Ptr: path[0].Ptr, Type: v.Type()}}
	for i, p := range path[1:] {
		var step Step
		step.holder = v.Type()
		step.From, step.Off, step.To, step.Ptr = p.From, p.Off, p.To, p.Ptr
		step.Ref, v = n.Follow(v, p.From, p.Off, p.Ptr)
		step.Type = v.Type()
		if i < maxNamed || i >= len(path)-maxNamed {
			steps = append(steps, step)
		}
	}
	return simplifyTimer(root, steps)
}

// simplifyTimer begins the path to what a timer holds at the timer: the way
// there, through the runtime's scheduler, says nothing.
func simplifyTimer(root Root, steps []Step) (Root, []Step) {
	i := slices.IndexFunc(steps, func(s Step) bool {
		return s.holder == "runtime.timer" && strings.HasPrefix(s.Text, ".arg")
	})
	if i < 0 || !slices.ContainsFunc(steps[:i], func(s Step) bool { return s.holder == "runtime.p" }) {
		return root, steps
	}
	root = Root{Ref: same("timer"), Runtime: root.Runtime, Timer: true}
	steps = steps[i:]
	steps[0].Text = strings.TrimPrefix(strings.TrimPrefix(steps[0].Text, ".arg"), ".(func())")
	steps[0].Sig = strings.TrimPrefix(strings.TrimPrefix(steps[0].Sig, ".arg"), ".(func())")
	return root, steps
}

// Join writes the references of a path one behind the other. A reference that
// repeats is written once, with the number of times.
func Join(root Ref, steps []Ref) Ref {
	var text, sig strings.Builder
	text.WriteString(root.Text)
	sig.WriteString(root.Sig)
	for len(steps) > 0 {
		n := repeats(steps)
		text.WriteString(steps[0].Text)
		sig.WriteString(steps[0].Sig)
		if n > minRepeats {
			text.WriteString("{" + strconv.Itoa(n) + "}")
			sig.WriteString("{…}")
			steps = steps[n:]
			continue
		}
		steps = steps[1:]
	}
	return Ref{text.String(), sig.String()}
}

// minRepeats is how often a reference may repeat before it is shortened.
const minRepeats = 3

// repeats is how many times the first reference repeats.
func repeats(steps []Ref) int {
	n := 1
	for n < len(steps) && steps[n].Sig == steps[0].Sig && steps[0].Sig != "" {
		n++
	}
	return n
}
