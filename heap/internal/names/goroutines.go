package names

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// Standing is where a goroutine stands.
type Standing struct {
	State     string // what it waits for: "chan send"
	Func      string // of the nearest frame outside the standard library, or else outside the runtime
	File      string
	Line      int
	In        string // the function of the standard library that it is in, "" if it is in none
	CreatedBy string // the function that started it, and where
	Runtime   bool   // it is the runtime's own, or does this module's upkeep
}

// calledBy is the frame of what frame f has called.
func (n *Namer) calledBy(g *record.Goroutine, f *record.Frame) *record.Frame {
	i := slices.IndexFunc(g.Frames, func(o record.Frame) bool { return o.SP == f.SP && o.End() == f.End() })
	return &g.Frames[max(i-1, 0)]
}

// Standing returns where a goroutine stands.
func (n *Namer) Standing(g *record.Goroutine) Standing {
	s := Standing{State: n.status(g), CreatedBy: n.createdBy(g), Runtime: n.isOwn(g)}
	top := n.topFrame(g)
	f := n.programFrame(g, top)
	switch {
	case f == nil:
		f = top
	case f != top:
		s.In = n.Short(n.calledBy(g, f).Func)
	}
	if f != nil {
		s.Func = n.Short(f.Func)
		s.File, s.Line = n.Exe.Line(callSite(f))
		s.File = filepath.Base(s.File)
		s.Runtime = s.Runtime || isRuntime(f.Func)
	}
	return s
}

// module is the path of this module.
const module = "github.com/weakref-go/weakref"

// ofModule says whether a function is of the packages of this module that upkeep runs
// through.
func ofModule(fn string) bool {
	rest, ok := strings.CutPrefix(fn, module)
	return ok && slices.ContainsFunc([]string{".", "/internal/", "/cache.", "/event.", "/tree.", "/rc."}, func(p string) bool {
		return strings.HasPrefix(rest, p)
	})
}

// isUpkeep says whether a function is one with which this module begins goroutines that
// look after containers.
func isUpkeep(fn string) bool {
	return strings.HasPrefix(fn, module+"/internal/gcclock.") || strings.HasPrefix(fn, module+"/internal/callback.")
}

// isOwn says whether a goroutine is none of the program's: the runtime has started it, or
// it does this module's upkeep. One that is in a call of the program's code is the
// program's, whoever has started it.
func (n *Namer) isOwn(g *record.Goroutine) bool {
	if g.System {
		return true
	}
	own := false
	for i := range g.Frames {
		fn := g.Frames[i].Func
		own = own || isUpkeep(fn)
		if !ofModule(fn) && !n.standard(fn) {
			return false
		}
	}
	return own
}
