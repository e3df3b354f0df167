//go:build linux && amd64

package attach

import (
	"syscall"
	"testing"
	"time"
)

// trace calls f on a thread of its own with the target, which nothing traces yet.
func (p *target) trace(t *testing.T, f func(tr *tracee)) {
	t.Helper()
	p.read(t) // or skip
	onOwnThread(func() { f(&tracee{pid: p.pid(), threads: map[int]*tracedThread{}}) })
}

// within waits until something is true.
func within(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("not in time: %s", what)
			return
		}
	}
}

// What traces and ends without a word lets the process go.
func TestThreadEnds(t *testing.T) {
	p := start(t, build{}.make(t, "runners"))
	p.trace(t, func(tr *tracee) {
		if err := tr.stop(); err != nil {
			t.Error(err)
		}
	})
	within(t, "the kernel lets the process go", func() bool { return p.isTouched(t) == "" })
	p.ask(t, "alive?")
}

// Threads that run are let go, too, and one that was about to get a signal gets it.
func TestDetach(t *testing.T) {
	p := start(t, build{}.make(t, "crowd"), "8", "0")
	p.trace(t, func(tr *tracee) {
		if _, err := tr.seizeNew(); err != nil {
			t.Error(err)
		}
		p.Process.Signal(syscall.SIGUSR1)
		within(t, "the signal comes", func() bool {
			tr.poll()
			for _, th := range tr.threads {
				if th.signal == int(syscall.SIGUSR1) {
					return true
				}
			}
			return false
		})
		tr.detach()
		p.untouched(t)
	})
	if a := p.answer(); a != syscall.SIGUSR1.String() {
		t.Fatalf("to a signal the process answers %q", a)
	}
	p.ask(t, "alive?")
}

// Threads that are killed while they stand still are seen to, and the parent of the
// process, which this one is, learns how that has ended.
func TestStoppedAndKilled(t *testing.T) {
	p := start(t, build{}.make(t, "crowd"), "8", "0")
	p.trace(t, func(tr *tracee) {
		if err := tr.stop(); err != nil {
			t.Error(err)
		}
		p.Process.Kill()
		within(t, "all threads have ended", func() bool { tr.poll(); return len(tr.threads) == 0 })
		if err := tr.stop(); err != errEnded {
			t.Errorf("a process that was killed gives %v", err)
		}
	})
	if st, err := p.Process.Wait(); err != nil || st.String() != "signal: killed" {
		t.Errorf("its parent learns %v, %v", st, err)
	}
}
