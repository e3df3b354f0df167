package exe

import (
	"iter"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// slides are the differences between addresses of a dump and of a file, for each
// part of the program.
//
// If the file wrote the dump, all are the same: what was added when the program
// was loaded. If it is another build of the same sources, they may differ a
// little, because the linker flags are recorded in the program itself.
type slides struct{ data, text, types uint64 }

func (s slides) same() bool { return s.text == s.data && s.types == s.data }

// match finds the slides, and out whether the file belongs to the dump at all:
// the functions of its goroutines must be where the file has them.
func (f *File) match(d *record.Dump, data uint64) error {
	text, ok := f.textSlide(d, data)
	if !ok {
		return errNoMatch
	}
	f.slide = slides{data: data, text: text, types: f.typesSlide(d, data, text)}
	return nil
}

// textSlide compares the functions that are on stacks. Nearly all must agree.
func (f *File) textSlide(d *record.Dump, data uint64) (slide uint64, ok bool) {
	entries := map[string]uint64{}
	for _, g := range d.Goroutines {
		for _, frame := range g.Frames {
			entries[frame.Func] = frame.Entry
		}
	}
	if len(entries) == 0 || f.funcs == nil {
		return data, true
	}
	votes := map[uint64]int{}
	for i := range f.funcs.Len() {
		if entry, ok := entries[f.funcs.Name(i)]; ok {
			votes[entry-f.funcs.Entry(i)]++
		}
	}
	best, _ := most(votes)
	return best, 10*votes[best] >= 9*len(entries)
}

// typesSlide compares the types that the dump names. The descriptors lie behind
// the read-only data in some versions of Go, and among the data in others.
func (f *File) typesSlide(d *record.Dump, data, text uint64) uint64 {
	best, bestVotes := data, -1
	for slide := range f.candidates(d, data, text) {
		votes := 0
		for addr, t := range d.Types {
			if f.isNamed(addr-slide, t) {
				votes++
			}
		}
		if votes > bestVotes {
			best, bestVotes = slide, votes
		}
		if 10*votes >= 9*len(d.Types) {
			break
		}
	}
	return best
}

// candidates are the slides that may be those of the types.
func (f *File) candidates(d *record.Dump, data, text uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		if !yield(data) || !yield(text) || f.debug == nil {
			return
		}
		votes := map[uint64]int{}
		for addr, t := range d.Types {
			if at, ok := f.debug.descriptor(t.Name); ok {
				votes[addr-at]++
			}
		}
		if best, ok := most(votes); ok {
			yield(best)
		}
	}
}

// isNamed says whether the descriptor at an address of the file is that of t.
// The dump has the full import path where the descriptor has the last element.
func (f *File) isNamed(addr uint64, t record.Type) bool {
	rt := f.rtypes.at(addr)
	if rt == nil || rt.Size != t.Size {
		return false
	}
	_, last, _ := strings.Cut(rt.Name, ".")
	return t.Name == rt.Name || last != "" && strings.HasSuffix(t.Name, "."+last)
}

// most returns the key with the most votes, the smallest of several.
func most(votes map[uint64]int) (best uint64, ok bool) {
	for v, n := range votes {
		if !ok || n > votes[best] || n == votes[best] && v < best {
			best, ok = v, true
		}
	}
	return best, ok
}
