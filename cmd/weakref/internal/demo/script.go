package demo

import (
	"math/rand/v2"
	"slices"
)

// The life of an editor. See docs/demo.md.
const (
	tabs       = 24  // how many files an editor has open at most
	leastOpens = 3   // an editor opens so many files each round,
	mostOpens  = 8   // to so many,
	visits     = 2   // and so many that others have open
	staying    = 0.7 // how likely an editor stays in its folder for another round
	nearby     = 0.7 // how likely it opens a file of that folder, and not of any
	skew       = 1.1 // of Zipf's law, by which folders are popular,
	head       = 20  // and how many of them are about equally so
)

// script is what each editor asks for, and when it lets go. It depends on files,
// number of editors, number of rounds and seed alone, not on who plays it.
//
// It is made as it is read, so a long one takes no more memory than a short one.
type script struct {
	rng     *rand.Rand
	popular *rand.Zipf // index into folders
	folders []folder
	editors []planned
	round   int
	rounds  int
}

// planned is an editor as the script knows it.
type planned struct {
	in   folder
	open []request
}

// request asks for a file, which is then held until the end of a round.
type request struct {
	path  string
	until int
}

// round is what happens in a round. First all editors open files, then all ask for
// files that others have open, then all let go of what they hold until this round.
type round struct {
	number int
	opens  [][]request // by editor
	visits [][]request // by editor
}

func newScript(folders []folder, editors, rounds int, seed uint64) *script {
	rng := newRand(seed, "script")
	s := &script{
		rng:     rng,
		popular: rand.NewZipf(rng, skew, head, uint64(len(folders)-1)),
		folders: folders,
		editors: make([]planned, editors),
		rounds:  rounds,
	}
	for i := range s.editors {
		s.editors[i].in = s.anyFolder()
	}
	return s
}

// next returns the next round, and false after the last.
func (s *script) next() (round, bool) {
	if s.round == s.rounds {
		return round{}, false
	}
	r := round{number: s.round}
	for i := range s.editors {
		r.opens = append(r.opens, s.open(&s.editors[i], s.choose(i)))
	}
	wanted := make([][]string, len(s.editors))
	for i := range s.editors {
		wanted[i] = s.chooseOfOthers(i)
	}
	for i := range s.editors {
		r.visits = append(r.visits, s.open(&s.editors[i], wanted[i]))
	}
	for i := range s.editors {
		e := &s.editors[i]
		e.open = slices.DeleteFunc(e.open, func(q request) bool { return q.until == s.round })
	}
	s.round++
	return r, true
}

// choose returns the files that an editor would open next.
func (s *script) choose(editor int) []string {
	e := &s.editors[editor]
	if s.rng.Float64() > staying {
		e.in = s.anyFolder()
	}
	paths := make([]string, leastOpens+s.rng.IntN(mostOpens-leastOpens+1))
	for i := range paths {
		from := e.in
		if s.rng.Float64() > nearby {
			from = s.anyFolder()
		}
		paths[i] = from[s.rng.IntN(len(from))]
	}
	return paths
}

// chooseOfOthers returns files that other editors have open.
func (s *script) chooseOfOthers(editor int) []string {
	var paths []string
	for range visits {
		other := s.rng.IntN(len(s.editors))
		if open := s.editors[other].open; other != editor && len(open) > 0 {
			paths = append(paths, open[s.rng.IntN(len(open))].path)
		}
	}
	return paths
}

// open opens files in an editor, but for those that it has open already, and those
// for which it has no room, and returns the requests that this takes.
func (s *script) open(e *planned, paths []string) []request {
	before := len(e.open)
	for _, path := range paths {
		has := slices.ContainsFunc(e.open, func(q request) bool { return q.path == path })
		if !has && len(e.open) < tabs {
			e.open = append(e.open, request{path, s.round + s.stay()})
		}
	}
	return slices.Clone(e.open[before:])
}

// stay returns for how many more rounds a file is held: most for none, some for a
// few, and one in ten for long.
func (s *script) stay() int {
	switch p := s.rng.Float64(); {
	case p < 0.6:
		return 0
	case p < 0.9:
		return 1 + s.rng.IntN(3)
	}
	return 8 + s.rng.IntN(8)
}

func (s *script) anyFolder() folder { return s.folders[s.popular.Uint64()] }
