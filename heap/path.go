package heap

import (
	"fmt"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/names"
)

// RootKind is where a path begins.
type RootKind string

const (
	RootGlobal    RootKind = "global"           // a package variable
	RootGoroutine RootKind = "goroutine"        // a local variable of a goroutine
	RootFinalizer RootKind = "finalizer"        // a finalizer's function, or an object that has one
	RootDeferred  RootKind = "deferred call"    // of a goroutine
	RootCleanup   RootKind = "cleanup"          // a cleanup's function or argument
	RootTimer     RootKind = "timer"            // a timer that has not fired
	RootRuntime   RootKind = "runtime"          // the runtime's own variables and frames
	RootStack     RootKind = "stack variable"   // a local variable that only a pointer from another frame keeps in use
	RootRegister  RootKind = "register"         // a register or word of a goroutine that was interrupted
	RootHolder    RootKind = "holder"           // what [WhyWeak] was asked about, which the caller holds
	RootStale     RootKind = "stale stack word" // a word on a stack that is no root: perhaps nothing holds the object
	RootNone      RootKind = "none"             // the dump has no root: a cleanup's function or argument, or garbage
)

// Root is where a path begins.
type Root struct {
	Kind RootKind
	Text string // "main.registry", "goroutine 7 [select] main.worker (worker.go:31) t"
	Sure bool   // it certainly is a root

	Name       string // of the variable, with the full import path of its package; "" if it is not known
	Func       string // of the frame, finalizer or deferred call
	File       string
	Line       int
	Goroutine  uint64 // number
	WaitReason string // what the goroutine waits for
	CreatedBy  string // the function that started the goroutine, and where; "" if the runtime did
	Own        string // the nearest frame outside the standard library, with its line, if Func is in the library

	Signature string // Text without what differs between two roots of one kind: numbers of goroutines
}

// Step is a reference on a path.
type Step struct {
	Text   string // what it adds to the expression: ".fn", "[4].next", " captures session"
	Object Object // what it leads to
	// Only says that every way from a root to the object at the end of the path
	// takes this reference: that object is free if it is cut.
	Only bool

	Signature string // Text without what differs between two references of one kind: indexes, keys, addresses
}

// Path is a chain of strong references from a root to an object.
type Path struct {
	Root  Root
	Steps []Step // the last one leads to the object
}

// String is the path as an expression of Go:
//
//	main.registry.listeners[4].fn → func main.setup.func2 captures session → *main.Session.user
//
// A reference that repeats is written once, with the number of times.
func (p Path) String() string {
	var b strings.Builder
	b.WriteString(p.Root.Text)
	for i := 0; i < len(p.Steps); {
		n := p.looksRepeated(i)
		b.WriteString(p.Steps[i].Text)
		if n > 3 {
			fmt.Fprintf(&b, "{%d}", n)
			i += n
			continue
		}
		i++
	}
	return b.String()
}

// repeats is how many times the reference i comes in a row.
func (p Path) repeats(i int) int {
	n := 1
	for i+n < len(p.Steps) && p.Steps[i+n].Signature == p.Steps[i].Signature && p.Steps[i].Signature != "" {
		n++
	}
	return n
}

// looksRepeated is how many times the reference i comes in a row to the eye: of
// one whose name is not known, only the offset tells.
func (p Path) looksRepeated(i int) int {
	for n := range p.repeats(i) {
		if s := p.Steps[i+n]; s.Signature == names.UnknownSig && s.Text != p.Steps[i].Text {
			return n
		}
	}
	return p.repeats(i)
}

// Signature is the path without what differs between two leaks of one kind:
// indexes, keys, addresses, numbers of goroutines, lengths of lists.
func (p Path) Signature() string {
	var b strings.Builder
	b.WriteString(p.Root.Signature)
	for i := 0; i < len(p.Steps); i += p.repeats(i) {
		b.WriteString(p.Steps[i].Signature)
		if p.repeats(i) > 1 {
			b.WriteString("{…}")
		}
	}
	return b.String()
}

// Detail is the path with a line for each reference: what it leads to, and a mark
// for those of which it is enough to cut one.
func (p Path) Detail() string {
	var b strings.Builder
	fmt.Fprintf(&b, "    %s (%s)", p.Root.Text, p.Root.Kind)
	if p.Root.CreatedBy != "" {
		fmt.Fprintf(&b, ", started by %s", p.Root.CreatedBy)
	}
	b.WriteByte('\n')
	for i := 0; i < len(p.Steps); {
		s := p.Steps[i]
		mark := " "
		if s.Only {
			mark = "✂"
		}
		text := strings.TrimSpace(s.Text)
		if i+1 < len(p.Steps) && !s.Only && isPart(text, s.Object.Type) {
			i++
			continue
		}
		n := p.looksRepeated(i)
		if n > 3 {
			text += fmt.Sprintf(" and so on, %d times", n)
			s = p.Steps[i+n-1]
			i += n - 1
		}
		if text == "" {
			text = "."
		}
		fmt.Fprintf(&b, "  %s   %s ─▶ %v\n", mark, text, s.Object)
		i++
	}
	return strings.TrimSuffix(b.String(), "\n")
}
