package demo

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"sync"
	"testing"
)

// forEach runs a test for each strategy.
func forEach(t *testing.T, test func(t *testing.T, k kind)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { test(t, k) })
	}
}

// TestAskedAtTheSameTime has many ask for one file. It is parsed once, so that what
// the strategies differ in is not how they race.
func TestAskedAtTheSameTime(t *testing.T) {
	forEach(t, func(t *testing.T, k kind) {
		var trees census
		st := k.new(trees.counting(files(50, 1).parse), 100)
		for i := range 50 {
			path := fmt.Sprintf("p%d/f0.go", i)
			got := make([]*Tree, 8)
			var wg sync.WaitGroup
			for i := range got {
				wg.Go(func() { got[i], _ = st.Get(t.Context(), path) })
			}
			wg.Wait()
			for _, tree := range got {
				if tree == nil || tree != got[0] || tree.Path != path {
					t.Fatalf("one got %v, another %v", tree, got[0])
				}
			}
			if parses, _, _ := trees.count(); parses != i+1 {
				t.Fatalf("%d files took %d parses", i+1, parses)
			}
			runtime.KeepAlive(got)
		}
	})
}

func TestErrorsAreNotKept(t *testing.T) {
	forEach(t, func(t *testing.T, k kind) {
		fail := true
		st := k.new(func(_ context.Context, path string) (*Tree, error) {
			if fail {
				return nil, fs.ErrPermission
			}
			return &Tree{Path: path}, nil
		}, 10)
		if tree, err := st.Get(t.Context(), "x"); tree != nil || err != fs.ErrPermission {
			t.Errorf("%v, %v", tree, err)
		}
		if st.Len() != 0 {
			t.Error("an error has left an entry")
		}
		fail = false
		if tree, err := st.Get(t.Context(), "x"); tree == nil || err != nil {
			t.Errorf("%v, %v", tree, err)
		}
	})
}

// TestWhatIsHeldIsFoundAgain holds a tree while a hundred others are asked for.
func TestWhatIsHeldIsFoundAgain(t *testing.T) {
	forEach(t, func(t *testing.T, k kind) {
		st := k.new(files(101, 1).parse, 10)
		held, _ := st.Get(t.Context(), "p0/f0.go")
		for i := range 100 {
			if _, err := st.Get(t.Context(), fmt.Sprintf("p%d/f0.go", i+1)); err != nil {
				t.Fatal(err)
			}
		}
		again, err := st.Get(t.Context(), "p0/f0.go")
		if err != nil {
			t.Fatal(err)
		}
		if evicts := k.name == "lru"; (again != held) != evicts {
			t.Errorf("another tree: %v", again != held)
		}
		switch n := st.Len(); {
		case k.name == "map" && n != 101, k.name == "lru" && n != 10:
			t.Errorf("%d entries", n)
		}
		runtime.KeepAlive(held)
	})
}
