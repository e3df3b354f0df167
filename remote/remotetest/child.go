package remotetest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// childVariable tells a test binary that it was started by [Start], and as what.
const childVariable = "WEAKREF_REMOTETEST_CHILD"

// Role is what a child process does: it reads commands, a line each, and answers each
// with a line. It ends when its input does.
type Role func(commands *bufio.Scanner, answer func(format string, args ...any))

// Main runs the tests of a package whose binary may also be started as a child, in one
// of some roles. It is called from TestMain:
//
//	func TestMain(m *testing.M) { remotetest.Main(m, map[string]remotetest.Role{"owner": owner}) }
func Main(m *testing.M, roles map[string]Role) {
	RunChild(roles)
	os.Exit(m.Run())
}

// RunChild plays a role and ends the process, if it was started by [Start].
func RunChild(roles map[string]Role) {
	name, ok := os.LookupEnv(childVariable)
	if !ok {
		return
	}
	role := roles[name]
	if role == nil {
		fmt.Fprintf(os.Stderr, "remotetest: there is no role %q\n", name)
		os.Exit(2)
	}
	role(bufio.NewScanner(os.Stdin), func(format string, args ...any) {
		fmt.Printf(format+"\n", args...)
	})
	os.Exit(0)
}

// Child is a child process: the same binary, in a role.
type Child struct {
	command *exec.Cmd
	in      io.WriteCloser
	answers chan string
	ended   chan struct{}
	kill    sync.Once
}

// Start starts the running binary again, in a role that its [Main] knows.
func Start(role string) (*Child, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &Child{command: exec.Command(binary), answers: make(chan string, 16), ended: make(chan struct{})}
	c.command.Env = append(os.Environ(), childVariable+"="+role)
	c.command.Stderr = os.Stderr
	if c.in, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.ended)
		defer close(c.answers)
		for s := bufio.NewScanner(out); s.Scan(); {
			c.answers <- s.Text()
		}
	}()
	return c, nil
}

// Call sends a command and returns the answer, or why there is none in time.
func (c *Child) Call(within time.Duration, command ...string) (string, error) {
	if err := c.Send(command...); err != nil {
		return "", err
	}
	select {
	case a, ok := <-c.answers:
		if !ok {
			return "", io.ErrUnexpectedEOF
		}
		return a, nil
	case <-time.After(within):
		return "", fmt.Errorf("remotetest: no answer to %v", command)
	}
}

// Send sends a command without waiting.
func (c *Child) Send(command ...string) error {
	_, err := fmt.Fprintln(c.in, strings.Join(command, " "))
	return err
}

// Answer returns the next answer, if one comes in time.
func (c *Child) Answer(within time.Duration) (string, error) {
	select {
	case a, ok := <-c.answers:
		if !ok {
			return "", io.ErrUnexpectedEOF
		}
		return a, nil
	case <-time.After(within):
		return "", fmt.Errorf("remotetest: no answer")
	}
}

// Ended returns a channel that is closed when the process has closed its output, as it
// does when it ends.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Kill ends the process at once, as a crash does, and waits until it has ended.
func (c *Child) Kill() {
	c.kill.Do(func() {
		_ = c.command.Process.Kill() // it fails only if the process has ended
		_ = c.command.Wait()         // that it was killed is no news
	})
}
