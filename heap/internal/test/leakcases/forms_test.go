//go:build !race && !386

// With the race detector, and where there are few registers, other words are in the frames
// than in the builds that these tests are about.

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/heap/internal/test/dumptest"
	"github.com/weakref-go/weakref/internal/relink"
)

// Every way to hold an object has its names in a plain "go test", which links without
// them: package weaktest asks in the same way when a test fails.
func TestNamesInPlainTest(t *testing.T) {
	setup()
	targets := make([]heap.Target, len(cases))
	for i, c := range cases {
		targets[i] = c.target
	}
	relink.Patience = 10 * time.Minute // on a busy machine
	binary := relink.Binary()
	if binary == "" {
		t.Fatal("the test was not linked with names")
	}
	answers, err := (&heap.Explainer{Binary: binary}).Explain(targets...)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := dumptest.Lines(".")
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if !a.Collected && a.Names != heap.NamesFull {
			t.Fatalf("%s: names: %v; %s", cases[i].Name, a.Names, a.Hint)
		}
		got, want := "", dumptest.WantedPath(cases[i].Want, lines)
		if len(a.Paths) > 0 {
			got = inProgram(a.Paths[0].String())
		}
		if !dumptest.SamePath(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", cases[i].Name, got, want)
		}
	}
}

// inProgram is a path as it reads in the program. In a test, its package has another name
// than main, but for the descriptors of types.
func inProgram(path string) string { return strings.ReplaceAll(path, "leakcases.", "main.") }

type bulk struct {
	part *part
	back *bulk
}

type part struct{ _ [4]int }

var bulks []*bulk

// What an object is and how it is held does not depend on how many there are: when there
// are many, they are looked at in another order.
func TestManyObjects(t *testing.T) {
	const objects = 1 << 16
	bulks = make([]*bulk, objects)
	defer func() { bulks = nil }()
	for i := range bulks {
		bulks[i] = &bulk{part: new(part)}
	}
	for i := range bulks {
		// Not in the slice, and reached from the end of the list only.
		bulks[i].back = &bulk{back: &bulk{part: new(part)}}
	}
	relink.Patience = 10 * time.Minute
	d, err := (&heap.Explainer{Binary: relink.Binary()}).Dump()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	types := map[string]int{}
	for _, typ := range d.Types() {
		types[inProgram(typ.Name)] += typ.Objects
	}
	held := map[string]int{}
	for _, h := range d.Holdings() {
		held[inProgram(h.Path)] += h.Objects
	}
	for what, n := range map[string][2]int{
		"main.bulk": {types["main.bulk"], 3 * objects},
		"main.part": {types["main.part"], 2 * objects},
		"the slice": {held["main.bulks[]"], objects},
		"its parts": {held["main.bulks[].part"], objects},
		"the lists": {held["main.bulks[].back"], 2 * objects}, // a node that repeats
		"of lists":  {held["main.bulks[].back.part"], objects},
	} {
		if n[0] != n[1] {
			t.Errorf("%s: %d objects, want %d", what, n[0], n[1])
		}
	}
}
