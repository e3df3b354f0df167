package names

import (
	"slices"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/graph"
)

// Step is a reference on a path, with its name.
type Step struct {
	Text string   // what it adds to the expression: ".fn", "[4].next", " captures s"
	Sig  string   // the same without indexes, keys and addresses
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
	v = n.settled(v, path[0].To)
	steps := []Step{{Text: n.Text(ref), Sig: ref.Sig(), From: graph.None, To: path[0].To, Ptr: path[0].Ptr, Type: n.typeOf(path[0].To, v)}}
	for i, p := range path[1:] {
		holder := v
		ref, v = n.Follow(v, p.From, p.Off, p.Ptr)
		v = n.settled(v, p.To)
		if i < maxNamed || i >= len(path)-maxNamed {
			steps = append(steps, Step{n.Text(ref), ref.Sig(), p.From, p.Off, p.To, p.Ptr, n.typeOf(p.To, v), n.typeText(holder)})
		}
	}
	return simplifyTimer(root, steps)
}

// From names references that begin at an object.
func (n *Namer) From(o graph.ID, path []graph.Step) (text string) {
	v, _ := n.known(o)
	for _, p := range path {
		var ref Ref
		ref, v = n.Follow(v, p.From, p.Off, p.Ptr)
		v = n.settled(v, p.To)
		text += n.Text(ref)
	}
	return text
}

// What a timer holds is held by the runtime's scheduler. Its path begins at the
// timer: the way there says nothing.
const (
	timerType     = "runtime.timer"
	schedulerType = "runtime.p"
	timerRoot     = "timer"
)

// isTimerArg says whether a reference from a timer is to what it was made with.
func isTimerArg(text string) bool { return strings.HasPrefix(text, ".arg") }

func trimTimerArg(text string) string {
	return strings.TrimPrefix(strings.TrimPrefix(text, ".arg"), ".(func())")
}

// simplifyTimer begins the path to what a timer holds at the timer.
func simplifyTimer(root Root, steps []Step) (Root, []Step) {
	i := slices.IndexFunc(steps, func(s Step) bool { return s.holder == timerType && isTimerArg(s.Text) })
	if i < 0 || !slices.ContainsFunc(steps[:i], func(s Step) bool { return s.holder == schedulerType }) {
		return root, steps
	}
	root = Root{Text: timerRoot, Sig: timerRoot, Runtime: root.Runtime, Timer: true}
	steps = steps[i:]
	steps[0].Text = trimTimerArg(steps[0].Text)
	steps[0].Sig = trimTimerArg(steps[0].Sig)
	return root, steps
}
