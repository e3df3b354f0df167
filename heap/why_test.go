package heap_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
)

type user struct {
	name string
	_    *user
}

type session struct {
	user *user
	_    [4]int
}

var registry = map[string]*session{}

func why(t *testing.T, r weakref.Ref[user]) *heap.Answer {
	t.Helper()
	a, err := heap.Why(r)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWhy(t *testing.T) {
	r := func() weakref.Ref[user] {
		registry["alice"] = &session{user: &user{name: "x"}}
		return weakref.Make(registry["alice"].user)
	}()
	a := why(t, r)
	if a.Collected || a.Object.Type != "heap_test.user" || len(a.Paths) == 0 || a.Paths[0].Root.Kind != heap.RootGlobal || a.Retained.Objects != 1 {
		t.Errorf("%+v\n%v", a, a)
	}
	if steps := a.Paths[0].Steps; !steps[len(steps)-1].Only {
		t.Errorf("the last reference is not marked:\n%s", a.Detail())
	}
	delete(registry, "alice")
	if a := why(t, r); !a.Collected || a.String() != "the object has been collected" {
		t.Errorf("after it was let go of: %v", a)
	}
}

// What a cleanup holds is found in the process.
func TestWhyCleanup(t *testing.T) {
	type arg struct {
		p *user
		_ *int
	}
	r := func() weakref.Ref[user] {
		u := &user{name: "held by its cleanup"}
		runtime.AddCleanup(u, func(arg) {}, arg{p: u})
		return weakref.Make(u)
	}()
	a := why(t, r)
	if a.Collected || len(a.Paths) == 0 || a.Paths[0].Root.Kind != heap.RootCleanup || !strings.Contains(a.String(), "cleanup heap_test.TestWhyCleanup") {
		t.Errorf("%v", a)
	}
}

// Several targets are explained from one dump, each by itself.
func TestExplainSeveral(t *testing.T) {
	held := &user{name: "held"}
	gone := func() heap.Target { return heap.TargetOf(weakref.Make(&user{name: "gone"})) }()
	answers, err := new(heap.Explainer).Explain(gone, heap.TargetOf(weakref.Make(held)), gone)
	if err != nil {
		t.Fatal(err)
	}
	if len(answers) != 3 || !answers[0].Collected || answers[1].Collected || !answers[2].Collected {
		t.Errorf("%v", answers)
	}
	runtime.KeepAlive(held)
}

// A dump of a file that nobody else can read, and that is not there any more.
func TestTempFile(t *testing.T) {
	dir := t.TempDir()
	held := &user{name: "held"}
	seen := false
	e := heap.Explainer{Dir: dir, Progress: func(string, float64) {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		seen = true
		if err != nil || len(files) != 0 && runtime.GOOS != "windows" {
			t.Errorf("in the directory there is %v, %v", files, err)
		}
	}}
	if _, err := e.Explain(heap.TargetOf(weakref.Make(held))); err != nil || !seen {
		t.Errorf("error %v, progress %v", err, seen)
	}
	runtime.KeepAlive(held)
	e.Dir = filepath.Join(dir, "nowhere")
	if _, err := e.Dump(); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("without a directory: %v", err)
	}
}

// A dump that is not the program's own is refused with an executable that does not
// belong to it.
func TestForeignExecutable(t *testing.T) {
	dump := filepath.Join(t.TempDir(), "dump")
	f, err := os.Create(dump)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := heap.Snapshot(f, heap.InProcess); err != nil {
		t.Fatal(err)
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no other executable at hand")
	}
	if d, err := heap.Open(dump, goTool); err == nil {
		d.Close()
		t.Error("the dump of this test was opened with the executable of go")
	}
}
