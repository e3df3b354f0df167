package why

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/weakref-go/weakref/heap"
)

// service starts a program that knows nothing of this module.
func service(t *testing.T) (pid string) {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "service")
	if out, err := exec.Command("go", "build", "-o", exe, "./testdata/service").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := exec.Command(exe)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := c.Wait(); err != nil {
			t.Errorf("the service has ended with %v", err)
		}
	})
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the service is not ready")
	}
	return strconv.Itoa(c.Process.Pid)
}

func TestProcess(t *testing.T) {
	pid := service(t)
	if _, err := run("--pid", pid); errors.Is(err, heap.ErrSystem) || errors.Is(err, heap.ErrNotAllowed) {
		t.Skip(err)
	}
	dir := t.TempDir()
	page, profile, kept := filepath.Join(dir, "page.html"), filepath.Join(dir, "profile"), filepath.Join(dir, "kept")
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"process " + pid + ": go1.", "objects of", "it stood still for"}},
		{[]string{"top"}, []string{"main.Session"}},
		{[]string{"path", "main.Session", "-n", "1"}, []string{"main.sessions (global)", `["user-`}},
		{[]string{"holders"}, []string{"main.sessions[]"}},
		{[]string{"dominators"}, []string{"main.sessions"}},
		{[]string{"goroutines"}, []string{"main.main"}},
		{[]string{"unrooted"}, []string{""}},
		{[]string{"info", "--html", page, "--pprof", profile}, []string{page, profile}},
		{[]string{"top", "--save", kept}, []string{"main.Session"}},
		{[]string{"diff", "--after", "200ms"}, []string{"+", "main.sessions"}},
		{[]string{"diff", "--after", "1ms", "--save", filepath.Join(dir, "two")}, []string{""}},
	} {
		out, err := run(append([]string{"--pid", pid}, tt.args...)...)
		if err != nil {
			t.Fatalf("%q: %v\n%s", tt.args, err, out)
		}
		for _, w := range tt.want {
			if !strings.Contains(out, w) {
				t.Errorf("%q printed\n%s\nwithout %q", tt.args, out, w)
			}
		}
	}
	for _, name := range []string{"page.html", "profile", "kept", "two", "two.before"} {
		if fi, err := os.Stat(filepath.Join(dir, name)); err != nil || fi.Size() == 0 || fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, fi, err)
		}
	}
	if out, err := run(kept, "info"); err != nil || !strings.Contains(out, kept+": go1.") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run("--pid", pid, "top", "--save", kept); err == nil {
		t.Errorf("the file is written over:\n%s", out)
	}
}

func TestProcessErrors(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--pid", "-3"}, "no number of a process"},
		{[]string{"--pid", "1", "diff"}, "diff --after 5m"},
		{[]string{"--pid", "1", "diff", "x", "--after", "1s"}, "diff --after 5m"},
		{[]string{"--pid", "1", "top", "--after", "1s"}, "--after is for diff"},
		{[]string{"--pid", "1", "--after", "1s"}, "--after is for diff"},
		{[]string{"--pid", "1", "nonsense"}, "there is no query"},
		{[]string{"dump", "top", "--after", "1s"}, "are for --pid"},
		{[]string{"dump", "--save", "x"}, "are for --pid"},
	} {
		if out, err := run(tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v\n%s", tt.args, err, out)
		}
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		if _, err := run("--pid", fmt.Sprint(os.Getppid())); !errors.Is(err, heap.ErrSystem) {
			t.Errorf("on another system: %v", err)
		}
		return
	}
	// No process has a number as large as that.
	if _, err := run("--pid", fmt.Sprint(1<<22+1)); !errors.Is(err, heap.ErrNoProcess) {
		t.Errorf("no process: %v", err)
	}
}
