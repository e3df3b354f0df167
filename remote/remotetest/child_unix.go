//go:build unix

package remotetest

import "syscall"

// Stop makes the process stand still, as a long pause does, until [Child.Continue]. When it
// returns, the process does.
func (c *Child) Stop() error {
	if err := c.command.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(c.command.Process.Pid, &status, syscall.WUNTRACED, nil)
		if err != syscall.EINTR {
			return err
		}
	}
}

// Continue lets a process go on that was stopped.
func (c *Child) Continue() error { return c.command.Process.Signal(syscall.SIGCONT) }
