package why

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
)

// fixture is a program that can be asked about and two dumps of it.
type fixture struct{ exe, older, newer string }

var (
	makeFixture sync.Once
	theFixture  fixture
	fixtureErr  error
	fixtureDir  string
)

func TestMain(m *testing.M) {
	code := m.Run()
	if fixtureDir != "" {
		os.RemoveAll(fixtureDir)
	}
	os.Exit(code)
}

func app(t testing.TB) fixture {
	t.Helper()
	makeFixture.Do(func() { fixtureErr = buildFixture() })
	if fixtureErr != nil {
		t.Fatal(fixtureErr)
	}
	return theFixture
}

func buildFixture() (err error) {
	if fixtureDir, err = os.MkdirTemp("", "why-test"); err != nil {
		return err
	}
	in := func(name string) string { return filepath.Join(fixtureDir, name) }
	theFixture = fixture{in("app.exe"), in("older"), in("newer")}
	if out, err := exec.Command("go", "build", "-o", theFixture.exe, "./testdata/app").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	out, err := exec.Command(theFixture.exe, theFixture.older, theFixture.newer).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// run runs the command.
func run(args ...string) (string, error) {
	c := Command()
	var out bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&out)
	c.SilenceUsage = true
	c.SetArgs(args)
	err := c.Execute()
	return out.String(), err
}

// ask runs the command with the names of the program.
func ask(t testing.TB, args ...string) string {
	t.Helper()
	out, err := run(append(args, "-b", app(t).exe)...)
	if err != nil {
		t.Fatalf("weakref why %q: %v\n%s", args, err, out)
	}
	return out
}

var addressRE = regexp.MustCompile(`0x[0-9a-f]{6,}`)

func TestQueries(t *testing.T) {
	f := app(t)
	list := addressRE.FindString(ask(t, f.newer, "path", "[]main.Listener", "-n", "1"))
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{f.newer}, []string{"objects of", "without a root", "[]uint8"}},
		{[]string{f.newer, "info"}, []string{"objects of"}},
		{[]string{f.newer, "path", "main.Session"}, []string{`["user-`, "held as main.sessions[]"}},
		{[]string{f.newer, "path", "*main.Session", "-n", "1"}, []string{"ways more; raise -n"}},
		{[]string{f.newer, "path", "*example.com/service/main.Session"}, []string{`["user-`, "held as main.sessions[]"}},
		{[]string{f.newer, "path", "main.User"}, []string{"✂"}},
		{[]string{f.newer, "path", "Listen"}, []string{"main.listeners"}},
		{[]string{f.newer, "path", list}, []string{"[]main.Listener at " + list, "main.listeners (global)"}},
		{[]string{f.newer, "top"}, []string{"20   ", "main.Session"}},
		{[]string{f.newer, "top", "--by", "bytes", "-n", "2"}, []string{"[]uint8", "more; raise -n"}},
		{[]string{f.newer, "holders"}, []string{"main.sessions[].buf ([]uint8; 0x"}},
		{[]string{f.newer, "holders", list}, []string{"is referred to by", "main.listeners"}},
		{[]string{f.newer, "dominators"}, []string{"metrics"}},
		{[]string{f.newer, "dominators", list}, []string{"main.listeners\n"}},
		{[]string{f.newer, "goroutines"}, []string{"goroutines   frames", "[chan receive] main.blocked.func1 (main.go:", "started by main.blocked (main.go:"}},
		{[]string{f.newer, "holders", "-n", "1000"}, []string{"the runtime's own; --runtime shows them"}},
		{[]string{f.newer, "holders", "-n", "1000", "--runtime"}, []string{"runtime.p (runtime.p"}},
		{[]string{f.newer, "unrooted", "-n", "1000"}, []string{"only a cleanup"}},
		{[]string{"diff", f.older, f.newer}, []string{"+", "main.sessions[].buf ([]uint8)", "such as"}},
		{[]string{"diff", f.older, f.newer}, []string{"+10 goroutines [chan receive] main.blocked.func1 (main.go:"}},
		{[]string{"diff", f.newer, f.newer}, []string{"nothing has changed"}},
	} {
		out := ask(t, tt.args...)
		for _, w := range tt.want {
			if !strings.Contains(out, w) {
				t.Errorf("%q printed\n%s\nwithout %q", tt.args, out, w)
			}
		}
	}
}

// Every query that can be asked prints JSON that can be read.
func TestJSON(t *testing.T) {
	f := app(t)
	for name, q := range queries {
		args := []string{f.newer, name, "--json"}
		if q.least > 0 {
			args = append(args, "main.Session")
		}
		if out := ask(t, args...); !json.Valid([]byte(out)) || len(out) < 10 {
			t.Errorf("%q printed %s", args, out)
		}
	}
	var groups []pathGroup
	if err := json.Unmarshal([]byte(ask(t, f.newer, "path", "main.Session", "--json")), &groups); err != nil {
		t.Fatal(err)
	}
	a := groups[0].Answer
	if groups[0].Holding.Objects == 0 || a.Names != heap.NamesFull || a.Paths[0].Root.Name != "main.sessions" {
		t.Errorf("%+v, %+v", groups[0].Holding, a)
	}
}

var dotLineRE = regexp.MustCompile(`^\t("(\\.|[^"\\])*"( -> "(\\.|[^"\\])*")?|node|edge) \[.*\]$`)

func TestDot(t *testing.T) {
	f := app(t)
	list := addressRE.FindString(ask(t, f.newer, "path", "[]main.Listener", "-n", "1"))
	for _, args := range [][]string{{"path", "main.User"}, {"path", "main.Listener"}, {"holders", list}, {"dominators"}, {"dominators", list}} {
		lines := strings.Split(strings.TrimSpace(ask(t, append(append([]string{f.newer}, args...), "--dot")...)), "\n")
		if n := len(lines); n < 5 || lines[0] != "digraph heap {" || lines[n-1] != "}" {
			t.Fatalf("%q printed %q", args, lines)
		}
		for _, l := range lines[1 : len(lines)-1] {
			if !dotLineRE.MatchString(l) {
				t.Errorf("%q printed %s", args, l)
			}
		}
	}
}

// The profile has all bytes that roots lead to, and what holds them.
func TestProfile(t *testing.T) {
	f := app(t)
	file := filepath.Join(t.TempDir(), "p")
	if out := ask(t, f.newer, "--pprof", file); !strings.HasPrefix(out, file+": a profile") {
		t.Errorf("printed %s", out)
	}
	r, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := profile.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	d, err := heap.Open(f.newer, f.exe)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var objects, space, sessions int64
	for _, s := range p.Sample {
		objects += s.Value[0]
		space += s.Value[1]
		if outermost := s.Location[len(s.Location)-1]; strings.HasPrefix(outermost.Line[0].Function.Name, "main.sessions") {
			sessions += s.Value[1]
		}
	}
	// The dominator tree leaves out what only stale words lead to.
	info := d.Info()
	if n := int64(info.Reached.Objects); objects > n || objects < n-int64(info.Stale) || space > int64(info.Reached.Bytes) {
		t.Errorf("%d objects of %d bytes, want those of %+v", objects, space, info)
	}
	if sessions < 10*10_000 {
		t.Errorf("main.sessions retains %d bytes", sessions)
	}
}

// The page needs nothing from elsewhere, and runs nothing that was in the heap.
func TestPage(t *testing.T) {
	f := app(t)
	file := filepath.Join(t.TempDir(), "page.html")
	ask(t, f.newer, "--html", file, "path", "main.User", "-n", "100")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, w := range []string{"main.sessions", "is alive", "alert(1)", "main.Session", `<template class="to-node"><div class="path"><div class="box root">`} {
		if !strings.Contains(page, w) {
			t.Errorf("the page does not have %q", w)
		}
	}
	if n := strings.Count(page, "</script>"); n != 1 {
		t.Errorf("%d ends of scripts", n)
	}
	for _, w := range []string{"http:", "https:", "src=", "@import", "url("} {
		if strings.Contains(page, w) {
			t.Errorf("the page has %q", w)
		}
	}
	if fi, err := os.Stat(file); err != nil || fi.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
}

// What is wrong is said, and what to do.
func TestErrors(t *testing.T) {
	f := app(t)
	torn := filepath.Join(t.TempDir(), "torn")
	b, err := os.ReadFile(f.newer)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(torn, b[:len(b)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "which dump?"},
		{[]string{f.newer, "pth", "x"}, `no query "pth"; there are dominators, goroutines, holders`},
		{[]string{f.newer, "path"}, "takes an address or a type"},
		{[]string{f.newer, "top", "x"}, "takes no argument"},
		{[]string{"diff", f.newer}, "two dumps"},
		{[]string{"/nowhere"}, "/nowhere"},
		{[]string{torn}, "record"},
		{[]string{f.exe}, "not a heap dump"},
		{[]string{f.newer, "path", "0x1"}, "no object at 0x1"},
		{[]string{f.newer, "path", "0xyz"}, "no address"},
		{[]string{f.newer, "path", "main.Nothing"}, `no root leads to an object of a type like "main.Nothing"`},
		{[]string{f.newer, "top", "--by", "colour"}, "--by is"},
		{[]string{f.newer, "top", "--dot"}, "--dot is for"},
		{[]string{f.newer, "-b", f.newer}, "newer"},
		{[]string{f.newer, "-b", os.Args[0]}, ""},
		{[]string{f.newer, "--html", "/nowhere/p.html"}, "/nowhere/p.html"},
	} {
		out, err := run(tt.args...)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %v, want %q\n%s", tt.args, err, tt.want, out)
		}
	}
}

// Without an executable there is a hint, and the best that is left.
func TestWithoutNames(t *testing.T) {
	f := app(t)
	for _, args := range [][]string{{f.newer}, {f.newer, "holders"}, {f.newer, "dominators"}, {f.newer, "top"}} {
		out, err := run(args...)
		if err != nil || len(args) == 1 && !strings.Contains(out, "for names, give the executable") {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 9949: "9.9 kB", 9950: "10 kB",
		999_499: "999 kB", 999_500: "1.0 MB", 1 << 40: "1.1 TB", 1<<64 - 1: "18 EB"} {
		if got := drawn.Bytes(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", -1000: "-1 000", 1234567: "1 234 567"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q", n, got)
		}
	}
	if got := signed(-2500); got != "-2.5 kB" {
		t.Errorf("signed = %q", got)
	}
}
