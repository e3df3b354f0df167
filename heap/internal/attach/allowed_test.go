//go:build linux && amd64

package attach

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// readOnce reads a process once, and says how that went.
func readOnce(pid string) {
	n, err := strconv.Atoi(pid)
	if err != nil {
		panic(err)
	}
	_, err = Process(n, io.Discard)
	os.Stdout.WriteString(errorText(err))
	os.Exit(0)
}

func errorText(err error) string {
	if err == nil {
		return "read"
	}
	return err.Error()
}

// readAs has another user, who may have capabilities, read a process, and returns what that
// says.
func readAs(t *testing.T, user uint32, pid int, capabilities ...uintptr) string {
	t.Helper()
	exe, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "attach-test-") // others may not look into that of a test
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "test")
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(path, exe, 0o755)); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path)
	c.Dir = dir
	c.Env = append(os.Environ(), readsOnce+"="+strconv.Itoa(pid))
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}, AmbientCaps: capabilities}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Skipf("the program cannot be run by user %d: %v %s", user, err, out)
	}
	return string(out)
}

// A user may read own processes, where the system has no other rule, and not those of others.
func TestUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be two users")
	}
	const nobody = 65534
	p := start(t, build{}.make(t, "runners"))
	p.read(t) // or skip
	said := readAs(t, nobody, p.pid())
	for _, want := range []string{"not permitted", "belongs to user 0 and this is user 65534", "lacks CAP_SYS_PTRACE"} {
		if !strings.Contains(said, want) {
			t.Errorf("another user is told %q, without %q", said, want)
		}
	}
	const capSysPtrace = 19
	if said := readAs(t, nobody, p.pid(), capSysPtrace); said != "read" {
		t.Errorf("who has the capability is told %q", said)
	}
	own := startAs(t, build{}.make(t, "runners"), &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
	said = readAs(t, nobody, own.pid())
	scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	switch restricted := err == nil && strings.TrimSpace(string(scope)) != "0"; {
	case restricted && !strings.Contains(said, "kernel.yama.ptrace_scope is "):
		t.Errorf("with yama, a user is told %q", said)
	case !restricted && said != "read":
		t.Errorf("a user cannot read an own process: %s", said)
	}
	own.ask(t, "alive?")
	p.ask(t, "alive?")
	own.untouched(t)
	p.untouched(t)
}

// A process of a container has another number in there, and its executable is another
// file here, or none.
func TestNamespace(t *testing.T) {
	p := start(t, build{}.make(t, "runners"))
	p.read(t) // or skip
	exe := filepath.Join(t.TempDir(), "runners")
	if err := os.Link(build{}.make(t, "runners"), exe); err != nil {
		t.Fatal(err)
	}
	flags := uintptr(syscall.CLONE_NEWPID | syscall.CLONE_NEWUSER)
	if err := (&exec.Cmd{Path: "/bin/true", SysProcAttr: &syscall.SysProcAttr{Cloneflags: flags}}).Run(); err != nil {
		t.Skipf("there are no namespaces here: %v", err)
	}
	p = startAs(t, exe, &syscall.SysProcAttr{Cloneflags: flags})
	if err := os.Remove(exe); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(exe, []byte("another one"), 0o755); err != nil {
		t.Fatal(err)
	}
	path, _ := p.read(t)
	if n := firmNodes(t, path); n != 4000 {
		t.Errorf("roots lead to %d nodes, want 4000", n)
	}
	p.ask(t, "alive?")
	p.untouched(t)
}
