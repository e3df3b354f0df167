package why

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/drawn"
)

// parseProcess takes the arguments apart that follow --pid.
func (o *options) parseProcess(args []string) (r request, err error) {
	isDiff := len(args) > 0 && args[0] == "diff"
	switch {
	case o.pid < 0:
		return r, fmt.Errorf("%d is no number of a process", o.pid)
	case isDiff && (len(args) > 1 || o.after <= 0):
		return r, errors.New("diff of a process needs a time: weakref why --pid PID diff --after 5m")
	case isDiff:
		return request{query: "diff"}, nil
	case o.after != 0:
		return r, errors.New("--after is for diff: weakref why --pid PID diff --after 5m")
	case len(args) == 0:
		return r, nil
	}
	return parseQuery(args)
}

// title is what the heap is called in answers.
func (o *options) title(dump string) string {
	if o.pid != 0 && o.save == "" {
		return fmt.Sprintf("process %d", o.pid)
	}
	return dump
}

// looks are what has been read of a process: one dump, or two for diff.
type looks struct {
	options // with the executable of the process, unless another one is given
	dumps   []string
	open    []*os.File
}

func (l *looks) close() {
	for _, f := range l.open {
		f.Close()
	}
}

// look reads the process, twice for diff.
func (o options) look(c *cobra.Command, r request, p *progress) (l *looks, err error) {
	l = &looks{options: o}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	l.noIndex = true // it would be beside a file without a name
	process, err := os.FindProcess(o.pid)
	if err != nil {
		return l, err
	}
	defer process.Release()
	if exe, err := os.Open(fmt.Sprintf("/proc/%d/exe", o.pid)); err == nil {
		l.open = append(l.open, exe)
		if l.binary == "" {
			l.binary = descriptor(exe) // it stays that one when the process ends
		}
	}
	if r.query == "diff" {
		if err := l.take(c, p, o.before()); err != nil {
			return l, err
		}
		if err := o.wait(process, p); err != nil {
			return l, err
		}
	}
	return l, l.take(c, p, o.save)
}

// before is where the first of two looks is kept.
func (o *options) before() string {
	if o.save == "" {
		return ""
	}
	return o.save + ".before"
}

// descriptor is a name for an open file, which may have no other.
func descriptor(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// take reads the process once and says for how long it stood still.
func (l *looks) take(c *cobra.Command, p *progress, save string) error {
	f, name, err := create(save)
	if err != nil {
		return err
	}
	l.open = append(l.open, f)
	p.show("reading the process", 0)
	st, err := heap.SnapshotProcess(f, l.pid)
	if err != nil {
		if save != "" {
			os.Remove(save)
		}
		return err
	}
	l.dumps = append(l.dumps, name)
	p.end()
	if !l.quiet {
		fmt.Fprintf(c.ErrOrStderr(), "process %d: %s read; it stood still for %v\n", l.pid, drawn.Bytes(uint64(st.Bytes)), st.Pause.Round(time.Millisecond))
	}
	return nil
}

// create makes the file for what is read: a new one that is kept, or one without a name.
func create(save string) (f *os.File, name string, err error) {
	if save != "" {
		f, err = os.OpenFile(save, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		return f, save, err
	}
	if f, err = os.CreateTemp("", "weakref-"); err != nil {
		return nil, "", err
	}
	return f, descriptor(f), os.Remove(f.Name())
}

// wait waits until it is time for the second look. It gives up when the process ends.
func (o *options) wait(process *os.Process, p *progress) error {
	const step = time.Second
	start := time.Now()
	for {
		gone := time.Since(start)
		if gone >= o.after {
			return nil
		}
		p.show(fmt.Sprintf("waiting for the second look, in %v:", (o.after-gone).Round(step)), float64(gone)/float64(o.after))
		time.Sleep(min(step, o.after-gone))
		if errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone) {
			return fmt.Errorf("process %d has ended while the second look was waited for", o.pid)
		}
	}
}
