package gcclock

import (
	"runtime"
	"testing"
)

func TestSignals(t *testing.T) {
	const marked, swept, late, many = 0, 1, 2, 3 // many: marked, and 20 cleanups have been queued
	for name, test := range map[string]struct {
		events []int
		runs   []bool // at each end of marking
	}{
		"one after the other":      {[]int{marked, swept, marked, swept, marked}, []bool{false, false, false}},
		"swept does not come":      {[]int{marked, swept, marked, marked, marked}, []bool{false, false, true, true}},
		"swept comes a cycle late": {[]int{marked, marked, late, marked}, []bool{false, true, true}},
		"many cleanups":            {[]int{marked, swept, many, swept, marked}, []bool{false, true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			s := signals{inTime: true}
			queued := uint64(0)
			var runs []bool
			for _, e := range test.events {
				switch e {
				case swept:
					s.swept(s.cycle - 1)
				case late:
					s.swept(s.cycle - 2)
				case many:
					queued += fewCleanups
					fallthrough
				case marked:
					runs = append(runs, s.marked(queued))
				}
			}
			for i := range runs {
				if runs[i] != test.runs[i] {
					t.Errorf("upkeep at the ends of marking: %v, want %v", runs, test.runs)
					break
				}
			}
		})
	}
}

func TestCleanupsAreCounted(t *testing.T) {
	before := cleanupsQueued()
	for range 100 {
		runtime.AddCleanup(new([4]*int), func(int) {}, 0)
	}
	runtime.GC()
	if n := cleanupsQueued() - before; n < 99 {
		t.Errorf("%d cleanups have been queued, want some 100", n)
	}
}
