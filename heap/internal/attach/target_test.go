//go:build linux && amd64

package attach

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var (
	buildDir     string // with the programs, for all tests
	makeBuildDir = sync.OnceValue(func() (err error) {
		buildDir, err = os.MkdirTemp("", "attach-test-")
		if err == nil {
			err = os.Chmod(buildDir, 0o755) // another user runs them, too
		}
		return err
	})
)

// Names of the variables by which a test has this program read a process, for ever or once.
const (
	readsProcess = "WEAKREF_TEST_ATTACH"
	readsOnce    = "WEAKREF_TEST_ATTACH_ONCE"
)

func TestMain(m *testing.M) {
	if pid := os.Getenv(readsProcess); pid != "" {
		readForEver(pid)
	}
	if pid := os.Getenv(readsOnce); pid != "" {
		readOnce(pid)
	}
	code := m.Run()
	if buildDir != "" {
		os.RemoveAll(buildDir)
	}
	os.Exit(code)
}

// build is a way to build a program.
type build struct {
	name  string
	flags []string
	env   []string
	long  bool // it compiles the standard library again
}

var builds = []build{
	{name: "plain"},
	{name: "without DWARF", flags: []string{"-ldflags=-w"}},
	{name: "stripped", flags: []string{"-ldflags=-s"}},
	{name: "stripped position independent", flags: []string{"-ldflags=-s", "-buildmode=pie"}, long: true},
	{name: "position independent", flags: []string{"-buildmode=pie"}, long: true},
	{name: "race", flags: []string{"-race"}, long: true},
	{name: "another collector", env: []string{"GOEXPERIMENT=nogreenteagc"}, long: true},
	{name: "with C", flags: []string{"-tags=withc"}, env: []string{"CGO_ENABLED=1"}, long: true},
}

func (b build) skipUnlessLong(t *testing.T) {
	if b.long && os.Getenv("WEAKREF_LONG") == "" {
		t.Skip("it takes a minute or more; WEAKREF_LONG=1 runs it")
	}
}

var made sync.Map // by build and program: a func() (string, error) that makes it

// make builds one of the programs in testdata, once.
func (b build) make(t testing.TB, program string) string {
	t.Helper()
	one := sync.OnceValues(func() (string, error) {
		if err := makeBuildDir(); err != nil {
			return "", err
		}
		path := filepath.Join(buildDir, strings.ReplaceAll(b.name, " ", "-")+"-"+program)
		c := exec.Command("go", append(append([]string{"build", "-o", path}, b.flags...), "./testdata/"+program)...)
		c.Env = append(os.Environ(), b.env...)
		if out, err := c.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w\n%s", err, out)
		}
		return path, nil
	})
	f, _ := made.LoadOrStore(b.name+" "+program, one)
	path, err := f.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// target is a program that runs.
type target struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// start starts a program and waits until it is ready. It ends with the test.
func start(t testing.TB, path string, args ...string) *target {
	t.Helper()
	return startAs(t, path, nil, args...)
}

func startAs(t testing.TB, path string, as *syscall.SysProcAttr, args ...string) *target {
	t.Helper()
	c := exec.Command(path, args...)
	c.SysProcAttr = as
	c.Stderr = os.Stderr
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
		c.Process.Kill()
		c.Wait()
	})
	p := &target{c, in, bufio.NewScanner(out)}
	if !p.out.Scan() || p.out.Text() != "ready" {
		t.Fatalf("%s is not ready: %q", path, p.out.Text())
	}
	return p
}

func (p *target) pid() int { return p.Process.Pid }

// ask has the program answer, and fails if it does not.
func (p *target) ask(t testing.TB, question string) {
	t.Helper()
	fmt.Fprintln(p.in, question)
	if a := p.answer(); a != question {
		t.Fatalf("to %q the program answers %q, %v", question, a, p.out.Err())
	}
}

// answer is the next line that the program prints. If it prints none, it is killed in the
// end, and the answer is empty.
func (p *target) answer() string {
	defer time.AfterFunc(time.Minute, func() { p.Process.Kill() }).Stop()
	if !p.out.Scan() {
		return ""
	}
	return p.out.Text()
}

// untouched fails if a process is traced or has a thread that is stopped.
func (p *target) untouched(t testing.TB) {
	t.Helper()
	if how := p.isTouched(t); how != "" {
		t.Fatal(how)
	}
}

// isTouched says how a process is traced or stopped, if it is.
func (p *target) isTouched(t testing.TB) string {
	t.Helper()
	threads, err := filepath.Glob(procFile(p.pid(), "task/*/status"))
	if err != nil || len(threads) == 0 {
		t.Fatalf("the process has ended: %v", err)
	}
	for _, path := range threads {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		s := parseStatus(string(b))
		if s["TracerPid"] != "0" || strings.HasPrefix(s["State"], "T") || strings.HasPrefix(s["State"], "t") {
			return fmt.Sprintf("%s: traced by %s, state %s", path, s["TracerPid"], s["State"])
		}
	}
	return ""
}

// read reads the process into a new file.
func (p *target) read(t testing.TB) (path string, st ProcessStats) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "dump"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err = Process(p.pid(), f)
	if errors.Is(err, ErrNotAllowed) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f.Name(), st
}

// TestAllowed is skipped where processes cannot be read: .ci/run says so.
func TestAllowed(t *testing.T) {
	p := start(t, build{}.make(t, "runners"))
	if _, st := p.read(t); st.Objects < 4000 || st.Tries < 1 || st.Pause <= 0 || st.Bytes == 0 {
		t.Errorf("%+v", st)
	}
	p.ask(t, "alive?")
	p.untouched(t)
}

func TestErrors(t *testing.T) {
	c := exec.Command("sleep", "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	if _, err := Process(c.Process.Pid, io.Discard); !errors.Is(err, ErrNotGo) {
		t.Errorf("a program that is not Go gives %v", err)
	}
	c.Process.Kill()
	ended := time.Now().Add(10 * time.Second)
	for { // until it is only remembered
		_, err := Process(c.Process.Pid, io.Discard)
		if errors.Is(err, ErrNoProcess) {
			break
		}
		if time.Now().After(ended) {
			t.Fatalf("a process that has ended gives %v", err)
		}
	}
	c.Wait()
	if _, err := Process(c.Process.Pid, io.Discard); !errors.Is(err, ErrNoProcess) {
		t.Errorf("no process gives %v", err)
	}
	if _, err := Process(os.Getpid(), io.Discard); err == nil {
		t.Error("a process reads itself")
	}
}

type fullDisk struct{ left int }

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.left -= len(b); d.left < 0 {
		return 0, syscall.ENOSPC
	}
	return len(b), nil
}

func TestFullDisk(t *testing.T) {
	p := start(t, build{}.make(t, "things"), filepath.Join(t.TempDir(), "own"))
	p.read(t)
	if _, err := Process(p.pid(), &fullDisk{2 << 20}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk gives %v", err)
	}
	p.ask(t, "alive?")
	p.untouched(t)
}

// A process that is stopped stays stopped, and goes on when it is told to. Where it stands it
// may be impossible to read; the error says so at once.
func TestStopped(t *testing.T) {
	p := start(t, build{}.make(t, "runners"))
	p.read(t) // or skip
	readable := 0
	for range times(10, 100) {
		p.Process.Signal(syscall.SIGSTOP)
		p.mustStop(t)
		st, err := Process(p.pid(), io.Discard)
		var suspended *suspendedError
		switch {
		case errors.As(err, &suspended):
		case err != nil:
			t.Fatal(err)
		default:
			readable++
		}
		if st.Tries > 1 {
			t.Errorf("it was stopped %d times", st.Tries)
		}
		p.mustStop(t) // a thread that is let go of goes the way to its stop again
		p.Process.Signal(syscall.SIGCONT)
		p.ask(t, "alive?")
	}
	if readable == 0 {
		t.Error("it was never readable")
	}
	p.untouched(t)
}

func (p *target) mustStop(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		b, _ := os.ReadFile(procFile(p.pid(), "status"))
		if strings.HasPrefix(parseStatus(string(b))["State"], "T") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it runs")
		}
	}
}

// There can be one tracer only. The error says which process that is.
func TestTraced(t *testing.T) {
	p := start(t, build{}.make(t, "runners"))
	p.read(t)
	tr := &tracee{pid: p.pid(), threads: map[int]*tracedThread{}}
	done := make(chan error)
	hold := make(chan bool)
	go onOwnThread(func() {
		_, err := tr.seizeNew()
		done <- err
		<-hold
		tr.detach()
		close(done)
	})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	_, err := Process(p.pid(), io.Discard)
	if !errors.Is(err, ErrNotAllowed) || !strings.Contains(err.Error(), fmt.Sprintf("process %d (", os.Getpid())) {
		t.Errorf("a traced process gives %v", err)
	}
	close(hold)
	<-done
	p.ask(t, "alive?")
	p.untouched(t)
}
