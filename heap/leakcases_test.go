package heap_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/heap/internal/test/dumptest"
)

// leakCase is a case as the program in internal/test/leakcases prints it.
type leakCase struct {
	Name, Want string
	Address    uint64
	Answer     *heap.Answer
	Text       string
}

const leakDir = "internal/test/leakcases"

func buildLeaks(t testing.TB, flags ...string) (exe string) {
	t.Helper()
	exe = filepath.Join(t.TempDir(), "leakcases")
	cmd := exec.Command("go", append(append([]string{"build", "-o", exe}, flags...), "./"+leakDir)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return exe
}

func runLeaks(t testing.TB, exe string, args ...string) []leakCase {
	t.Helper()
	cmd := exec.Command(exe, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	var cases []leakCase
	if err := json.Unmarshal(out, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 130 {
		t.Fatalf("only %d cases", len(cases))
	}
	return cases
}

// toldByFrame is the cases whose last step is told by the words beside it in the frame. Frames
// have been looked at on 64-bit processors; elsewhere the goroutine, function and line must do.
var toldByFrame = map[string]bool{
	"open-coded defer":              true,
	"captured by a deferred func":   true,
	"entry of a map in a frame":     true,
	"field of a struct in a frame":  true,
	"element of a slice in a frame": true,
}

func checkPaths(t *testing.T, cases []leakCase) {
	t.Helper()
	lines, err := dumptest.Lines(leakDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		want := dumptest.WantedPath(c.Want, lines)
		if runtime.GOARCH == "386" && toldByFrame[c.Name] {
			want, _, _ = strings.Cut(want, ") ")
			c.Text, _, _ = strings.Cut(c.Text, ") ")
		}
		if !dumptest.SamePath(c.Text, want) {
			t.Errorf("%s:\n got %s\nwant %s", c.Name, c.Text, want)
		}
		if (c.Want == "") != (c.Answer == nil || c.Answer.Collected) {
			t.Errorf("%s: collected %v", c.Name, c.Want != "")
		}
	}
}

// Every way to hold an object is explained by name, in the process and by a
// forked copy.
func TestLeakCases(t *testing.T) {
	exe := buildLeaks(t)
	t.Run("InProcess", func(t *testing.T) { checkPaths(t, runLeaks(t, exe)) })
	t.Run("Fork", func(t *testing.T) {
		if !heap.CanFork {
			t.Skip("not on this system")
		}
		checkPaths(t, withoutCleanups(runLeaks(t, exe, "fork")))
	})
}

// withoutCleanups leaves out the case for which the collector has to be switched
// off.
func withoutCleanups(cases []leakCase) (rest []leakCase) {
	for _, c := range cases {
		if c.Name != "below an object that its cleanup holds" {
			rest = append(rest, c)
		}
	}
	return rest
}

// A stripped program is explained by the same roots: kind, function and line.
func TestLeakCasesStripped(t *testing.T) {
	named := runLeaks(t, buildLeaks(t))
	for _, flags := range [][]string{{"-ldflags=-s -w"}, {"-ldflags=-w"}, {"-buildmode=pie", "-ldflags=-s -w"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			switch pie, first := flags[0] == "-buildmode=pie", flags[0] == "-ldflags=-s -w"; {
			case !first && os.Getenv("WEAKREF_LONG") == "":
				t.Skip("takes long; .ci/run runs it, with WEAKREF_LONG=1")
			case pie && runtime.GOARCH == "386":
				t.Skip("needs external linking")
			}
			for _, c := range runLeaks(t, buildLeaks(t, flags...)) {
				i := slices.IndexFunc(named, func(n leakCase) bool { return n.Name == c.Name })
				checkRoot(t, c, named[i])
			}
		})
	}
}

func checkRoot(t *testing.T, got, want leakCase) {
	t.Helper()
	if got.Answer.Collected != want.Answer.Collected {
		t.Errorf("%s: collected %v", got.Name, got.Answer.Collected)
	}
	if want.Answer.Collected || got.Answer.Collected {
		return
	}
	g, w := got.Answer.Paths[0].Root, want.Answer.Paths[0].Root
	if w.WaitReason == "runnable" {
		g.Line = w.Line // it goes round and round
	}
	if g.Kind != w.Kind || g.Func != w.Func || filepath.Base(g.File) != filepath.Base(w.File) || g.Line != w.Line {
		t.Errorf("%s:\n got root %s %s %s:%d in %s\nwant root %s %s %s:%d in %s", got.Name,
			g.Kind, g.Func, filepath.Base(g.File), g.Line, got.Text, w.Kind, w.Func, filepath.Base(w.File), w.Line, want.Text)
	}
}

// A copy of a program with goroutines of all kinds dumps exactly the objects that
// the runtime counts.
func TestLeakCasesCompleteInCopy(t *testing.T) {
	if !heap.CanFork {
		t.Skip("not on this system")
	}
	exe, dump := buildLeaks(t), filepath.Join(t.TempDir(), "dump")
	n := 10
	if testing.Short() {
		n = 3
	}
	for range n {
		runLeaks(t, exe, "dump", dump, "fork")
		d, err := heap.Open(dump, exe)
		if err != nil {
			t.Fatal(err)
		}
		if info := d.Info(); uint64(info.Reached.Objects+info.Unreached) != info.HeapObjects {
			t.Errorf("%+v", info)
		}
		d.Close()
	}
}

// Generic code knows the shapes of its types only. What has one is of the type that another
// reference tells.
func TestTypesBehindShapes(t *testing.T) {
	exe, dump := buildLeaks(t), filepath.Join(t.TempDir(), "dump")
	runLeaks(t, exe, "dump", dump)
	d, err := heap.Open(dump, exe)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	objects := map[string]int{}
	for _, typ := range d.Types() {
		objects[typ.Name] = typ.Objects
	}
	for _, name := range []string{"main.shapedItem", "main.shapedEntry[*main.shapedItem]"} {
		if objects[name] != 50 {
			t.Errorf("%d of %s, not 50", objects[name], name)
		}
	}
	if objects["uint8"] > 0 {
		t.Errorf("%d pointers of which only the shape is known have been followed as such", objects["uint8"])
	}
}

// The dump of a stripped program, read with an executable that is not.
func TestLeakCasesOffline(t *testing.T) {
	exe, stripped := buildLeaks(t), buildLeaks(t, "-ldflags=-s -w")
	for _, writer := range []string{exe, stripped} {
		dump := filepath.Join(t.TempDir(), "dump")
		cases := runLeaks(t, writer, "dump", dump)
		d, err := heap.Open(dump, exe)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if info := d.Info(); info.Names != heap.NamesFull || uint64(info.Reached.Objects+info.Unreached) != info.HeapObjects {
			t.Errorf("%+v", info)
		}
		var rest []leakCase
		for _, c := range cases {
			if o, ok := d.Find(c.Address); ok {
				c.Answer = d.Answer(o, 3)
				c.Text = c.Answer.Paths[0].String()
			}
			// A dump has no cleanups, and the constants of another build are
			// elsewhere.
			if !strings.HasPrefix(c.Want, "cleanup") && !(writer == stripped && strings.Contains(c.Want, `["`)) {
				rest = append(rest, c)
			}
		}
		checkPaths(t, rest)
	}
}
