package demo

import (
	"reflect"
	"slices"
	"testing"
)

func rounds(s *script) []round {
	var all []round
	for {
		r, ok := s.next()
		if !ok {
			return all
		}
		all = append(all, r)
	}
}

func TestScriptDependsOnTheSeed(t *testing.T) {
	w := toDo(t, files(20, 10), 5, 30, 1)
	first := rounds(newScript(w.folders, 5, 30, 1))
	if !reflect.DeepEqual(first, rounds(newScript(w.folders, 5, 30, 1))) {
		t.Error("the same seed gave another script")
	}
	if reflect.DeepEqual(first, rounds(newScript(w.folders, 5, 30, 2))) {
		t.Error("another seed gave the same script")
	}
}

// TestScriptIsTheLifeOfEditors plays a script on paper and checks each request.
func TestScriptIsTheLifeOfEditors(t *testing.T) {
	const editors, rounds = 6, 300
	w := toDo(t, files(100, 10), editors, rounds, 7)
	s := newScript(w.folders, editors, rounds, 7)
	open := make([]map[string]int, editors) // path to the round at whose end it is let go
	for i := range open {
		open[i] = make(map[string]int)
	}
	visited, long, most := 0, 0, 0
	ask := func(number, editor int, q request) {
		if _, has := open[editor][q.path]; has {
			t.Fatalf("editor %d asks for %s, which it holds", editor, q.path)
		}
		if q.until < number {
			t.Fatalf("in round %d, a file is to be held until round %d", number, q.until)
		}
		open[editor][q.path] = q.until
		most = max(most, len(open[editor]))
	}
	for number := range rounds {
		r, ok := s.next()
		if !ok || r.number != number {
			t.Fatalf("round %d is %d, %v", number, r.number, ok)
		}
		for i := range open {
			for _, q := range r.opens[i] {
				ask(number, i, q)
			}
		}
		opened := make([][]string, editors) // before any visit
		for i := range open {
			for path := range open[i] {
				opened[i] = append(opened[i], path)
			}
		}
		for i := range open {
			for _, q := range r.visits[i] {
				visited++
				if !slices.ContainsFunc(opened, func(paths []string) bool { return slices.Contains(paths, q.path) }) {
					t.Fatalf("editor %d visits %s, which nobody has open", i, q.path)
				}
				ask(number, i, q)
			}
		}
		for i := range open {
			for path, until := range open[i] {
				if until == number {
					delete(open[i], path)
				} else if until > number+5 {
					long++
				}
			}
		}
	}
	if _, ok := s.next(); ok {
		t.Error("there is a round after the last")
	}
	if visited == 0 || long == 0 {
		t.Errorf("%d visits, %d held for long", visited, long)
	}
	if most != tabs {
		t.Errorf("an editor has up to %d files open, want %d", most, tabs)
	}
}

func TestScriptOfLittle(t *testing.T) {
	w := toDo(t, files(1, 1), 1, 20, 1)
	n := 0
	for _, r := range rounds(newScript(w.folders, 1, 20, 1)) {
		n += len(r.opens[0])
		if len(r.visits[0]) > 0 {
			t.Error("an editor that is alone visits another")
		}
	}
	if n == 0 {
		t.Error("nothing is asked for")
	}
}
