//go:build linux && amd64

package attach

import (
	"errors"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// All threads stop, however many there are, and what each holds is found.
func TestThreads(t *testing.T) {
	threads := times(200, 1000)
	p := start(t, build{}.make(t, "crowd"), strconv.Itoa(threads), "10")
	path, _ := p.read(t)
	if n := firmNodes(t, path); n != threads+10 {
		t.Errorf("roots lead to %d nodes, want %d", n, threads+10)
	}
	p.ask(t, "alive?")
	p.untouched(t)
}

func TestGoroutines(t *testing.T) {
	goroutines := times(10_000, 100_000)
	p := start(t, build{}.make(t, "crowd"), "0", strconv.Itoa(goroutines))
	path, st := p.read(t)
	if n := len(readDump(t, path).Dump.Goroutines); n < goroutines {
		t.Errorf("%d goroutines, want %d and more", n, goroutines)
	}
	if n := firmNodes(t, path); n != goroutines {
		t.Errorf("roots lead to %d nodes, want %d", n, goroutines)
	}
	p.ask(t, "alive?")
	p.untouched(t)
	t.Log(st.Pause)
}

// Threads and processes start and end, stacks are moved, and the collector is at work.
func TestChurn(t *testing.T) {
	const threads, goroutines, growers = 8, 50, 2
	p := start(t, build{}.make(t, "crowd"), strconv.Itoa(threads), strconv.Itoa(goroutines), "churn")
	tries := 0
	for range times(8, 100) {
		path, st := p.read(t)
		tries += st.Tries
		if n := firmNodes(t, path); n != threads+goroutines+growers {
			t.Fatalf("roots lead to %d nodes, want %d", n, threads+goroutines+growers)
		}
	}
	p.ask(t, "alive?")
	p.untouched(t)
	t.Logf("it was stopped %d times", tries)
}

// storm sends a process signals until it is stopped. What is sent and how often is up
// to send.
func storm(wg *sync.WaitGroup, stop *atomic.Bool, send func()) {
	wg.Go(func() {
		for !stop.Load() {
			send()
		}
	})
}

// Signals come while a process is looked at, also those that stop it and let it go on.
// None is lost.
func TestSignals(t *testing.T) {
	p := start(t, build{}.make(t, "crowd"), "8", "50", "churn")
	p.read(t) // or skip
	answers := map[string]chan bool{}
	signals := []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGHUP}
	for _, s := range signals {
		answers[s.String()] = make(chan bool, 1)
	}
	ended := make(chan bool)
	go func() {
		defer close(ended)
		for p.out.Scan() {
			answers[p.out.Text()] <- true
		}
	}()
	var wg sync.WaitGroup
	var stop atomic.Bool
	var answered [3]int
	for i, s := range signals {
		storm(&wg, &stop, func() {
			p.Process.Signal(s)
			select {
			case <-answers[s.String()]:
				answered[i]++
			case <-ended:
				t.Errorf("the process has ended at %v", s)
				stop.Store(true)
			case <-time.After(time.Minute):
				t.Errorf("%v was lost", s)
				stop.Store(true)
			}
		})
	}
	storm(&wg, &stop, func() { // these are for the runtime, and may be merged
		syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(p.pid()), uintptr(p.pid()), uintptr(syscall.SIGURG))
		p.Process.Signal(syscall.SIGPROF)
		time.Sleep(100 * time.Microsecond)
	})
	storm(&wg, &stop, func() {
		p.Process.Signal(syscall.SIGSTOP)
		time.Sleep(100 * time.Microsecond)
		p.Process.Signal(syscall.SIGCONT)
		time.Sleep(5 * time.Millisecond)
	})
	suspended := 0
	for i := range times(12, 150) {
		if i%3 == 0 {
			p.killReader(t, syscall.SIGKILL)
			continue
		}
		_, err := Process(p.pid(), io.Discard)
		var s *suspendedError
		if errors.As(err, &s) {
			suspended++
		} else if err != nil {
			t.Error(err)
			break
		}
	}
	stop.Store(true)
	wg.Wait()
	p.untouched(t)
	t.Logf("%v signals were answered; %d looks failed since it was stopped", answered, suspended)
}

// A process that becomes another one while it is looked at goes on, and is traced no
// longer.
func TestExec(t *testing.T) {
	p := start(t, build{}.make(t, "crowd"), "4", "10", "exec")
	var begun atomic.Int64
	go func() {
		for p.out.Scan() {
			begun.Add(1)
		}
	}()
	read, another := 0, 0
	for range times(8, 100) {
		_, err := Process(p.pid(), io.Discard)
		switch {
		case err == nil:
			read++
		case errors.Is(err, errAnother) || errors.Is(err, errEnding):
			another++
		case errors.Is(err, ErrNoProcess) || errors.Is(err, ErrNotGo):
			t.Error(err)
		default: // it has just begun, or a thread of it ends and cannot be traced
			t.Log(err)
		}
		// On a machine without a processor to spare, the end of the thread may have to let it go.
		within(t, "the process is let go", func() bool { return p.isTouched(t) == "" })
		if t.Failed() {
			break
		}
	}
	for before, deadline := begun.Load(), time.Now().Add(time.Minute); begun.Load() < before+2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not go on")
		}
	}
	t.Logf("%d were read, %d had become another program", read, another) // chance decides which
}

// A process that is killed while it is looked at is gone, or was read before.
func TestKilled(t *testing.T) {
	exe := build{}.make(t, "crowd")
	for i := range times(10, 50) {
		p := start(t, exe, "4", "10", "churn")
		time.AfterFunc(time.Duration(i)*3*time.Millisecond/10, func() { p.Process.Kill() })
		var err error
		for err == nil || errors.Is(err, errEnding) {
			_, err = Process(p.pid(), io.Discard)
		}
		if !errors.Is(err, ErrNoProcess) {
			t.Fatalf("a process that was killed gives %v", err)
		}
	}
}
