package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/vet"
)

// The tests run the command itself: the package tests with this environment
// variable set is the command.
const asCommand = "WEAKVET_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// weakvet runs the command in dir and returns its output and exit code.
func weakvet(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return run(t, dir, exe, args...)
}

func run(t *testing.T, dir, name string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", asCommand+"=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// module returns a copy of the module in testdata.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "m"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTiers(t *testing.T) {
	const (
		self    = "the cleanup refers to t"
		second  = "this second call of Value"
		dropped = "the handle is dropped"
		alive   = "t is not mentioned after this call"
	)
	for _, test := range []struct {
		args    []string
		want    []string
		without []string
	}{
		{nil, []string{self, second}, []string{dropped, alive}},
		{[]string{"-tier=default"}, []string{self, second}, []string{dropped, alive}},
		{[]string{"-tier", "warning"}, []string{self, second, dropped}, []string{alive}},
		{[]string{"--tier=all"}, []string{self, second, dropped, alive}, nil},
		{[]string{"-keepalive"}, []string{alive}, []string{self, second, dropped}},
		{[]string{"-tier=warning", "-cleanupself=false"}, []string{second, dropped}, []string{self, alive}},
	} {
		stdout, stderr, code := weakvet(t, module(t), append(test.args, "./...")...)
		if code != 3 || stdout != "" {
			t.Errorf("%v: exit code %d, want 3; stdout %q", test.args, code, stdout)
		}
		for _, want := range test.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%v: no finding %q in\n%s", test.args, want, stderr)
			}
		}
		for _, without := range test.without {
			if strings.Contains(stderr, without) {
				t.Errorf("%v: finding %q in\n%s", test.args, without, stderr)
			}
		}
	}
}

func TestBadTier(t *testing.T) {
	_, stderr, code := weakvet(t, module(t), "-tier=most", "./...")
	if code != 2 || !strings.Contains(stderr, `there is no tier "most"; use default, warning or all`) {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if _, stderr, code := weakvet(t, module(t), "-tier"); code != 2 {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestNoPackage(t *testing.T) {
	if _, stderr, code := weakvet(t, module(t), "./nowhere"); code != 1 || stderr == "" {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}

// TestThisFolder checks that no package means the one in the folder, as for go vet.
func TestThisFolder(t *testing.T) {
	for _, args := range [][]string{nil, {"-tier", "warning"}, {"-json=false"}} {
		if _, stderr, code := weakvet(t, module(t), args...); code != 3 || !strings.Contains(stderr, "m.go:") {
			t.Errorf("%v: exit code %d, %q", args, code, stderr)
		}
	}
	if _, stderr, code := weakvet(t, t.TempDir()); code != 1 || stderr == "" {
		t.Errorf("nothing to check: exit code %d, %q", code, stderr)
	}
}

// TestBrokenPackage checks that a fault in a package is said once, without all that
// follows from it.
func TestBrokenPackage(t *testing.T) {
	dir := module(t)
	if err := os.WriteFile(filepath.Join(dir, "broken.go"), []byte("package m\n\nvar x int = nowhere\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := weakvet(t, dir)
	if code != 1 || strings.Count(stderr, "\n") > 2 || !strings.Contains(stderr, "undefined: nowhere") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

func TestBadFlag(t *testing.T) {
	_, stderr, code := weakvet(t, module(t), "-weakvalu", ".")
	if code != 2 || !strings.Contains(stderr, "there is no flag -weakvalu; there are -tier,") || !strings.Contains(stderr, "-weakvalue") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// TestHelp checks that all checks are listed, whatever tier they are in, in 80 columns.
func TestHelp(t *testing.T) {
	for _, arg := range []string{"help", "-h", "-help"} {
		stdout, stderr, code := weakvet(t, module(t), arg)
		if code != 0 || stderr != "" {
			t.Errorf("%s: exit code %d, %q", arg, code, stderr)
		}
		for _, c := range vet.Suite {
			if !strings.Contains(stdout, "  "+c.Name+" ") || c.Part != "" && !strings.Contains(stdout, "  -"+c.Name+"."+c.Part) {
				t.Errorf("%s: no %s", arg, c.Name)
			}
		}
		for line := range strings.Lines(stdout) {
			if len(line) > 81 {
				t.Errorf("%s: a line of %d columns: %s", arg, len(line)-1, line)
			}
		}
	}
}

func TestJSON(t *testing.T) {
	stdout, stderr, code := weakvet(t, module(t), "-json", "./...")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var packages map[string]map[string][]struct{ Posn, Message string }
	if err := json.Unmarshal([]byte(stdout), &packages); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	if n := len(packages["m"]["cleanupself"]); n != 1 {
		t.Errorf("%d findings of cleanupself, want 1: %s", n, stdout)
	}
}

func TestFix(t *testing.T) {
	const want = "if p := w.Value(); p != nil {\n\t\treturn p\n"
	dir := module(t)
	original := read(t, dir)

	for _, args := range [][]string{{"-fix", "-diff", "./..."}, {"-diff", "./..."}} {
		stdout, stderr, code := weakvet(t, dir, args...)
		if code != 0 || !strings.Contains(stdout, "+\tif p := w.Value(); p != nil {") {
			t.Errorf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
		}
		if read(t, dir) != original {
			t.Errorf("%v changed the file", args)
		}
	}

	if _, stderr, code := weakvet(t, dir, "-fix", "./..."); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if got := read(t, dir); !strings.Contains(got, want) {
		t.Errorf("the fix is not in\n%s", got)
	}
}

func read(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "m.go"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestGoVet(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, stderr, code := run(t, module(t), "go", "vet", "-vettool="+exe, "./...")
	if code == 0 || !strings.Contains(stderr, "the cleanup refers to t") || strings.Contains(stderr, "the handle is dropped") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	_, stderr, code = run(t, module(t), "go", "vet", "-vettool="+exe, "-tier=warning", "./...")
	if code == 0 || !strings.Contains(stderr, "the handle is dropped") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

// TestStandardLibrary checks the packages of the standard library that the checks can have
// something to say of, with the default tier. The runtime's own tests of what AddCleanup
// refuses must be found, and nothing else.
func TestStandardLibrary(t *testing.T) {
	if os.Getenv("WEAKREF_LONG") == "" {
		t.Skip("takes minutes of processor time; .ci/run runs it, with WEAKREF_LONG=1")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, _ := run(t, t.TempDir(), "go", slices.Concat([]string{"vet", "-vettool=" + exe, "-json"}, lifetimes(t))...)
	refused := 0
	for place := range places(t, stdout+stderr) {
		if strings.Contains(place, filepath.Join("runtime", "mcleanup_test.go")+":") {
			refused++
			continue
		}
		t.Errorf("finding in the standard library: %s", place)
	}
	if refused == 0 {
		t.Error("no findings in the runtime's tests of what AddCleanup refuses")
	}
}

// lifetimes returns the packages of the standard library in which something has to do with
// the lives of objects.
func lifetimes(t *testing.T) (list []string) {
	t.Helper()
	out, stderr, code := run(t, t.TempDir(), "go", "list", "-f", "{{.ImportPath}}\t{{.Dir}}", "std")
	if code != 0 {
		t.Fatal(stderr)
	}
	word := regexp.MustCompile(`AddCleanup|SetFinalizer|"weak"|\bKeepAlive|map\[uintptr\]`)
	for line := range strings.Lines(out) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(files, func(f string) bool {
			b, err := os.ReadFile(f)
			return err == nil && word.Match(b)
		}) {
			list = append(list, path)
		}
	}
	return list
}

// places returns the places of the findings in the output of go vet -json, which
// is a JSON object for each package, between comments.
func places(t *testing.T, output string) map[string]bool {
	t.Helper()
	var objects strings.Builder
	for line := range strings.Lines(output) {
		if !strings.HasPrefix(line, "#") {
			objects.WriteString(line)
		}
	}
	all := make(map[string]bool)
	dec := json.NewDecoder(strings.NewReader(objects.String()))
	for dec.More() {
		var packages map[string]map[string]json.RawMessage
		if err := dec.Decode(&packages); err != nil {
			t.Fatalf("%v in\n%s", err, output)
		}
		for _, analyzers := range packages {
			for name, raw := range analyzers {
				var findings []struct{ Posn, Message string }
				if err := json.Unmarshal(raw, &findings); err != nil {
					t.Errorf("%s: %s", name, raw)
				}
				for _, f := range findings {
					all[f.Posn+": "+f.Message] = true
				}
			}
		}
	}
	return all
}
